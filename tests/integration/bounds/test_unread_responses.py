"""Responses that nobody reads: their connections are closed, and what they held comes back."""

import contextlib
import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from audiocast.web.http.connections import SEND_BUFFER_BYTES, bound_connections
from tests.support.http.exchange import connect, exchange
from tests.support.processes.server import AudiocastServer

STALL_SECONDS = 1.0
DEADLINE_SECONDS = 20.0
CONNECTIONS = 20
FILE = "/static/player/live/buffer/jitter_buffer.js"


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {DEADLINE_SECONDS:g} s: {what}"
        time.sleep(0.05)


def descriptors(server: AudiocastServer) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def unsent_bytes(server: AudiocastServer) -> int:
    """Return what the system holds for clients of the public port, whoever owns the connections by now."""
    port = f"{server.port:04X}"
    table = Path("/proc/net/tcp").read_text()
    return sum(int(sent, 16) for sent in re.findall(rf":{port} \w+:\w+ \w\w (\w+):\w+", table))


def ask(server: AudiocastServer, path: str, times: int) -> socket.socket:
    """Ask for a path again and again on one connection; read nothing."""
    connection = connect(server.port, receive_buffer_bytes=4096)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    connection.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        connection.sendall(request * times)
    return connection


def test_pipelined_files_that_nobody_reads_are_given_up(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", LISTENER_STALL_SECONDS=STALL_SECONDS) as server:
        size_bytes = len(requests.get(server.base + FILE, timeout=10).content)
        wait_for(lambda: unsent_bytes(server) == 0, "the first answer")
        before = descriptors(server)
        connections = []
        held = 0
        for _ in range(CONNECTIONS):
            connections.append(ask(server, FILE, 2_000_000 // size_bytes))
            held = max(held, unsent_bytes(server))
        assert held > 0
        wait_for(lambda: descriptors(server) <= before, f"{before} descriptors, still {descriptors(server)}")
        wait_for(lambda: unsent_bytes(server) == 0, "nothing is held for connections that are gone")
        assert requests.get(server.base + FILE, timeout=10).status_code == 200
        for connection in connections:
            connection.close()
        # Nobody works on the requests that those clients have sent ahead, so the server stops at once.
        assert server.stop() == 0


def test_the_system_holds_little_for_a_client_that_does_not_read(tmp_path: Path) -> None:
    with (
        AudiocastServer(tmp_path / "server.log", LISTENER_STALL_SECONDS=60) as server,
        ask(server, FILE, 2000),
    ):
        held = 0
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            held = max(held, unsent_bytes(server))
            time.sleep(0.1)
        # Linux doubles the bound for what it needs itself (socket(7)).
        assert 0 < held <= 2 * SEND_BUFFER_BYTES


def test_who_reads_slowly_is_not_given_up(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", LISTENER_STALL_SECONDS=STALL_SECONDS) as server:
        times = 60
        size_bytes = len(requests.get(server.base + FILE, timeout=10).content)
        with ask(server, FILE, times) as connection:
            data = b""
            began = time.monotonic()
            while data.count(b"HTTP/1.1 200") < times or time.monotonic() - began < 3 * STALL_SECONDS:
                if len(data) >= times * size_bytes and data.count(b"HTTP/1.1 200") == times:
                    break
                connection.settimeout(DEADLINE_SECONDS)
                more = connection.recv(size_bytes)
                assert more, f"closed after {len(data)} bytes"
                data += more
                time.sleep(0.02)
            assert data.count(b"HTTP/1.1 200") == times


@pytest.mark.parametrize("name", ["TCP_KEEPIDLE", "TCP_USER_TIMEOUT"])
def test_connections_inherit_what_is_set_once(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        bound_connections(listening, 20.0)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            expected = {"TCP_KEEPIDLE": 30, "TCP_USER_TIMEOUT": 30_000}[name]
            assert accepted.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == expected
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER_BYTES


def test_an_answer_after_a_stall_is_an_ordinary_one(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", LISTENER_STALL_SECONDS=0.2) as server:
        for _ in range(3):
            answer = exchange(server.port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert answer.status == 200
            time.sleep(0.3)
