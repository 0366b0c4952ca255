"""The way "api": bodies of the API, and titles in the arguments of Icecast's metadata."""

import json
import random
from urllib.parse import quote_from_bytes

from tests.fuzz.cases import ATTACKED, ENDED, ODD_BYTES, VICTIM, cut, mutate, some_key

CHARSETS = (
    "utf-8", "latin1", "utf-7", "unicode_escape", "utf-16", "idna", "punycode", "hex", "zlib", "rot13",
    "koi8-r", "undefined", "mbcs", "a" * 300, "utf-8\0", "",
)  # fmt: skip
TEXTS = (
    "a title",
    "",
    "\0\x1b[2J\x9b",
    "\ud800",
    "\udbff\udbff",
    "\u202e" * 100,
    "x" * 201,
    "x" * 60_000,
    "\u00df\u01f0\ufb03" * 60,
)
VALUES: tuple[object, ...] = (None, True, 0, -1, 1e308, 10**400, [], {}, [[]], {"a": "b"}, *TEXTS)
CONTENT_TYPES = (
    "application/json",
    "text/plain",
    "application/json; charset=utf-16",
    "multipart/form-data; boundary=x",
    "",
)


def requests(dice: random.Random) -> tuple[bytes, ...]:
    """Return one request."""
    stream_id = dice.choice([*ATTACKED, VICTIM])
    match dice.randrange(8):
        case 0 | 1 | 2:
            return _with_body(dice, "POST", "/api/start", some_body(dice, ("title", "id")))
        case 3 | 4 | 5:
            target = f"/api/streams/{stream_id}/metadata?key={some_key(dice, stream_id)}"
            return _with_body(dice, "PUT", target, some_body(dice, ("title", "artist")))
        case 6:
            return (_metadata(dice, stream_id),)
        case _:
            target = f"/api/streams/{ENDED}?key={some_key(dice, ENDED)}"
            return _with_body(dice, "DELETE", target, dice.choice([b"", some_body(dice, ("title",))]))


def _metadata(dice: random.Random, stream_id: str) -> bytes:
    names = ("song", "title", "artist", "song", "charset", "mode")
    chosen = [dice.choice(names) for _ in range(dice.randrange(4))]
    texts = [*ODD_BYTES[:24], b"\\ud800", b"+2AA-", b"\xff\xfe", b"=?utf-8?q?x?=", "\u00e9".encode()]
    query = "".join(f"&{name}={quote_from_bytes(dice.choice(texts))}" for name in chosen)
    charset = quote_from_bytes(dice.choice(CHARSETS).encode())
    mount = dice.choice([f"/ingest/{stream_id}", f"/ingest/{stream_id}", "/ingest/", "", "/", "/ingest/../x"])
    target = f"/admin/metadata?mount={mount}&key={some_key(dice, stream_id)}&charset={charset}{query}"
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def some_body(dice: random.Random, names: tuple[str, ...]) -> bytes:
    """Return a JSON object with these names, or what is none."""
    match dice.randrange(12):
        case 0:
            depth = dice.choice([10, 1000, 30_000])
            return dice.choice([b"[" * depth, b'{"a":' * depth, b"[" * depth + b"]" * depth])
        case 1:
            return dice.choice(
                [*ODD_BYTES, b'{"title": %b}' % (b"9" * 50_000), b'{"title": "\\ud800"}', b"\xef\xbb\xbf{}"]
            )
        case 2:
            return b'{"title": "a", ' * 2000 + b'"title": "b"}'
        case _:
            said = {dice.choice([*names, "other"]): dice.choice(VALUES) for _ in range(dice.choice([1, 2]))}
            body = json.dumps(said, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
            return mutate(dice, body) if dice.random() < 0.2 else body


def _with_body(dice: random.Random, method: str, target: str, body: bytes) -> tuple[bytes, ...]:
    length = len(body) if dice.random() < 0.95 else dice.choice([0, len(body) + 5, 70_000, 10**18])
    fields = f"Content-Length: {length}\r\nContent-Type: {dice.choice(CONTENT_TYPES)}\r\n"
    if dice.random() < 0.1:
        fields += dice.choice(
            ["Content-Encoding: gzip\r\n", "Expect: 100-continue\r\n", "Authorization: Bearer x\r\n"]
        )
    return cut(dice, f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode() + body, 4)
