"""The way "http": request heads of any form, at every route of the public port."""

import random

from tests.fuzz.cases import ODD_BYTES, cut, mutate, some_id, some_key

METHODS = (
    b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"SOURCE", b"TRACE", b"CONNECT", b"get",
    b"X" * 300, b"G\xc3\xa9T", b"",
)  # fmt: skip
VERSIONS = (b"HTTP/1.0", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"ICE/1.0", b"", b"http/1.1")
PATHS = (
    "/", "/broadcast", "/selftest", "/api/start", "/api/streams", "/api/streams/{id}",
    "/api/streams/{id}/events", "/api/streams/{id}/history", "/api/streams/{id}/metadata",
    "/admin/metadata", "/status-json.xsl", "/ingest/{id}", "/ingest/{id}/ws", "/stream/{id}",
    "/stream/{id}.opus", "/stream/{id}.m3u", "/stream/{id}.pls", "/stream/{id}/hls/index.m3u8",
    "/listen/{id}", "/listen/{id}/qr.svg", "/listen/{id}/qr.png", "/embed/{id}", "/oembed",
    "/icon-180.png", "/icon-square-512.png", "/icon-9999.png", "/static/listen/page.css", "/static/",
    "/scripts/listen/page.js", "/scripts/..%2fapp.py",
    "/static/..%2f..%2fapp.py", "/internal/status", "/metrics", "/favicon.ico", "/robots.txt",
    "/manifest.webmanifest", "*", "//{id}", "http://localhost/stream/{id}", "http://[::1/x", "{id}", "",
)  # fmt: skip
ARGUMENTS = (
    "key",
    "preroll",
    "latency",
    "mount",
    "mode",
    "charset",
    "song",
    "title",
    "url",
    "format",
    "maxwidth",
    "v",
)
FIELDS = (
    b"Range", b"If-None-Match", b"If-Modified-Since", b"Icy-MetaData",
    b"Accept", b"Accept-Encoding", b"Authorization", b"Accept-Language", b"Cookie", b"X-Forwarded-For",
    b"X-Forwarded-Host", b"X-Forwarded-Proto", b"X-Real-Ip", b"X-Scheme", b"Connection", b"Expect",
    b"Content-Type", b"Host", b"Content-Length", b"Transfer-Encoding", b"Upgrade", b"Origin", b"Referer",
    b"User-Agent", b"Audiocast-Signature", b"", b"a b", b"\xff", b"x" * 400,
)  # fmt: skip
VALUES = (
    b"bytes=0-", b"bytes=" + b"0-1," * 900, b"bytes=-1", b"1", b"chunked", b"identity", b"gzip, chunked",
    b"Basic !!!!", b"Basic c291cmNlOg==", b"Bearer ", b"100-continue", b"close", b"keep-alive, close",
    b"W/\"x\"", b"*", b"localhost", b"[::1]:80", b"a" * 2000, b"127.0.0.1, 10.0.0.1, junk", b"http://[",
    b"Sun, 99 Nov 9999 99:99:99 GMT", b"websocket", b"multipart/form-data; boundary=",
    b"application/x-www-form-urlencoded", b"gzip;q=x, br",
)  # fmt: skip


def heads(dice: random.Random) -> tuple[bytes, ...]:
    """Return one request, or some behind each other."""
    count = dice.choice([1, 1, 1, 1, 2, 30])
    return cut(dice, b"".join(_request(dice) for _ in range(count)), 4)


def some_query(dice: random.Random, names: tuple[str, ...]) -> bytes:
    """Return a query, with its question mark, or nothing."""
    chosen = [dice.choice(names) for _ in range(dice.choice([0, 0, 1, 2, 5]))]
    query = b"&".join(
        name.encode() + dice.choice([b"=", b"=", b"", b"[]="]) + dice.choice(ODD_BYTES) for name in chosen
    )
    # Raw line ends and blanks would end the request line; now and then they may.
    if dice.random() < 0.95:
        query = query.replace(b"\r", b"").replace(b"\n", b"").replace(b" ", b"+")
    return b"?" + query if query else b""


def _request(dice: random.Random) -> bytes:
    end = b"\r\n" if dice.random() < 0.95 else dice.choice([b"\n", b"\r", b"\r\n ", b"\0\r\n", b"\r\r\n"])
    stream_id = some_id(dice)
    path = dice.choice(PATHS).format(id=stream_id).encode()
    if dice.random() < 0.15:
        path = path.replace(stream_id.encode(), dice.choice(ODD_BYTES))
    query = some_query(dice, ARGUMENTS)
    if dice.random() < 0.3 and "victim" not in stream_id:
        query += (b"&" if query else b"?") + b"key=" + some_key(dice, stream_id).encode()
    method = b"GET" if dice.random() < 0.6 else dice.choice(METHODS)
    version = b"HTTP/1.1" if dice.random() < 0.85 else dice.choice(VERSIONS)
    lines = [b" ".join((method, path + query, version))]
    lines += [b"Host: localhost"] if dice.random() < 0.9 else []
    lines += [
        dice.choice(FIELDS) + b": " + dice.choice(VALUES if dice.random() < 0.8 else ODD_BYTES)
        for _ in range(dice.choice([0, 1, 2, 4]))
    ]
    match dice.randrange(40):
        case 0:
            lines += [b"X-%d: y" % number for number in range(5000)]
        case 1:
            lines += [b"X: " + b"y" * dice.choice([16_000, 65_000, 200_000])]
        case 2:
            lines += [b"no colon here"]
        case 3:
            lines += [b"Content-Length: 3", b"Content-Length: 4"]
        case 4:
            lines += [b"Content-Length: 3", b"Transfer-Encoding: chunked"]
    head = end.join(lines) + end * 2
    return mutate(dice, head) if dice.random() < 0.15 else head
