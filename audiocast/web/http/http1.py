"""HTTP/1.1 as Tornado reads it, with refusals of our own, and as RFC 9112 wants it where Tornado is narrower.

Private parts of Tornado are used here, in `connections`, `masked_websocket` and `tls/connection`, and nowhere
else. They are those of version 6.6.1; tests/unit/web/http/test_http1.py fails when another one has others.

- What cannot be read is answered with the contract's JSON. Tornado writes a bare "400 Bad Request".
- Chunk extensions and trailer fields are ignored, and `Expect` is compared without case.
- A body that does not come in time is answered. Tornado closes the connection.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from tornado.gen import with_timeout
from tornado.http1connection import HTTP1Connection, HTTP1ServerConnection
from tornado.httpserver import HTTPServer, _HTTPRequestContext
from tornado.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    parse_request_start_line,
)
from tornado.iostream import IOStream, StreamClosedError, UnsatisfiableReadError

from audiocast.web.http.body.body_reader import BodyCoding, BodyReader, BodySink, DeferRead, SizedBody
from audiocast.web.http.body.chunked_body import ChunkedBody, body_too_large
from audiocast.web.http.connections import WatchedConnection, discard_input
from audiocast.web.http.errors import ApiError
from audiocast.web.http.raw_response import error_response

log = structlog.get_logger()

# Of a number in a message. Python makes no integer of more than 4,300.
MAX_SHOWN_DIGITS = 30

HTTP_2_PREFACE = b"PRI * HTTP/2.0"

# Letters, digits, "-", ".", "_" and "~" (RFC 3986 section 2.3), escaped.
_UNRESERVED = re.compile(r"%(2[DEde]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")

NoteRefusal = Callable[[ApiError], None]


class RequestConnection(HTTP1Connection):
    """One request, and the response to it.

    Args:
        server: Whose connection it is.

    Attributes:
        body_sink: Gets the body instead of the handler's `data_received`, which makes a task of each piece.
        defer_read: See `BodyReader`; for the body of this request.
        refuse_body: Called instead of a refusal here when the coding of a body is broken, by a handler that
            has begun to read it: returns when the error is sent.
    """

    stream: WatchedConnection
    body_sink: BodySink | None = None
    defer_read: DeferRead | None = None
    refuse_body: Callable[[ApiError], Awaitable[None]] | None = None

    def __init__(self, server: "_ServedConnection") -> None:
        super().__init__(server.stream, False, server.params, server.context)
        self._note_refusal = server.note_refusal
        # Tornado's own time-out has no answer.
        self._body_seconds, self._body_timeout = self._body_timeout, None

    def set_body_timeout(self, timeout: float) -> None:
        self._body_seconds = timeout

    async def read_response(self, delegate: HTTPMessageDelegate) -> bool:
        """Read a request, and return when it is answered: whether another one may follow."""
        try:
            return await super().read_response(delegate)
        except ApiError as error:
            self._note_refusal(error)
            await self._refuse(error)
            return False

    async def _refuse(self, error: ApiError) -> None:
        stream = self.stream
        # A handler that has begun its response can say nothing else any more.
        if self._response_start_line is None:
            with contextlib.suppress(StreamClosedError):
                await stream.write(error_response(error))
                stream.end_output()
                # It still reads when the time of a body is over.
                if not stream.reading():
                    await discard_input(stream)
        self.close()

    def _parse_headers(self, data: bytes) -> tuple[str, HTTPHeaders]:
        if data.startswith(HTTP_2_PREFACE):
            raise ApiError(400, "http_2", "expected HTTP/1.1, got HTTP/2")
        line = data.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
        try:
            start_line = parse_request_start_line(line.decode("latin-1"))
        except HTTPInputError:
            message = f"expected a request line like GET /path HTTP/1.1, got {line[:60]!r}"
            raise ApiError(400, "bad_request_line", message) from None
        try:
            _, headers = super()._parse_headers(data)
        except HTTPInputError as error:
            raise ApiError(400, "bad_header", f"expected lines like Name: value: {error}") from None
        try:
            # Checks the Host field and the query, as it does again when the request is routed.
            HTTPServerRequest(connection=self, start_line=start_line, headers=headers)
        except HTTPInputError as error:
            raise ApiError(
                400, "bad_request_head", f"expected one host and a query that can be read: {error}"
            ) from None
        if headers.get("Expect", "").lower() == "100-continue":
            headers["Expect"] = "100-continue"
        method, target, version = start_line
        return f"{method} {_plain_path(target)} {version}", headers

    def _read_body(
        self, code: int, headers: HTTPHeaders, delegate: HTTPMessageDelegate
    ) -> Awaitable[None] | None:
        try:
            reading = super()._read_body(code, headers, delegate)
        except HTTPInputError as error:
            length = headers.get("Content-Length", "")
            if length.isdecimal() and "Transfer-Encoding" not in headers:
                raise body_too_large(self._max_body_size, length[:MAX_SHOWN_DIGITS]) from None
            message = f"expected one Content-Length or Transfer-Encoding: chunked: {error}"
            raise ApiError(400, "bad_framing", message) from None
        return None if reading is None else self._bounded(reading)

    async def _bounded(self, reading: Awaitable[None]) -> None:
        if self._body_seconds is None:
            await reading
            return
        deadline = self.stream.io_loop.time() + self._body_seconds
        try:
            await with_timeout(deadline, reading, quiet_exceptions=(StreamClosedError, ApiError))
        except TimeoutError:
            message = f"expected the whole body within {self._body_seconds:g} s"
            raise ApiError(408, "body_timeout", message) from None

    async def _read_fixed_body(self, content_length: int, delegate: HTTPMessageDelegate) -> None:
        await self._read_coded(SizedBody(content_length), delegate)

    async def _read_chunked_body(self, delegate: HTTPMessageDelegate) -> None:
        body = ChunkedBody(self._max_body_size)
        try:
            await self._read_coded(body, delegate)
        except ApiError as error:
            if self.refuse_body is None:
                raise
            await self.refuse_body(error)
        # A request that was sent ahead is not worked on: its client sends it again on another connection (RFC
        # 9112 section 9.3.2).
        self._disconnect_on_finish |= bool(body.unread)

    async def _read_coded(self, coding: BodyCoding, delegate: HTTPMessageDelegate) -> None:
        def sink(data: bytes) -> Awaitable[None] | None:
            # Who is answered before the end of the body is heard no more.
            return delegate.data_received(data) if not self._write_finished else None

        await BodyReader(self.stream, coding, self.body_sink or sink, defer=self.defer_read).read()


def _plain_path(target: str) -> str:
    """Return a request's target with those characters of its path as they are that need no escaping.

    Both forms are the same (RFC 3986 section 6.2.2.2), and some players escape the dot of `.opus`. Several
    slashes at the start are one: who joins `http://host/` and `/stream/ID` makes two, and nothing is there.
    """
    path, mark, query = target.partition("?")
    if path.startswith("//"):
        path = "/" + path.lstrip("/")
    return _UNRESERVED.sub(lambda found: chr(int(found[1], 16)), path) + mark + query


class _ServedConnection(HTTP1ServerConnection):
    """The requests of one connection, one after the other."""

    note_refusal: NoteRefusal

    async def _server_request_loop(self, delegate: HTTPServerConnectionDelegate) -> None:
        try:
            is_open = True
            while is_open:
                connection = RequestConnection(self)
                try:
                    is_open = await connection.read_response(delegate.start_request(self, connection))
                except (StreamClosedError, UnsatisfiableReadError, asyncio.CancelledError):
                    return
                except Exception:
                    log.exception("connection_failed")
                    connection.close()
                    return
                await asyncio.sleep(0)
        finally:
            delegate.on_close(self)


class Http1Server(HTTPServer):
    """Tornado's server with connections of this module.

    Attributes:
        note_refusal: Called with each refusal that no handler has sent.
    """

    note_refusal: NoteRefusal

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        context = _HTTPRequestContext(stream, address, self.protocol, self.trusted_downstream)
        connection = _ServedConnection(stream, self.conn_params, context)
        connection.note_refusal = self.note_refusal
        self._connections.add(connection)
        connection.start_serving(self)
