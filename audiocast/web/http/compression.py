"""Pages, styles and scripts are compressed: a phone on a slow network waits for a third of the bytes.

Audio and event streams are not: each event stream would keep a compressor of a quarter of a MiB.
"""

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import GZipContentEncoding, OutputTransform

COMPRESSED_TYPES = ("image/svg+xml", "text/css", "text/html", "text/javascript")


class PageCompression(OutputTransform):
    """Tornado's own compression, for `COMPRESSED_TYPES` only.

    Args:
        request: Its `Accept-Encoding` decides whether the response is compressed.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        self._gzip = GZipContentEncoding(request)
        self._is_used = False

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        self._is_used = headers.get("Content-Type", "").partition(";")[0] in COMPRESSED_TYPES
        if not self._is_used:
            return status_code, headers, chunk
        return self._gzip.transform_first_chunk(status_code, headers, chunk, finishing)

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        return self._gzip.transform_chunk(chunk, finishing) if self._is_used else chunk
