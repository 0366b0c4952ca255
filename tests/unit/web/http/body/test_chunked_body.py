"""The chunked transfer coding: what is body, what is read over, what is neither (RFC 9112 section 7.1)."""

import random

import pytest

from audiocast.web.http.body.chunked_body import (
    FRAMING_BYTES_PER_BODY_BYTE,
    MAX_FRAMING_BYTES,
    MAX_LINE_BYTES,
    MAX_TRAILER_BYTES,
    ChunkedBody,
)
from audiocast.web.http.errors import ApiError

GOOD = [
    (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
    (b"0\r\n\r\n", b""),
    (b"000\r\n\r\n", b""),
    (b"0000000000000005\r\nhello\r\n0\r\n\r\n", b"hello"),
    (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    (b"5;a=b\r\nhello\r\n0\r\n\r\n", b"hello"),
    (b"5 ; a = b ; c\r\nhello\r\n0;x\r\n\r\n", b"hello"),
    (b'5;signature="a;b\\"c"\r\nhello\r\n0\r\n\r\n', b"hello"),
    (b"5  \t\r\nhello\r\n0 \r\n\r\n", b"hello"),
    (b"5\r\nhello\r\n0\r\nChecksum: abc\r\nExpires: now\r\n\r\n", b"hello"),
    (b"5\r\n\r\n\r\n\r\r\n0\r\n\r\n", b"\r\n\r\n\r"),
]


def decode_all(pieces: list[bytes]) -> None:
    chunked = ChunkedBody()
    for piece in pieces:
        chunked.decode(piece)


@pytest.mark.parametrize(("data", "body"), GOOD)
def test_a_body_comes_out_whole_however_it_arrives(data: bytes, body: bytes) -> None:
    for size in (1, 2, 3, 7, len(data)):
        chunked = ChunkedBody()
        got = b"".join(chunked.decode(data[at : at + size]) for at in range(0, len(data), size))
        assert (got, chunked.is_complete, chunked.unread) == (body, True, b""), size
        assert chunked.announced_bytes == len(body)


@pytest.mark.parametrize(("data", "body"), GOOD)
def test_what_is_behind_the_end_is_left(data: bytes, body: bytes) -> None:
    chunked = ChunkedBody()
    assert chunked.decode(data + b"GET / HTTP/1.1\r\n\r\n") == body
    assert chunked.unread == b"GET / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+5\r\nhello",
        b"0x5\r\nhello",
        b" 5\r\nhello",
        b"5_0\r\n",
        b"5 5\r\nhello",
        b"5,a=b\r\nhello",
        b"5;a=\rb\r\nhello",
        b"5;a=\nb\r\nhello",
        b"5;a=\0\r\nhello",
        b"5\nhello\r\n",
        "٥\r\nhello".encode(),
        b"1" * 17 + b"\r\n",
        b"5\r\nhelloX",
        b"5\r\nhello\rX",
        b"5\r\nhello0\r\n\r\n",
    ],
)
def test_what_is_no_such_coding_is_refused(data: bytes) -> None:
    for size in (1, len(data)):
        with pytest.raises(ApiError) as raised:
            decode_all([data[at : at + size] for at in range(0, len(data), size)])
        assert (raised.value.status, raised.value.code) == (400, "bad_chunk")


@pytest.mark.parametrize(
    ("data", "is_good"),
    [
        (b"1;" + b"a" * (MAX_LINE_BYTES - 4) + b"\r\nx\r\n", True),
        (b"1;" + b"a" * (MAX_LINE_BYTES - 3) + b"\r\nx\r\n", False),
        (b"a" * MAX_LINE_BYTES, False),
        (b"0\r\n" + b"Name: value\r\n" * (MAX_TRAILER_BYTES // 11), True),
        (b"0\r\n" + b"Name: value\r\n" * (MAX_TRAILER_BYTES // 11 + 1), False),
    ],
)
def test_lines_and_trailers_have_bounds(data: bytes, is_good: bool) -> None:
    chunked = ChunkedBody()
    if is_good:
        chunked.decode(data)
    else:
        with pytest.raises(ApiError):
            chunked.decode(data)


def test_a_body_that_is_nearly_all_framing_is_refused() -> None:
    chunk = b"1;" + b"a" * 100 + b"\r\nx\r\n"
    framing = len(chunk) - 1
    count = int(MAX_FRAMING_BYTES / (framing - FRAMING_BYTES_PER_BODY_BYTE))
    decode_all([chunk] * (count - 1))
    with pytest.raises(ApiError):
        decode_all([chunk] * (count + 2))


def test_extensions_of_clients_of_object_stores_may_go_on_for_ever() -> None:
    chunk = b'14;chunk-signature="%s"\r\n' % (b"f" * 64) + b"x" * 20 + b"\r\n"
    chunked = ChunkedBody()
    for _ in range(20_000):
        assert chunked.decode(chunk) == b"x" * 20


def test_made_up_bodies_come_out_whole() -> None:
    dice = random.Random(1)
    for _ in range(300):
        body = dice.randbytes(dice.randrange(400))
        data, at = b"", 0
        while at < len(body):
            size = dice.randint(1, 60)
            piece = body[at : at + size]
            data += b"%x%s\r\n%s\r\n" % (len(piece), dice.choice([b"", b";a=b", b" "]), piece)
            at += size
        data += b"0\r\n\r\n"
        chunked, got, at = ChunkedBody(), b"", 0
        while not chunked.is_complete:
            size = dice.randint(1, 90)
            got += chunked.decode(data[at : at + size])
            at += size
        assert got == body
