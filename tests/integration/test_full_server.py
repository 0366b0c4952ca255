"""A full server: those who come are asked to come back, those who listen lose nothing."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

# Four or five listeners of 107 kbit/s.
EGRESS_MBPS = 0.5


@contextmanager
def live(folder: Path, **settings: str | int | float) -> Iterator[tuple[AudiocastServer, str]]:
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(folder / "server.log", **settings))
        started = server.start_stream()
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        server.wait_for_state(started.stream_id, "live")
        yield server, f"/stream/{started.stream_id}?preroll=0"


def turned_away(server: AudiocastServer, path: str, words: str) -> bool:
    with requests.get(server.base + path, stream=True, timeout=10) as answer:
        if answer.status_code == 200:
            return False
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        said = answer.json()
    assert said["error"] == "server_full"
    assert words in said["message"]
    return True


def test_more_listeners_than_may_be(tmp_path: Path) -> None:
    with live(tmp_path, MAX_LISTENERS=2) as (server, path), ExitStack() as stack:
        listeners = [stack.enter_context(Listener(server.port, path)) for _ in range(2)]
        for listener in listeners:
            listener.wait_for_audio(0.5)
        assert turned_away(server, path, "at most 2 listeners")
        assert server.metric("audiocast_listeners_turned_away_total", '{reason="listeners"}') == 1
        check_unharmed(listeners)


def test_more_bytes_than_may_be(tmp_path: Path) -> None:
    with live(tmp_path, MAX_EGRESS_MBPS=EGRESS_MBPS) as (server, path), ExitStack() as stack:
        listeners = [stack.enter_context(Listener(server.port, path)) for _ in range(8)]
        deadline = time.monotonic() + 10
        while server.metric("audiocast_egress_bytes_per_second") < EGRESS_MBPS * 1e6 / 8:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert turned_away(server, path, "Mbit/s")
        check_unharmed(listeners)


def test_a_server_that_is_late(tmp_path: Path) -> None:
    with live(tmp_path, MAX_LOOP_LAG_MS=100) as (server, path), ExitStack() as stack:
        listener = stack.enter_context(Listener(server.port, path))
        listener.wait_for_audio(2.5)
        os.kill(server.pid, signal.SIGSTOP)
        time.sleep(1.5)
        os.kill(server.pid, signal.SIGCONT)
        deadline = time.monotonic() + 5
        while not turned_away(server, path, "too much to do"):
            assert time.monotonic() < deadline, "nobody was turned away"
        while turned_away(server, path, "too much to do"):
            assert time.monotonic() < deadline + 10, "everybody is turned away, still"
        check_unharmed([listener])


def check_unharmed(listeners: list[Listener]) -> None:
    for listener in listeners:
        listener.wait_for_audio(listener.capture().seconds + 0.5)
        capture = listener.capture()
        capture.check_one_stream()
        heard = [number_of(packet) for packet in capture.packets]
        assert heard == list(range(heard[0], heard[0] + len(heard)))
