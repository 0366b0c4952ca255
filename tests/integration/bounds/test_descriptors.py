"""A process without descriptors: it says that it takes nobody, those who come are told, and it recovers."""

import contextlib
import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import connect, read_answer
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

DEADLINE_SECONDS = 20.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log") as server:
        yield server


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {DEADLINE_SECONDS:g} s: {what}"
        time.sleep(0.05)


def leave_descriptors(server: AudiocastServer, count: int) -> None:
    """Let the process open so many more descriptors than it has now."""
    used = max(int(name) for name in os.listdir(f"/proc/{server.pid}/fd")) + 1
    hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + count, hard))


def test_readyz_says_no_while_nothing_can_be_accepted(server: AudiocastServer) -> None:
    url = f"http://127.0.0.1:{server.internal_port}/readyz"
    with requests.Session() as session:
        # One connection, which is accepted before there is no room for any.
        assert session.get(url, timeout=5).status_code == 200
        leave_descriptors(server, 0)
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(connect(server.port))
            wait_for(lambda: session.get(url, timeout=5).status_code == 503, "not ready")
            leave_descriptors(server, 100)
            wait_for(lambda: session.get(url, timeout=5).status_code == 200, "ready again")


def test_a_listener_without_a_descriptor_is_told_to_come_again(server: AudiocastServer) -> None:
    started = server.start_stream()
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        with connect(server.port) as connection:
            # The connection is there: a first answer has come over it.
            connection.sendall(b"GET /api/streams HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_answer(connection).status == 200
            leave_descriptors(server, 0)
            connection.sendall(
                f"GET /stream/{started.stream_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            answer = read_answer(connection)
            assert (answer.status, answer.error) == (503, "server_full")
            assert "retry-after" in answer.headers
            leave_descriptors(server, 100)
    assert "Traceback" not in server.log.read_text()
