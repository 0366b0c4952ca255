"""What the fan-out writes to over TLS: a socket that takes what the system takes, and loses no record."""

import asyncio
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from audiocast.web.http.clients import Lease
from audiocast.web.http.listener_socket import ListenerSocket
from audiocast.web.http.tls.certificate import read_certificate
from audiocast.web.http.tls.channel import TlsChannel
from audiocast.web.http.tls.listener import TlsListener
from tests.support.network.certificates import Pair

SMALL_BUFFER_BYTES = 4096
# Of data, and what OpenSSL adds to it.
RECORD_BYTES = 4096 + 64


class Ends:
    """A listener's socket at the server, and the client's end of it, which reads when it is told to."""

    def __init__(self, pair: Pair) -> None:
        self.was_released = False
        with socket.create_server(("127.0.0.1", 0)) as listening:
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
            plain.connect(listening.getsockname())
            accepted, _ = listening.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER_BYTES)
        shaking = threading.Thread(target=self._connect, args=(pair.trusting(), plain))
        shaking.start()
        channel = TlsChannel(read_certificate(pair.certificate, pair.key).context)
        is_done = False
        while not is_done:
            channel.feed(accepted.recv(65_536))
            is_done = channel.shake_hands()
            accepted.sendall(channel.outgoing())
        shaking.join()
        self.server = ListenerSocket(accepted.detach(), Lease(self._release))
        self.listener = TlsListener(self.server, channel, b"")

    def _connect(self, context: ssl.SSLContext, plain: socket.socket) -> None:
        # An end that was not told (no close_notify) is an error.
        self.client = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        self.client.settimeout(0.05)

    def _release(self) -> None:
        self.was_released = True

    def fill(self, numbers: random.Random) -> bytes:
        """Send pieces of many sizes until nothing more is taken; give what was taken."""
        taken = bytearray()
        while True:
            data = numbers.randbytes(numbers.choice([1, 50, 300, 1200, 5000, 20_000]))
            try:
                taken += data[: self.listener.send(data)]
            except BlockingIOError:
                return bytes(taken)

    def read(self, size: int) -> bytes:
        """Read so much, or what comes."""
        data = bytearray()
        while len(data) < size:
            try:
                piece = self.client.recv(min(65_536, size - len(data)))
            except TimeoutError:
                break
            if not piece:
                break
            data += piece
        return bytes(data)


@pytest.fixture
def ends(pair: Pair) -> Iterator[Ends]:
    made = Ends(pair)
    with closing(made.client):
        yield made
        made.server.close()


@pytest.mark.parametrize("seed", range(4))
def test_what_was_taken_arrives_whole_and_in_order(ends: Ends, seed: int) -> None:
    numbers = random.Random(seed)
    taken, arrived = b"", b""
    for _ in range(20):
        more = ends.fill(numbers)
        taken += more
        # Sometimes in the middle of a record, sometimes all of it.
        arrived += ends.read(numbers.choice([1, 100, 3000, 50_000]))
    deadline = time.monotonic() + 20
    while len(arrived) < len(taken):
        assert time.monotonic() < deadline, "nothing comes any more"
        arrived += ends.read(len(taken) - len(arrived))
        with suppress(BlockingIOError):
            ends.listener._send_rest()
    assert arrived == taken


def test_a_slow_listener_costs_one_record(ends: Ends) -> None:
    ends.fill(random.Random(1))
    assert 0 < len(ends.listener._unsent) <= RECORD_BYTES
    before = ends.listener._unsent
    for _ in range(10):
        with pytest.raises(BlockingIOError):
            ends.listener.send(b"more")
    assert ends.listener._unsent is before


async def test_after_close_all_that_was_taken_arrives_and_then_the_end(ends: Ends) -> None:
    taken = ends.fill(random.Random(2))
    ends.listener.close()
    assert ends.was_released
    assert ends.server.fileno() >= 0, "there is a rest to be sent"
    ends.client.settimeout(5)
    arrived = await asyncio.to_thread(ends.read, len(taken) + 1)
    assert arrived == taken
    # An end that was told (close_notify), and no broken connection.
    assert ends.client.recv(1) == b""
    assert ends.server.fileno() < 0


async def test_a_listener_that_takes_nothing_is_closed_after_a_while(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiocast.web.http.tls.listener.END_SECONDS", 0.05)
    monkeypatch.setattr("audiocast.web.http.tls.listener.RETRY_SECONDS", 0.01)
    ends.fill(random.Random(3))
    ends.listener.close()
    deadline = asyncio.get_running_loop().time() + 10
    while ends.server.fileno() >= 0:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_a_connection_that_is_gone_is_an_error_and_closes(ends: Ends) -> None:
    ends.fill(random.Random(4))
    ends.client.close()
    assert await _is_gone(ends.listener)
    ends.listener.close()
    assert ends.server.fileno() < 0


async def _is_gone(listener: TlsListener) -> bool:
    for _ in range(100):
        try:
            listener.send(b"more")
        except BlockingIOError:
            await asyncio.sleep(0.01)
        except OSError:
            return True
    return False
