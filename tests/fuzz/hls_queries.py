"""The way "hls": playlists with odd directives (RFC 8216bis section 6.2.5), and names of media."""

import random

from tests.fuzz.cases import ODD_BYTES, VICTIM, some_id
from tests.fuzz.http_heads import some_query

DIRECTIVES = ("_HLS_msn", "_HLS_part", "_HLS_skip", "_HLS_push", "path", "_HLS_msn")
NUMBERS = (
    b"0",
    b"1",
    b"2",
    b"3",
    b"5",
    b"9",
    b"40",
    b"00",
    b"01",
    b"-1",
    b"+1",
    b"1.5",
    b"999999",
    b"YES",
    b"\xb2",
)
NAMES = (
    "init.mp4",
    "0.mp4",
    "1.mp4",
    "0.0.mp4",
    "1.4.mp4",
    "9999.mp4",
    "index.m3u8",
    "1.part",
    ".mp4",
    "x" * 300,
    "..",
)


def queries(dice: random.Random) -> tuple[bytes, ...]:
    """Return some requests of one player."""
    return (b"".join(_request(dice) for _ in range(dice.choice([1, 1, 2, 8]))),)


def _request(dice: random.Random) -> bytes:
    stream_id = VICTIM if dice.random() < 0.7 else some_id(dice)
    path = f"/stream/{stream_id}/hls/".encode()
    match dice.randrange(5):
        case 0:
            path += dice.choice(["0", "1", "run", ""]).encode() + b"/" + dice.choice(NAMES).encode()
        case 1:
            path += dice.choice([*ODD_BYTES[5:], b"index.m3u8", b"index.m3u8/", b"%69ndex.m3u8"])
            path = path.replace(b" ", b"+")
        case _:
            path += b"index.m3u8"
    if dice.random() < 0.5:
        query = some_query(dice, DIRECTIVES)
    else:
        parts = [name.encode() + b"=" + dice.choice(NUMBERS) for name in DIRECTIVES if dice.random() < 0.4]
        query = b"?" + b"&".join(parts)
    fields = dice.choice(
        [b"", b"", b"Range: bytes=0-1\r\n", b"Accept-Encoding: gzip\r\n", b"If-None-Match: *\r\n"]
    )
    method = dice.choice([b"GET", b"GET", b"GET", b"HEAD", b"OPTIONS", b"POST"])
    return method + b" " + path + query + b" HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n"
