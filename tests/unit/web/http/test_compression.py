"""What is compressed, as what, and how often."""

import gzip

import pytest
from tornado.httputil import HTTPHeaders

from audiocast.web.http import compression
from audiocast.web.http.compression import LEAST_BYTES, PageCompression
from tests.unit.web.http_request import request

TEXT = b"const a = 1;\n" * LEAST_BYTES
PUBLIC = "no-cache"
PRIVATE = "private, no-cache"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the list of bodies that are compressed from now on; nothing is remembered."""
    bodies: list[bytes] = []
    really = gzip.compress

    def compress(body: bytes, *, compresslevel: int, mtime: int) -> bytes:
        bodies.append(body)
        return really(body, compresslevel, mtime=mtime)

    monkeypatch.setattr(gzip, "compress", compress)
    compression._compressed_once.cache_clear()
    return bodies


def transform(
    body: bytes,
    *,
    kind: str = "text/javascript; charset=UTF-8",
    scope: str = PUBLIC,
    accepted: str = "br, gzip",
    status: int = 200,
    finishing: bool = True,
    **more: str,
) -> tuple[HTTPHeaders, bytes]:
    fields = {name.replace("_", "-"): value for name, value in more.items()}
    headers = HTTPHeaders({"Content-Type": kind, "Cache-Control": scope, **fields})
    headers["Content-Length"] = str(len(body))
    transforming = PageCompression(request(Accept_Encoding=accepted))
    _, headers, sent = transforming.transform_first_chunk(status, headers, body, finishing)
    assert not finishing or headers["Content-Length"] == str(len(sent))
    return headers, sent


def test_a_file_is_compressed_once(made: list[bytes]) -> None:
    first, again = transform(TEXT), transform(TEXT)
    assert gzip.decompress(first[1]) == TEXT
    assert first[0]["Content-Encoding"] == "gzip"
    assert again == first
    other = transform(TEXT + b"more")
    assert gzip.decompress(other[1]) == TEXT + b"more"
    assert made == [TEXT, TEXT + b"more"]


def test_pages_are_not_remembered(made: list[bytes]) -> None:
    for _ in range(2):
        _, sent = transform(TEXT, kind="text/html; charset=UTF-8", scope=PRIVATE)
        assert gzip.decompress(sent) == TEXT
    assert made == [TEXT, TEXT]


def test_what_is_remembered_is_bounded(made: list[bytes]) -> None:
    for number in range(200):
        transform(TEXT + b"%d" % number)
    assert compression._compressed_once.cache_info().currsize <= 128
    assert len(made) == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"accepted": "identity"},
        {"status": 206},
        {"finishing": False},
        {"Content_Encoding": "br"},
    ],
)
def test_a_body_of_a_kind_that_could_be_varies(made: list[bytes], changed: dict[str, str]) -> None:
    headers, sent = transform(TEXT, **changed)  # type: ignore[arg-type]
    assert (sent, made) == (TEXT, [])
    assert headers["Vary"] == "Accept-Encoding"
    assert headers.get("Content-Encoding") == changed.get("Content_Encoding")


def test_a_short_body_is_sent_as_it_is(made: list[bytes]) -> None:
    assert transform(b"a" * 1023)[1] == b"a" * 1023
    assert made == []
    assert len(transform(b"a" * 1024)[1]) < 100


def test_json_is_compressed_when_caches_may_keep_it(made: list[bytes]) -> None:
    headers, sent = transform(TEXT, kind="application/json; charset=UTF-8")
    assert gzip.decompress(sent) == TEXT
    for _ in range(2):
        headers, sent = transform(TEXT, kind="application/json; charset=UTF-8", scope="no-store")
        assert sent == TEXT
        assert "Vary" not in headers
    assert made == [TEXT]


@pytest.mark.parametrize("kind", ["audio/ogg", "text/event-stream", "application/manifest+json", ""])
def test_all_else_is_not_touched(made: list[bytes], kind: str) -> None:
    headers, sent = transform(TEXT, kind=kind)
    assert (sent, made) == (TEXT, [])
    assert "Vary" not in headers
