"""Programs that send MP3 or AAC, as docs/encoders/other-formats.md says: on air, titles, no hole in a tone.

All of them are on the air at the same time, each in a stream of its own.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import liquidsoap
from tests.programs.broadcast import Broadcast, Heard
from tests.programs.desktop import Desktop
from tests.programs.documents import block
from tests.programs.heard import check_tone
from tests.programs.test_butt import JUMPS
from tests.support.network.ports import free_port
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

PAGE = "encoders/other-formats.md"
TONE_HZ = 440
SECONDS = 20.0
FIRST_TRACK_SECONDS = 6
ON_AIR_SECONDS = 2.0
WAIT_SECONDS = 90.0

COMMANDS = {
    "ffmpeg-mp3": block(PAGE, "FFmpeg, MP3"),
    "ffmpeg-aac": block(PAGE, "FFmpeg, AAC"),
    "lame": block(PAGE, "lame and ezstream"),
    "liquidsoap": f"exec {block(PAGE, 'Liquidsoap').strip()}",
    "ezstream": block(PAGE, "ezstream"),
    "butt": "",
}
CONFIGURATIONS = {"lame": "lame and ezstream", "ezstream": "ezstream"}
TITLES = {"liquidsoap": "Song", "ezstream": "Zwölf", "butt": "Band - Song"}

# Windows of 50 ms that are something else: where files or frames of two encoders meet, or samples were lost.
SPOILT_WINDOWS = {"ezstream": 6, "butt": 4 * JUMPS}


@dataclass(frozen=True)
class Evening:
    """What was on the air, by program; the server's log tells the rest."""

    heard: dict[str, Heard]
    server: AudiocastServer


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("foreign")
    music = _music(folder / "music.mp3", 60, "Song")
    first = _music(folder / "first.mp3", FIRST_TRACK_SECONDS, "Eins")
    second = _music(folder / "second.mp3", 60, TITLES["ezstream"])
    server = AudiocastServer(folder / "server.log", HEADER_WAIT_TIMEOUT=60, LOG_LEVEL="debug")
    with server, ExitStack() as stack:
        butt_port = free_port()
        desktop = stack.enter_context(Desktop(tone_hz=TONE_HZ))
        broadcasts = {}
        for name, command in COMMANDS.items():
            own = folder / name
            (own / "music").mkdir(parents=True)
            (own / music.name).symlink_to(music)
            (own / "music" / music.name).symlink_to(music)
            (own / "playlist.m3u").write_text(f"{first}\n{second}\n")
            files, env = {}, None
            if name in CONFIGURATIONS:
                files["audiocast.xml"] = block(PAGE, CONFIGURATIONS[name], "xml")
            elif name == "liquidsoap":
                files["radio.liq"] = liquidsoap.ROOT_MAY_RUN_IT + block(PAGE, "Liquidsoap", "liquidsoap")
            elif name == "butt":
                opus = block("encoders/butt.md", "As a file", "ini")
                files["butt.conf"] = opus.replace("codec = opus", "codec = mp3").replace(
                    "bitrate = 96", "bitrate = 128"
                )
                command, env = f"exec butt -c butt.conf -p {butt_port}", desktop.environment
            broadcasts[name] = stack.enter_context(
                Broadcast(server, command, folder=own, files=files, env=env)
            )
        butt = broadcasts["butt"]
        butt.program.wait_for(
            lambda: server.state(butt.stream.stream_id)["state"] == "live", "on air", WAIT_SECONDS
        )
        title = ["butt", "-u", TITLES["butt"], "-p", str(butt_port)]
        subprocess.run(title, check=True, capture_output=True, timeout=WAIT_SECONDS)
        heard = {name: each.hear(SECONDS) for name, each in broadcasts.items()}
        yield Evening(heard, server)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_listener_hears_the_tone_without_a_hole(evening: Evening, name: str) -> None:
    heard = evening.heard[name]
    heard.capture.check_one_stream()
    check_tone(heard.body, TONE_HZ, seconds=SECONDS - 0.1, spoiled_windows=SPOILT_WINDOWS.get(name, 0))


@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_live_in_short_pages_with_its_title(evening: Evening, name: str) -> None:
    state = evening.heard[name].state
    assert (state["state"], state["page_ms"], state["channels"]) == ("live", 20, 2)
    playing = state["now_playing"]
    if name in TITLES:
        assert TITLES[name] in playing["title"]


@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_on_air_within_two_seconds_of_its_connection(evening: Evening, name: str) -> None:
    stream_id = evening.heard[name].state["stream_id"]
    at = {
        event["event"]: event["timestamp"]
        for event in reversed(evening.server.events())
        if event.get("stream_id") == stream_id and event["event"] in ("source_connected", "stream_live")
    }
    assert _seconds(at["stream_live"]) - _seconds(at["source_connected"]) <= ON_AIR_SECONDS


def _seconds(timestamp: str) -> float:
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


def _music(path: Path, seconds: int, title: str) -> Path:
    """Make an MP3 with tags."""
    command = f"ffmpeg -v error -f lavfi -i sine={TONE_HZ}:duration={seconds}:sample_rate=44100"
    tags = ["-metadata", f"title={title}", "-metadata", "artist=Band"]
    subprocess.run([*command.split(), *tags, "-b:a", "128k", str(path)], check=True, timeout=60)
    return path
