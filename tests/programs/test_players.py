"""Players, run as docs/listening-programs.md says: twenty seconds of one tone, a lost source, the end.

All of them listen at the same time. What they decode goes into files, and is looked at as sound.
"""

import io
import re
import time
import wave
from array import array
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import requests

from tests.client.sound import SAMPLE_RATE
from tests.programs.documents import block, filled
from tests.programs.heard import check_steady, decoded, tone_runs
from tests.programs.ordinary_user import PREFIX, ordinary_folder
from tests.programs.program import Program
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

SECONDS = 20.0
TONE_HZ = 440
BACK_HZ = 880
SPLICE_AFTER_SECONDS = 7.0
HOLD_SECONDS = 1.5
SLACK_SECONDS = 2.0
AWAY_SLACK_SECONDS = 1.0
END_SECONDS = 40.0
JOIN_SECONDS = 30.0

# At the start a decoder finds its way, at the end there are 20 ms of silence that mark it.
EDGE_SECONDS = 0.5

# How long the sound may be, in all, neither one of the tones nor silence.
CHANGE_SECONDS = 0.6

FFMPEG = (
    # A response without a length ends with its connection; FFmpeg 5.1 finds that early.
    r"Stream ends prematurely at \d+, should be 18446744073709551615",
    r"Last message repeated \d+ times",
    r"/stream/\w+\.opus: Input/output error$",
)
SDL_DISK = (r"CRITICAL: You are using the SDL disk i/o audio driver!", r"CRITICAL:  Writing to file")
VLC = (
    r"D-Bus session",
    r"no suitable interface module",
    r"interface \"(?:dbus|globalhotkeys),none\" initialization failed",
    r"using the dummy interface module",
    r"playlist: end of playlist, exiting",
    # It counts from the sample 0, which was before the join; it says so for the first page alone.
    r"Consider increasing access caching variable from 1000 to >\d+",
    r"couldn't find any ogg logical stream",  # after the last page
)


@dataclass(frozen=True)
class Player:
    """How a test runs a player.

    Attributes:
        heading: Of its section in docs/listening-programs.md.
        options: What is added to the command: the sound goes to a file.
        instead: A part of the command, and what stands there in the test.
        sound: The file with the sound.
        normal: Patterns of what it may say.
        env: More environment.
    """

    heading: str
    options: str = ""
    instead: tuple[str, str] = ("", "")
    sound: str = "sound.wav"
    normal: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def command(self, server: AudiocastServer, started: Started) -> str:
        """Give the document's command for a stream."""
        written = filled(block("listening-programs.md", self.heading), server, started).strip()
        prefix = PREFIX if self.heading == "VLC" else ""
        return f"{prefix}{written.replace(*self.instead)} {self.options}"


MPV_TO_FILE = "--no-config --msg-level=all=warn --ao=pcm --ao-pcm-file=sound.wav"
VLC_TO_FILE = "--no-color -v --aout=afile --audiofile-file=sound.wav"
QUIET = "-hide_banner -nostats -loglevel warning"
WAV_SINK = "wavenc ! filesink location=sound.wav"
SDL_TO_FILE = {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": "sound.raw"}
PLAYERS = {
    "mpv": Player("mpv", MPV_TO_FILE, normal=FFMPEG),
    "mpv, m3u": Player("mpv", MPV_TO_FILE, (".opus", ".m3u"), normal=FFMPEG),
    "mpv, pls": Player("mpv", MPV_TO_FILE, (".opus", ".pls"), normal=FFMPEG),
    "mpv, little delay": Player("mpv with little delay", MPV_TO_FILE, normal=FFMPEG),
    "VLC": Player("VLC", VLC_TO_FILE, normal=VLC),
    "VLC, m3u": Player("VLC", VLC_TO_FILE, (".opus", ".m3u"), normal=VLC),
    "VLC, pls": Player("VLC", VLC_TO_FILE, (".opus", ".pls"), normal=VLC),
    "ffplay": Player("ffplay", QUIET, sound="sound.raw", normal=FFMPEG + SDL_DISK, env=SDL_TO_FILE),
    "ffmpeg": Player("FFmpeg", QUIET, sound="evening.opus", normal=FFMPEG),
    "GStreamer": Player("GStreamer", instead=("autoaudiosink", WAV_SINK)),
    "GStreamer, little delay": Player(
        "GStreamer with little delay", instead=("pulsesink buffer-time=60000", WAV_SINK)
    ),
    "curl and opusdec": Player("curl", sound="evening.wav"),
}
SPLICED = {name: PLAYERS[name] for name in ("mpv", "VLC", "GStreamer")}


@dataclass(frozen=True)
class Played:
    """What became of a player.

    Attributes:
        exit_code: Of its process.
        complaints: What it has said, but for what is normal.
        samples: What it has decoded, one channel of 48 kHz.
    """

    exit_code: int
    complaints: list[str]
    samples: "array[int]"


@dataclass(frozen=True)
class Evening:
    """What became of all players.

    Attributes:
        played: What each made of its stream; names that end with "spliced" had a source that was lost.
        away_seconds: How long the source was away; an encoder takes seconds to begin on a busy machine.
    """

    played: dict[str, Played]
    away_seconds: float


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    """All players at once."""
    logs = tmp_path_factory.mktemp("players")
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(logs / "server.log"))
        steady, spliced = server.start_stream(title="Steady"), server.start_stream(title="Spliced")
        stack.enter_context(EncoderProcess(steady.keyed_url, tone_hz=TONE_HZ, log=logs / "steady.log"))
        first = EncoderProcess(spliced.keyed_url, tone_hz=TONE_HZ, log=logs / "first.log")
        again = EncoderProcess(spliced.keyed_url, tone_hz=BACK_HZ, log=logs / "again.log")
        stack.enter_context(first)
        for started in (steady, spliced):
            server.wait_for_state(started.stream_id, "live")
        players = {name: Running(player, server, steady, logs) for name, player in PLAYERS.items()}
        players |= {
            f"{name}, spliced": Running(player, server, spliced, logs) for name, player in SPLICED.items()
        }
        for player in players.values():
            stack.enter_context(player)
        _wait_for_listeners(server, {steady.stream_id: len(PLAYERS), spliced.stream_id: len(SPLICED)})
        # Listening takes its time; what became of it is looked at afterwards.
        time.sleep(SPLICE_AFTER_SECONDS)
        lost_at = time.monotonic()
        first.kill()
        server.wait_for_state(spliced.stream_id, "held")
        time.sleep(HOLD_SECONDS)
        stack.enter_context(again)
        server.wait_for_state(spliced.stream_id, "live")
        away_seconds = time.monotonic() - lost_at
        time.sleep(SECONDS + SLACK_SECONDS - SPLICE_AFTER_SECONDS - HOLD_SECONDS)
        for started in (steady, spliced):
            url = f"{server.base}/api/streams/{started.stream_id}"
            assert requests.delete(url, params={"key": started.ingest_key}, timeout=10).status_code == 204
        return Evening({name: player.wait() for name, player in players.items()}, away_seconds)


