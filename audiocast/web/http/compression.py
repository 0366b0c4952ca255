"""Pages, styles and scripts are compressed: a phone on a slow network waits for a third of the bytes.

Audio and event streams are not: each event stream would keep a compressor of a quarter of a MiB.
"""

import gzip
from functools import lru_cache

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

# JSON that no cache may keep is short, and another one each time.
COMPRESSED_TYPES = ("application/json", "image/svg+xml", "text/css", "text/html", "text/javascript")

# A shorter body would save no packet.
LEAST_BYTES = 1024

# All scripts and styles, which are half a MiB, and the codes that were asked for last, of some KiB each.
REMEMBERED = 128


class PageCompression(OutputTransform):
    """Gzip for whole bodies of `COMPRESSED_TYPES`.

    Args:
        request: Its `Accept-Encoding` decides whether the response is compressed.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        self._is_accepted = "gzip" in request.headers.get("Accept-Encoding", "")

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        if (
            headers.get("Content-Type", "").partition(";")[0] not in COMPRESSED_TYPES
            or headers.get("Cache-Control") == "no-store"
        ):
            return status_code, headers, chunk
        headers.add("Vary", "Accept-Encoding")
        is_whole = finishing and status_code != 206 and "Content-Encoding" not in headers
        if self._is_accepted and is_whole and len(chunk) >= LEAST_BYTES:
            # A page is private, and another one for each stream; all else is asked for again.
            is_private = headers.get("Cache-Control", "").startswith("private")
            chunk = _compressed(chunk) if is_private else _compressed_once(chunk)
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk


def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)


_compressed_once = lru_cache(maxsize=REMEMBERED)(_compressed)
