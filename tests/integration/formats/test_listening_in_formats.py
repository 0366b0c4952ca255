"""A stream in other formats from a real server: what is heard, what radios read, what is refused."""

import os
import signal
import subprocess
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.programs.heard import decoded, tone_runs
from tests.support.audio.media import opus_file
from tests.support.formats.worker_processes import worker_pids
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

TONE_HZ = 440
PATHS = {
    "mp3": ".mp3?preroll=0",
    "aac": ".aac?kbps=96&preroll=0",
    "titled": ".mp3?kbps=64&preroll=0",
    "low": ".opus?kbps=48&preroll=0",
}
TITLES = "Icy-MetaData: 1\r\n"

# How long the sound may be neither the tone nor silence: at each of three losses, and at the killed worker.
CHANGE_SECONDS = 1.5


def titles_of(data: bytes, interval: int) -> list[str]:
    """Read a response's body as a radio does; what it plays is in between."""
    titles, at = [], interval
    while at < len(data) and at + 1 + 16 * data[at] <= len(data):
        end = at + 1 + 16 * data[at]
        titles.append(data[at + 1 : end].rstrip(b"\0").decode())
        at = end + interval
    return titles


def without_titles(data: bytes, interval: int) -> bytes:
    """Return the frames of a response's body alone."""
    frames, at = bytearray(), 0
    while at < len(data):
        frames += data[at : at + interval]
        at += interval
        if at < len(data):
            at += 1 + 16 * data[at]
    return bytes(frames)


def has_bytes(ear: Listener, count: int) -> bool:
    return len(ear.body) > count


def has_ended(ear: Listener) -> bool:
    return ear.end is not None


def source(started: Started, media: Path, seconds: float = 40.0) -> PacedSource:
    file = opus_file(media, seconds=seconds, tone_hz=TONE_HZ)
    return PacedSource(started.keyed_url, file.read_bytes())


def set_title(server: AudiocastServer, started: Started, artist: str, title: str) -> None:
    answer = requests.put(
        f"{server.base}/api/streams/{started.stream_id}/metadata",
        json={"artist": artist, "title": title},
        headers={"Authorization": f"Bearer {started.ingest_key}"},
        timeout=10,
    )
    assert answer.status_code < 300, answer.text


