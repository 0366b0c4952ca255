"""Records in both directions, a client in memory at the other end."""

import ssl
from contextlib import suppress

import pytest

from audiocast.web.http.tls.certificate import read_certificate
from audiocast.web.http.tls.channel import MAX_RECORD_BYTES, TlsChannel, TlsViolation
from tests.support.network.certificates import Pair, make_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("certificate"))


class Client:
    """A client's end; `sent` is what it has for the server."""

    def __init__(self, pair: Pair, channel: TlsChannel, version: ssl.TLSVersion) -> None:
        context = pair.trusting()
        context.minimum_version = context.maximum_version = version
        self._channel = channel
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    def shake_hands(self, *, piece_bytes: int = 65_536) -> None:
        """Shake hands with the channel, which gets pieces of so many bytes."""
        is_done = False
        for _ in range(4):
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            data = self._outgoing.read()
            for start in range(0, len(data), piece_bytes):
                self._channel.feed(data[start : start + piece_bytes])
                is_done = is_done or self._channel.shake_hands()
            self.receive(self._channel.outgoing())
        assert is_done

    def sealed(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self._outgoing.read()

    def sealed_end(self) -> bytes:
        return self._outgoing.read()

    def receive(self, data: bytes) -> None:
        self._incoming.write(data)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def ends(pair: Pair, request: pytest.FixtureRequest) -> tuple[Client, TlsChannel]:
    channel = TlsChannel(read_certificate(pair.certificate, pair.key).context)
    return Client(pair, channel, request.param), channel


def opened(channel: TlsChannel, size: int = 65_536) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: channel.open_into(buffer)])


@pytest.mark.parametrize("piece_bytes", [1, 7, 65_536])
def test_hands_are_shaken_whatever_the_pieces(ends: tuple[Client, TlsChannel], piece_bytes: int) -> None:
    client, channel = ends
    client.shake_hands(piece_bytes=piece_bytes)
    assert client.tls.selected_alpn_protocol() is None
    client.receive(channel.seal(b"hello"))
    assert client.tls.read() == b"hello"


def test_what_came_is_opened_a_record_at_a_time(ends: tuple[Client, TlsChannel]) -> None:
    client, channel = ends
    client.shake_hands()
    channel.feed(client.sealed(b"one") + client.sealed(b"two"))
    assert [opened(channel), opened(channel)] == [b"one", b"two"]
    with pytest.raises(BlockingIOError):
        opened(channel)


def test_a_small_buffer_loses_nothing(ends: tuple[Client, TlsChannel]) -> None:
    client, channel = ends
    client.shake_hands()
    data = bytes(range(256)) * 4
    channel.feed(client.sealed(data))
    pieces = [opened(channel, 100) for _ in range(11)]
    assert b"".join(pieces) == data


def test_half_of_a_record_is_kept(ends: tuple[Client, TlsChannel]) -> None:
    client, channel = ends
    client.shake_hands()
    record = client.sealed(b"whole")
    for byte in record[:-1]:
        channel.feed(bytes([byte]))
        with pytest.raises(BlockingIOError):
            opened(channel)
    channel.feed(record[-1:])
    assert opened(channel) == b"whole"


def test_the_client_s_end_is_the_end(ends: tuple[Client, TlsChannel]) -> None:
    client, channel = ends
    client.shake_hands()
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    channel.feed(client.sealed_end())
    assert opened(channel) == b""


def test_the_client_is_told_of_the_end(ends: tuple[Client, TlsChannel]) -> None:
    client, channel = ends
    client.shake_hands()
    client.receive(channel.end())
    assert client.tls.read() == b""


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x17\x03\x03\x00\x20" + b"x" * 32,
        b"\x17\x03\x03" + (MAX_RECORD_BYTES + 1).to_bytes(2, "big"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_after_the_handshake_is_a_violation(ends: tuple[Client, TlsChannel], garbage: bytes) -> None:
    client, channel = ends
    client.shake_hands()
    channel.feed(garbage + bytes(MAX_RECORD_BYTES))
    with pytest.raises(TlsViolation):
        opened(channel)


def test_a_record_that_is_too_long_is_not_waited_for(pair: Pair) -> None:
    channel = TlsChannel(read_certificate(pair.certificate, pair.key).context)
    channel.feed(b"\x16\x03\x01\xff\xff")
    with pytest.raises(TlsViolation, match="at most 18432"):
        _ = channel.has_record
