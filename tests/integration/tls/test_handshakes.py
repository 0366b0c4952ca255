"""Handshakes under way: bounds of each client and of all, a deadline, and no harm to those who listen."""

import asyncio
import re
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.clients import Budget, Clients, Holding, Rate
from audiocast.web.http.tls import handshakes
from audiocast.web.http.tls.certificate import read_certificate
from audiocast.web.http.tls.channel import TlsChannel
from audiocast.web.http.tls.handshakes import Handshakes
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.certificates import Pair
from tests.support.processes.server import AudiocastServer

WAIT_SECONDS = 10.0
# As a browser begins; the rest of it never comes.
HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)


class Port:
    """A port on which hands are shaken, and nothing more."""

    def __init__(self, pair: Pair, *, budget: int = 0, max_handshakes: int = 100) -> None:
        self.done: list[tuple[socket.socket, TlsChannel]] = []
        self.results: Counter[str] = Counter()
        budgets: dict[Budget, int] = dict.fromkeys((*Holding, *Rate), 0) | {Holding.HANDSHAKES: budget}
        self.clients = Clients(budgets, trusted_proxies=TrustedProxies(()), api_tokens=(), now=lambda: 0.0)
        certificate = read_certificate(pair.certificate, pair.key)
        self.handshakes = Handshakes(
            lambda: certificate.context,
            self.clients,
            on_done=self._note_done,
            answer_plain_http=self._answer,
            count=lambda result: self.results.update([result]),
            max_handshakes=max_handshakes,
        )
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []

    def connect(self, data: bytes = b"") -> socket.socket:
        """Connect a client that sends something; its handshake begins."""
        client = socket.create_connection(self._listening.getsockname())
        client.sendall(data)
        client.setblocking(False)
        accepted, address = self._listening.accept()
        self.handshakes.start(accepted, address)
        self._ends.append(client)
        return client

    async def wait(self, result: str, count: int = 1) -> None:
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        while self.results[result] < count:
            assert asyncio.get_running_loop().time() < deadline, f"expected {count} {result}: {self.results}"
            await asyncio.sleep(0.01)

    async def wait_for_count(self, count: int) -> None:
        """Wait until so many handshakes are under way: a task is over a turn after its result is counted."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        while len(self.handshakes) != count:
            assert asyncio.get_running_loop().time() < deadline, f"expected {count}: {len(self.handshakes)}"
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self.handshakes.close()
        for each in (self._listening, *self._ends, *(connection for connection, _ in self.done)):
            each.close()

    def _note_done(self, connection: socket.socket, _: Any, channel: TlsChannel) -> None:
        self.done.append((connection, channel))

    async def _answer(self, connection: socket.socket, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(connection, b"HTTP/1.1 400 " + data)


@pytest.fixture
async def port(pair: Pair) -> AsyncIterator[Port]:
    made = Port(pair, max_handshakes=3)
    yield made
    await made.close()


async def is_closed(client: socket.socket) -> bytes:
    """Wait until the server has closed a connection; give what it said before."""
    said = b""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionResetError):
        while data := await asyncio.wait_for(loop.sock_recv(client, 1000), WAIT_SECONDS):
            said += data
    return said


async def shake_hands(port: Port, pair: Pair) -> asyncio.StreamWriter:
    client = port.connect()
    _, writer = await asyncio.open_connection(sock=client, ssl=pair.trusting(), server_hostname="localhost")
    return writer


async def test_hands_are_shaken(port: Port, pair: Pair) -> None:
    writer = await shake_hands(port, pair)
    await port.wait("done")
    assert len(port.done) == 1
    await port.wait_for_count(0)
    writer.transport.abort()


async def test_the_oldest_makes_room_and_an_honest_client_gets_in(port: Port, pair: Pair) -> None:
    waiting = [port.connect(HALF_A_HELLO) for _ in range(3)]
    await asyncio.sleep(0)
    writer = await shake_hands(port, pair)
    await port.wait("done")
    await port.wait("dropped")
    assert await is_closed(waiting[0]) == b""
    await port.wait_for_count(2)
    writer.transport.abort()


async def test_who_is_not_done_in_time_is_closed(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes, "HANDSHAKE_SECONDS", 0.05)
    client = port.connect(HALF_A_HELLO)
    await port.wait("late")
    assert await is_closed(client) == b""
    await port.wait_for_count(0)


@pytest.mark.parametrize(
    "garbage", [b"\x00" * 50, b"\x80\x2e\x01\x00\x02", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x16\x03\x01\xff\xff"]
)
async def test_garbage_is_closed_at_once(port: Port, garbage: bytes) -> None:
    client = port.connect(garbage)
    await port.wait("failed")
    await is_closed(client)


async def test_what_is_no_hello_gets_an_alert(port: Port) -> None:
    client = port.connect(b"\x16\x03\x01\x00\x04\xff\x00\x00\x00")
    await port.wait("failed")
    # A record of the type alert (RFC 8446 section 6).
    assert (await is_closed(client)).startswith(b"\x15\x03")


async def test_a_handshake_has_a_bounded_size(port: Port) -> None:
    # A first message that is said to have 60,000 bytes, one of them in each record.
    client = port.connect(b"\x16\x03\x01\x00\x04\x01\x00\xea\x60")
    records = b"\x16\x03\x01\x00\x01\x00" * (handshakes.MAX_CLIENT_BYTES // 6 + 1)
    with suppress(OSError):
        await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(client, records), WAIT_SECONDS)
    await port.wait("failed")


async def test_plain_http_is_answered(port: Port) -> None:
    client = port.connect(b"GET / HTTP/1.1\r\n\r\n")
    assert await is_closed(client) == b"HTTP/1.1 400 GET / HTTP/1.1\r\n\r\n"


async def test_a_client_has_a_budget_and_gets_it_back(pair: Pair) -> None:
    port = Port(pair, budget=2)
    first = port.connect(HALF_A_HELLO)
    port.connect(HALF_A_HELLO)
    assert await is_closed(port.connect(HALF_A_HELLO)) == b""
    assert port.clients.refused["handshakes"] == 1
    first.close()
    await port.wait("failed")
    writer = await shake_hands(port, pair)
    await port.wait("done")
    writer.transport.abort()
    await port.close()


async def test_the_loop_goes_on_while_a_thread_shakes_hands(
    port: Port, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    real = TlsChannel.shake_hands

    def note(channel: TlsChannel) -> bool:
        threads.add(threading.current_thread().name)
        return real(channel)

    monkeypatch.setattr(TlsChannel, "shake_hands", note)
    writer = await shake_hands(port, pair)
    await port.wait("done")
    assert threads
    assert all(name.startswith("tls-handshake") for name in threads)
    writer.transport.abort()


@pytest.mark.realtime
def test_a_flood_harms_no_listener_and_takes_no_memory(tmp_path: Path, pair: Pair) -> None:
    log = tmp_path / "server.log"
    with ExitStack() as stack:
        # This address is no proxy here, so it has budgets.
        server = stack.enter_context(
            AudiocastServer(log, **pair.settings, TRUSTED_PROXIES=",", MAX_HANDSHAKES_PER_CLIENT=50)
        )
        started = server.start_stream()
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60), lead_seconds=3))
        server.wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}?preroll=1"
        listener = stack.enter_context(Listener(server.tls_port, path, tls=pair.trusting()))
        before = listener.wait_for_audio(1).seconds
        before_bytes = _resident_bytes(server.pid)
        for turn in range(600):
            flooding = stack.enter_context(connect(server.tls_port))
            try:
                flooding.sendall(HALF_A_HELLO if turn % 2 else bytes(200))
            except OSError:
                continue
        assert _resident_bytes(server.pid) - before_bytes < 20_000_000
        refused = server.metric("audiocast_client_refusals_total", '{kind="handshakes"}')
        failed = server.metric("audiocast_tls_handshakes_total", '{result="failed"}')
        assert refused >= 1
        assert failed >= 1
        capture = listener.wait_for_audio(before + 2)
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _resident_bytes(pid: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024