def test_three_losses_a_killed_worker_and_nobody_leaves(tmp_path: Path, media: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server, ExitStack() as stack:
        started = server.start_stream(title="Утро")
        path = f"/stream/{started.stream_id}"
        assert worker_pids(server.pid) == []
        with source(started, media):
            server.wait_for_state(started.stream_id, "live")
            ears = {
                name: stack.enter_context(
                    Listener(server.port, path + each, headers=TITLES if name == "titled" else "")
                )
                for name, each in PATHS.items()
            }
            for name, ear in ears.items():
                ear.wait(partial(has_bytes, ear, 8_000), f"two seconds or so of {name}")
            assert server.state(started.stream_id)["listeners"] == len(ears)
            [killed] = worker_pids(server.pid)
            set_title(server, started, "Abba", "Money")
        for number in range(3):
            time.sleep(0.5)
            with source(started, media):
                time.sleep(2)
                if number == 1:
                    os.kill(killed, signal.SIGKILL)
                    time.sleep(2)
        assert worker_pids(server.pid) != [killed]
        assert all(ear.end is None for ear in ears.values()), {name: ear.end for name, ear in ears.items()}
        assert server.metric("audiocast_format_worker_restarts_total") == 1
        requests.delete(
            f"{server.base}/api/streams/{started.stream_id}",
            headers={"Authorization": f"Bearer {started.ingest_key}"},
            timeout=10,
        )
        for ear in ears.values():
            ear.wait(partial(has_ended, ear), "the end")
        assert {ear.end for ear in ears.values()} == {"closed"}
        headers = {name: ear.answer.headers for name, ear in ears.items()}
        bodies = {name: ear.body for name, ear in ears.items()}
    assert headers["mp3"]["content-type"] == "audio/mpeg"
    assert headers["aac"]["content-type"] == "audio/aac"
    assert headers["low"]["content-type"] == "audio/ogg"
    assert (headers["aac"]["icy-br"], headers["titled"]["icy-metaint"]) == ("96", "4000")
    assert "icy-metaint" not in headers["mp3"]
    titles = titles_of(bodies["titled"], 4000)
    assert titles[0] == "StreamTitle='Утро';"
    assert titles[-1] == "StreamTitle='Abba - Money';"
    assert set(titles) == {titles[0], titles[-1]}
    bodies["titled"] = without_titles(bodies["titled"], 4000)
    for name, body in bodies.items():
        runs = tone_runs(decoded(body), [TONE_HZ], change_seconds=CHANGE_SECONDS)
        heard = sum(seconds for tone, seconds in runs if tone == TONE_HZ)
        assert heard >= 7, (name, runs)


def test_workers_are_gone_when_nobody_listens_and_with_a_server_that_is_killed(
    tmp_path: Path, media: Path
) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        started = server.start_stream()
        with source(started, media):
            server.wait_for_state(started.stream_id, "live")
            assert server.metric("audiocast_format_workers") == 0
            with Listener(server.port, f"/stream/{started.stream_id}.mp3") as ear:
                ear.wait(lambda: len(ear.body) > 4_000, "audio")
                [pid] = worker_pids(server.pid)
                os.kill(server.pid, signal.SIGKILL)
                deadline = time.monotonic() + 20
                while Path(f"/proc/{pid}/fd/0").exists() and time.monotonic() < deadline:
                    time.sleep(0.05)
                assert not Path(f"/proc/{pid}/fd/0").exists()


def test_what_cannot_be_had_is_refused_with_its_remedy(tmp_path: Path, media: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", FORMAT_WORKERS=0) as server:
        started = server.start_stream()
        base = f"{server.base}/stream/{started.stream_id}"
        with source(started, media):
            server.wait_for_state(started.stream_id, "live")
            for method in (requests.get, requests.head):
                answer = method(f"{base}.mp3", timeout=10)
                assert answer.status_code == 501
            assert requests.get(f"{base}.mp3", timeout=10).json() == {
                "error": "format_not_there",
                "message": "this server makes no other formats than Ogg Opus: FORMAT_WORKERS is 0",
            }
            wrong = requests.get(f"{base}.aac?kbps=63", timeout=10)
            assert (wrong.status_code, wrong.json()["error"]) == (400, "bad_kbps")
            assert "64, 80" in wrong.json()["message"]
            assert requests.get(f"{base}.mp3.m3u", timeout=10).status_code == 501
            page = requests.get(f"{server.base}/listen/{started.stream_id}", timeout=10).text
            assert ".mp3" not in page
            assert requests.get(f"{base}?kbps=128", timeout=10).json()["error"] == "bad_kbps"
            assert server.metric("audiocast_listeners") == 0
        assert worker_pids(server.pid) == []


def test_a_private_stream_in_a_format_is_for_those_with_a_token_alone(tmp_path: Path, media: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", HEADER_WAIT_TIMEOUT=0.2) as server:
        started = server.start_stream(visibility="private")
        with source(started, media):
            server.wait_until_live(started)
            url = f"{server.base}/stream/{started.stream_id}.mp3"
            assert requests.get(url, timeout=10).status_code in (401, 404)
            assert worker_pids(server.pid) == []
            with requests.get(url, params={"key": started.ingest_key}, timeout=10, stream=True) as answer:
                assert answer.status_code == 200
                assert len(next(answer.iter_content(1000))) == 1000


def test_real_players_play_and_show_the_title(tmp_path: Path, media: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server, ExitStack() as stack:
        started = server.start_stream(title="Morning")
        stack.enter_context(source(started, media))
        server.wait_for_state(started.stream_id, "live")
        set_title(server, started, "Abba", "Money")
        base = f"{server.base}/stream/{started.stream_id}"
        assert f"{base}.aac\n" in requests.get(f"{base}.aac.m3u", timeout=10).text
        page = requests.get(f"{server.base}/listen/{started.stream_id}", timeout=10).text
        assert f'<a href="{base}.mp3">MP3</a>' in page
        sounds = {kind: tmp_path / f"{kind}.wav" for kind in ("mp3", "aac")}
        playing = [
            stack.enter_context(
                subprocess.Popen(command.split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            )
            for command in (
                f"mpv --no-config --no-video --length=4 --ao=pcm --ao-pcm-file={sounds['mp3']} {base}.mp3",
                f"ffmpeg -y -hide_banner -t 4 -i {base}.aac {sounds['aac']}",
                f"ffmpeg -y -hide_banner -t 4 -i {base}.mp3 -f null -",
            )
        ]
        said = [program.communicate(timeout=60)[0].decode(errors="replace") for program in playing]
    assert "icy-title: Abba - Money" in said[0], said[0]
    assert "StreamTitle     : Abba - Money" in said[2], said[2]
    assert "icy-name        : Morning" in said[2], said[2]
    for kind in ("mp3", "aac"):
        runs = tone_runs(decoded(sounds[kind].read_bytes()), [TONE_HZ], change_seconds=0.3)
        assert sum(seconds for tone, seconds in runs if tone == TONE_HZ) > 3, (kind, runs)
