"""Responses that nobody reads: their connections are closed, and what they held comes back."""

import asyncio
import contextlib
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import requests

from audiocast.web.http.connections import (
    SEND_BUFFER_BYTES,
    StallWatch,
    WatchedConnection,
    bound_connections,
)
from tests.support.http.exchange import connect, exchange, read_answer
from tests.support.processes.server import AudiocastServer

STALL_SECONDS = 1.0
DEADLINE_SECONDS = 20.0
CONNECTIONS = 20
FILE = "/static/player/live/buffer/jitter_buffer.js"

# More than the system holds for both sides, and what a slow client reads of it at once.
ANSWER_BYTES = 16 * SEND_BUFFER_BYTES
PIECE_BYTES = SEND_BUFFER_BYTES // 2


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {DEADLINE_SECONDS:g} s: {what}"
        time.sleep(0.05)


def descriptors(server: AudiocastServer) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def unsent_bytes(server: AudiocastServer) -> int:
    """Return what the system holds for clients of the public port, whoever owns the connections by now."""
    return unsent_bytes_of(server.port)


def unsent_bytes_of(port: int) -> int:
    table = Path("/proc/net/tcp").read_text()
    return sum(int(sent, 16) for sent in re.findall(rf":{port:04X} \w+:\w+ \w\w (\w+):\w+", table))


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


@pytest.mark.parametrize("name", ["TCP_KEEPIDLE", "TCP_USER_TIMEOUT"])
def test_connections_inherit_what_is_set_once(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        bound_connections(listening, 20.0)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            expected = {"TCP_KEEPIDLE": 30, "TCP_USER_TIMEOUT": 30_000}[name]
            assert accepted.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == expected
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER_BYTES


def test_a_connection_without_a_request_is_not_stalled(tmp_path: Path) -> None:
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with AudiocastServer(tmp_path / "server.log", LISTENER_STALL_SECONDS=0.2) as server:
        with connect(server.port) as connection:
            for _ in range(3):
                connection.sendall(request)
                assert read_answer(connection).status == 200
                time.sleep(0.5)
        assert exchange(server.port, request).status == 200


Watched = tuple[WatchedConnection, socket.socket]


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    """A connection as a server has it, watched, and its client, which reads by itself."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as client:
        bound_connections(listening, 60.0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listening.getsockname())
        client.setblocking(False)
        connection = WatchedConnection(listening.accept()[0])
        watch = StallWatch(STALL_SECONDS)
        watch.add(connection)
        watch.start()
        yield connection, client
        watch.stop()
        connection.close()


async def test_who_takes_a_little_at_a_time_is_not_given_up(watched: Watched) -> None:
    connection, client = watched
    loop = asyncio.get_running_loop()
    connection.write(bytes(ANSWER_BYTES))
    left_bytes = ANSWER_BYTES
    while left_bytes:
        left_bytes -= len(await loop.sock_recv(client, min(left_bytes, PIECE_BYTES)))
        await asyncio.sleep(STALL_SECONDS * PIECE_BYTES / ANSWER_BYTES / 8)
        assert not connection.closed(), f"{left_bytes} bytes were left"


async def test_the_time_begins_with_the_answer(watched: Watched) -> None:
    """And not with the one before, which the system has taken whole, and the client not yet."""
    connection, _ = watched
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not connection.writing():
            # The system moves what it has to the client's side, and has room once more.
            with contextlib.suppress(BlockingIOError):
                while connection.socket.send(bytes(PIECE_BYTES)):
                    pass
            await asyncio.sleep(0.1)
            connection.taken_at = 0.0
            connection.write(b"another answer")
    # The watch looks once or twice meanwhile.
    await asyncio.sleep(STALL_SECONDS / 2)
    assert not connection.closed()


async def test_the_system_keeps_nothing_for_who_was_given_up(watched: Watched) -> None:
    connection, client = watched
    port = client.getpeername()[1]
    connection.write(bytes(ANSWER_BYTES))
    assert unsent_bytes_of(port) > 0
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not connection.closed():
            await asyncio.sleep(0.01)
    assert unsent_bytes_of(port) == 0