@pytest.fixture
def played(evening: Evening) -> dict[str, Played]:
    return evening.played


@pytest.mark.parametrize("name", PLAYERS)
def test_a_player_plays_twenty_seconds_and_the_end_without_a_complaint(
    played: dict[str, Played], name: str
) -> None:
    got = played[name]
    assert (got.exit_code, got.complaints) == (0, [])
    assert len(got.samples) / SAMPLE_RATE >= SECONDS
    edge = round(EDGE_SECONDS * SAMPLE_RATE)
    check_steady(got.samples[edge:-edge], TONE_HZ)


@pytest.mark.parametrize("name", SPLICED)
def test_a_player_plays_on_when_the_source_is_lost_and_comes_back(evening: Evening, name: str) -> None:
    got = evening.played[f"{name}, spliced"]
    assert (got.exit_code, got.complaints) == (0, [])
    assert len(got.samples) / SAMPLE_RATE >= SECONDS
    edge = round(EDGE_SECONDS * SAMPLE_RATE)
    runs = tone_runs(got.samples[edge:-edge], (TONE_HZ, BACK_HZ), change_seconds=CHANGE_SECONDS)
    assert [tone_hz for tone_hz, _ in runs] == [TONE_HZ, 0, BACK_HZ], runs
    (_, tone_seconds), (_, silent_seconds), (_, back_seconds) = runs
    assert tone_seconds > SPLICE_AFTER_SECONDS - EDGE_SECONDS
    assert HOLD_SECONDS - CHANGE_SECONDS < silent_seconds < evening.away_seconds + AWAY_SLACK_SECONDS
    assert back_seconds > SECONDS - SPLICE_AFTER_SECONDS - HOLD_SECONDS - 3


class Running:
    """One player, while the `with` block runs.

    Args:
        player: How it is run.
        server: Where the stream is.
        started: The stream.
        logs: Folder for its output.
    """

    def __init__(self, player: Player, server: AudiocastServer, started: Started, logs: Path) -> None:
        self._player = player
        self._command = player.command(server, started)
        self._log = logs / f"{len(list(logs.iterdir()))}.log"
        self._log.touch()

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(ordinary_folder())
        home = {"HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)}
        self._program = self._stack.enter_context(
            Program(self._command, log=self._log, folder=self._folder, env={**home, **self._player.env})
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def wait(self) -> Played:
        """Wait for its end."""
        exit_code = self._program.wait(END_SECONDS)
        lines = re.split(r"[\r\n]+", self._program.output.strip())
        complaints = [
            line for line in lines if line and not re.search("|".join(self._player.normal) or "^$", line)
        ]
        path = self._folder / self._player.sound
        sound = path.read_bytes() if path.exists() else b""
        assert sound, f"{self._command}: no sound:\n{self._program.output[-2000:]}"
        return Played(exit_code, complaints, decoded(_wav(sound) if path.suffix == ".raw" else sound))


def _wav(sound: bytes) -> bytes:
    """Give what SDL writes as WAV: two channels, 16 bits, 48 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((2, 2, SAMPLE_RATE, 0, "NONE", ""))
        wav.writeframes(sound)
    return file.getvalue()


def _wait_for_listeners(server: AudiocastServer, counts: Mapping[str, int]) -> None:
    deadline = time.monotonic() + JOIN_SECONDS
    while (now := {each: server.state(each)["listeners"] for each in counts}) != counts:
        assert time.monotonic() < deadline, f"expected {counts} listeners, there are {now}"
        time.sleep(0.1)
