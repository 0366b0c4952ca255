"""A log that nobody reads: the server and its audio go on, and the log says afterwards what is missing."""

import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from audiocast.telemetry.log_queue import MAX_QUEUED_BYTES
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import connect, exchange
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

START_SECONDS = 30.0
ANSWER_SECONDS = 10.0

# A line of the log for each of them is longer than its path.
PATH = "/nothing" + "x" * 150
DROPPED_LINES = 'audiocast_log_lines_lost_total{reason="queue_full"}'


class UnreadServer:
    """A server whose log goes into a small pipe, which is read while it starts and not after that."""

    def __init__(self, **settings: str | int) -> None:
        self._read_end, write_end = os.pipe()
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOST": "127.0.0.1",
            "INTERNAL_HOST": "127.0.0.1",
            "PORT": "0",
            "INTERNAL_PORT": "0",
            "LOG_FORMAT": "json",
        } | {name: str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "audiocast", "serve"], stderr=write_end, env=environment
        )
        os.close(write_end)
        self._text = b""
        deadline = time.monotonic() + START_SECONDS
        while b'"serving"' not in self._text:
            assert time.monotonic() < deadline, self._text
            self.read_some()
        serving = next(event for event in self.events() if event["event"] == "serving")
        self.port, self.internal_port = serving["port"], serving["internal_port"]

    def read_some(self) -> bytes:
        """Read what is in the pipe; wait for a first byte."""
        data = os.read(self._read_end, 65_536)
        self._text += data
        return data

    def events(self) -> list[dict[str, Any]]:
        """Return what was read, but for a line that has not come whole."""
        return [json.loads(line) for line in self._text.rpartition(b"\n")[0].splitlines()]

    def is_live(self) -> bool:
        answer = requests.get(f"http://127.0.0.1:{self.internal_port}/livez", timeout=ANSWER_SECONDS)
        return answer.status_code == 200

    def metric(self, sample: str) -> float:
        text = requests.get(f"http://127.0.0.1:{self.internal_port}/metrics", timeout=ANSWER_SECONDS).text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(sample))

    def start_stream(self) -> Started:
        answer = requests.post(f"http://127.0.0.1:{self.port}/api/start", timeout=ANSWER_SECONDS)
        return Started(**answer.json())

    def ask_for_nothing(self, times: int) -> None:
        """Send requests that are logged, all on one connection, and wait for their answers."""
        request = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n".encode()
        with connect(self.port) as connection:
            connection.settimeout(60)
            sender = threading.Thread(target=connection.sendall, args=(request * times,), daemon=True)
            sender.start()
            _read_answers(connection, times)
            sender.join(60)

    def close(self) -> None:
        """Read the log to its end."""
        self.process.terminate()
        reader = threading.Thread(target=self.read_all, daemon=True)
        reader.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.process.kill()
        self.process.wait()
        reader.join(10)
        os.close(self._read_end)

    def read_all(self) -> None:
        """Read the log to its end."""
        while self.read_some():
            pass


def _read_answers(connection: socket.socket, count: int) -> None:
    seen, tail = 0, b""
    while seen < count:
        data = connection.recv(65_536)
        assert data, f"expected {count} answers, the connection ended after {seen}"
        data = tail + data
        seen += data.count(b"HTTP/1.1 404")
        tail = data[-11:] if b"HTTP/1.1 404" not in data[-11:] else b""


@pytest.fixture
def unread(request: pytest.FixtureRequest) -> Iterator[UnreadServer]:
    server = UnreadServer(**getattr(request, "param", {}))
    yield server
    server.close()


@pytest.mark.parametrize(
    "unread",
    [
        pytest.param({"MAX_LOG_REPEATS": 0}, id="json"),
        pytest.param({"MAX_LOG_REPEATS": 0, "WORKERS": 2}, id="workers"),
    ],
    indirect=True,
)
def test_audio_and_health_go_on_while_nobody_reads_the_log(unread: UnreadServer) -> None:
    started = unread.start_stream()
    with (
        PacedSource(started.keyed_url, numbered_audio(seconds=120), lead_seconds=2.0),
        Listener(unread.port, f"/stream/{started.stream_id}") as listener,
    ):
        listener.wait_for_audio(1.0)
        asked = 0
        while not unread.metric(DROPPED_LINES):
            asked += 500
            assert asked * len(PATH) < 4 * MAX_QUEUED_BYTES
            unread.ask_for_nothing(500)
        assert unread.is_live()
        heard = len(listener.capture().packets)
        listener.wait_for_audio(heard * 0.02 + 2.0)
        assert unread.is_live()
        lost = unread.metric(DROPPED_LINES)
        told: list[float] = []
        while sum(told) < lost:
            unread.read_some()
            told = [event["lines"] for event in unread.events() if event["event"] == "log_lines_dropped"]
        assert unread.is_live()


def test_a_server_whose_log_nobody_reads_can_be_stopped() -> None:
    server = UnreadServer(MAX_LOG_REPEATS=0)
    try:
        server.ask_for_nothing(1000)
        server.process.terminate()
        assert server.process.wait(20) == 0
    finally:
        server.close()


def test_a_flood_of_one_event_is_a_number() -> None:
    server = UnreadServer()
    reader = threading.Thread(target=server.read_all, daemon=True)
    reader.start()
    try:
        server.ask_for_nothing(2000)
        answer = exchange(server.port, b"GET /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.status == 404
    finally:
        server.close()
    reader.join(10)
    lines = [event for event in server.events() if event["event"] == "request"]
    suppressed = [event for event in server.events() if event["event"] == "log_lines_suppressed"]
    assert len(lines) < 1000
    assert {event["suppressed_event"] for event in suppressed} == {"request"}
    assert len(lines) + sum(event["lines"] for event in suppressed) == 2001
