"""The ways "ogg" and "unframed": a source's bytes as a chunked body (RFC 9112 section 7.1), and bare."""

import random

from tests.fuzz.cases import ATTACKED, VICTIM, cut, mutate, some_key
from tests.fuzz.ogg_streams import some_stream

MOST_BYTES = 400_000


def framed(dice: random.Random) -> tuple[bytes, ...]:
    """Return a request with a chunked body, or with one of a length that may be wrong."""
    stream = some_stream(dice)[:MOST_BYTES]
    if dice.random() < 0.8:
        body = b"".join(_chunk(dice, piece) for piece in cut(dice, stream, 12))
        body += dice.choice(
            [b"0\r\n\r\n", b"0\r\n\r\n", b"", b"0\r\n", b"0\r\nX-Trailer: 1\r\n\r\n", b"00000\r\n\r\n"]
        )
        fields = "Transfer-Encoding: chunked\r\n"
    else:
        length = dice.choice([len(stream), len(stream), len(stream) + 9, len(stream) // 2, 1 << 62, 1 << 64])
        body, fields = stream, f"Content-Length: {length}\r\n"
    if dice.random() < 0.1:
        body = mutate(dice, body)
    return cut(dice, _head(dice, fields) + body)


def unframed(dice: random.Random) -> tuple[bytes, ...]:
    """Return a request whose body has no framing."""
    return cut(dice, _head(dice, "") + some_stream(dice)[:MOST_BYTES], 10)


def _head(dice: random.Random, fields: str) -> bytes:
    stream_id = dice.choice([*ATTACKED, VICTIM])
    key = some_key(dice, stream_id)
    method = dice.choice(["POST", "POST", "PUT", "SOURCE"])
    version = dice.choice(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "ICE/1.0"])
    if dice.random() < 0.1:
        fields += dice.choice(
            ["Expect: 100-continue\r\n", "Connection: close\r\n", "Content-Encoding: gzip\r\n"]
        )
    return f"{method} /ingest/{stream_id}?key={key} {version}\r\nHost: localhost\r\n{fields}\r\n".encode()


def _chunk(dice: random.Random, data: bytes) -> bytes:
    if dice.random() < 0.95:
        return b"%x\r\n%b\r\n" % (len(data), data)
    size = dice.choice(
        [
            b"%X",
            b"%08x",
            b"%x;name=value",
            b"%x;" + b"a" * 900,
            b" %x",
            b"+%x",
            b"-%x",
            b"0x%x",
            b"%x\t",
            b"fffffffff%x",
        ]
    )
    end = dice.choice([b"\r\n", b"\n", b"\r", b"", b"xx"])
    return size % len(data) + dice.choice([b"\r\n", b"\n"]) + data + end
