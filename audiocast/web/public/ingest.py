"""`POST`, `PUT` and `SOURCE /ingest/{id}`: audio in, chunked or with no framing at all (bytes until close).

`SOURCE` is what Icecast's clients sent before it accepted `PUT`, and many still do. They wait for `200`
before their first byte, as Icecast answers, and so do some that send `POST` (Liquidsoap). Hence `SOURCE` is
answered at once, and so is any other source that sends nothing for a moment. The library of most clients
(libshout) asks once without credentials, and reads from the refusal which methods are allowed.

Credentials are checked before `100 Continue` and before a byte of the body is read. A source that is refused
while it still sends gets the whole answer first, and for a moment its bytes are discarded: if the server
closed at once, the kernel would send a reset, and the encoder could not read why.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import cast

import structlog
from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from audiocast.ogg.errors import OggError
from audiocast.stream.errors import SourceBanned, SourceError, StreamError
from audiocast.web.contract.responses import Received
from audiocast.web.http.bans.bans import MESSAGE
from audiocast.web.http.body.body_reader import BodyReader, UnframedBody
from audiocast.web.http.clients import Holding, Lease
from audiocast.web.http.connections import LINGER_BYTES, LINGER_SECONDS, discard_input
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.http1 import RequestConnection
from audiocast.web.http.public_connection import PublicConnection
from audiocast.web.http.raw_response import SERVER_NAME, error_response, response_head
from audiocast.web.public.access.source_claims import source_claims
from audiocast.web.public.intake import Intake, admit_source, count_refusal

log = structlog.get_logger()

JSON = "application/json; charset=UTF-8"

# A source may run for months; Tornado's own bounds are made for documents, and cover the whole body.
# What programs that have no length write for "until close" is the greatest number of theirs.
UNBOUNDED_BYTES = (1 << 63) - 1
UNBOUNDED_SECONDS = 100 * 365 * 86400.0

SOURCE_METHODS = ("POST", "PUT", "SOURCE")

# A source that sends nothing for so long waits for an answer. One that sends is answered at its end.
EARLY_RESPONSE_SECONDS = 0.5


@stream_request_body
class IngestHandler(PublicHandler):
    """One source, which sends a body without end."""

    metric_label = "Ingest"
    is_long_lived = True

    SUPPORTED_METHODS = (*PublicHandler.SUPPORTED_METHODS, "SOURCE")

    _intake: Intake | None = None
    _lease = Lease(None)
    _stream_id = ""
    _probe_error: ApiError | StreamError | None = None
    _refusal: ApiError | None = None
    _raw: PublicConnection | None = None
    _has_early_response = False
    _has_key = False
    _received_bytes = 0
    _lingered_bytes = 0
    _refusing: asyncio.Future[None] | None = None
    _early_response_timer: asyncio.TimerHandle | None = None

    async def prepare(self) -> None:
        """Check the key and admit the source, before its body is read."""
        if self.request.method == "OPTIONS":
            return
        if self.request.method not in SOURCE_METHODS:
            raise ApiError(405, "method_not_allowed", f"expected POST or PUT, got {self.said_method}")
        self._connection.body_sink = self._receive
        self._connection.defer_read = self._defer_read
        self._connection.refuse_body = self._refuse_body
        try:
            self.check_bounds()
            await self._open(self.path_args[0])
        except (ApiError, StreamError) as error:
            if self.request.headers.get("Content-Length") == "0":
                self._probe_error = error
            else:
                await self._refuse(error)

    def data_received(self, chunk: bytes) -> None:
        """Discard a body that belongs to no source."""

    async def post(self, _: str) -> None:
        """End a framed body, or read an unframed one to its end."""
        if self._probe_error is not None:
            # A client that asks what is required, and comes back on the same connection. Tornado closes a
            # connection that it answers before the body, even an empty one, is read.
            raise self._probe_error
        if self._refusal is not None:
            if self._is_unframed():
                await discard_input(self._connection.stream, LINGER_BYTES - self._lingered_bytes)
            self._finish_refusal()
            return
        if self._is_unframed():
            await self._read_until_close()
            return
        try:
            await self._finish_source()
        except (OggError, StreamError) as error:
            await self._refuse(error)
            self._finish_refusal()
            return
        if self._refusing is not None:
            # While the last of it was converted.
            await self._refusing
            self._finish_refusal()
        elif not self._finished:
            self.write_json(self._summary())

    put = source = post

    def on_finish(self) -> None:
        self._close()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._close()

    async def _open(self, stream_id: str) -> None:
        self._stream_id = self.checked_id(stream_id)
        claims = await source_claims(self, stream_id)
        self._has_key = True
        self._lease = self.services.clients.acquire(self.request, Holding.SOURCES)
        hub = admit_source(self.services, stream_id, claims)
        self._intake = Intake(
            self.services, self.limits, hub, claims, self.request, dismiss=self._refuse_later
        )
        self.services.bans.watch(
            self.request,
            is_open=lambda: self._intake is not None,
            end=lambda: self._refuse_later(SourceBanned(MESSAGE)),
        )
        self._connection.set_max_body_size(UNBOUNDED_BYTES)
        self._connection.set_body_timeout(UNBOUNDED_SECONDS)
        self._early_response_timer = asyncio.get_running_loop().call_later(
            EARLY_RESPONSE_SECONDS, self._send_early_response
        )
        log.info("source_connected", stream_id=stream_id, unframed=self._is_unframed())

    @property
    def _connection(self) -> RequestConnection:
        return cast(RequestConnection, self.request.connection)

    def _is_unframed(self) -> bool:
        headers = self.request.headers
        return "Transfer-Encoding" not in headers and "Content-Length" not in headers

    def _expects_continue(self) -> bool:
        return self.request.headers.get("Expect", "").lower() == "100-continue"

    def _receive(self, data: bytes) -> Awaitable[None] | None:
        """Feed the source with the next bytes of a framed body."""
        if self._refusal is not None or self._refusing is not None:
            self._linger(len(data))
            return None
        try:
            rest = self._feed(data)
        except (OggError, StreamError) as error:
            self._refuse_later(error)
            return None
        return self._finish_feed(rest) if rest is not None else None

    async def _finish_feed(self, rest: Awaitable[None]) -> None:
        try:
            await rest
        except (OggError, StreamError) as error:
            self._refuse_later(error)

    def _receive_unframed(self, data: bytes) -> Awaitable[None] | None:
        """Feed the source with the next bytes of an unframed body.

        Raises:
            ApiError: The source was refused meanwhile.
            audiocast.stream.errors.StreamError: See `Intake.feed`.
            audiocast.ogg.errors.OggError: Likewise.
        """
        if self._refusal is not None:
            raise self._refusal
        return self._feed(data)

    def _defer_read(self, read: Callable[[], None]) -> bool:
        return self._intake is not None and self._intake.defer_read(read)

    def _feed(self, data: bytes) -> Awaitable[None] | None:
        """Feed the source; see `Intake.feed`."""
        assert self._intake is not None
        self._received_bytes += len(data)
        return self._intake.feed(data)

    async def _finish_source(self) -> None:
        if self._intake is not None:
            await self._intake.finish()

    def _summary(self) -> Received:
        return {"stream_id": self._stream_id, "received_bytes": self._received_bytes}

    async def _read_until_close(self) -> None:
        """Feed the source with raw bytes until the encoder closes; no answer can be sent after that."""
        raw = self._raw = cast(PublicConnection, self.detach())
        try:
            if self.request.method == "SOURCE":
                self._send_early_response()
            await BodyReader(raw, UnframedBody(), self._receive_unframed, defer=self._defer_read).read()
        except ApiError:
            # It is sent; what still comes is discarded.
            pass
        except StreamClosedError:
            if self._intake is not None:
                await self._finish_unframed()
        except (OggError, StreamError) as error:
            await self._refuse(error)
        finally:
            self._close()
        if self._refusal is not None:
            await discard_input(raw, LINGER_BYTES - self._lingered_bytes)
        raw.close()

    def _send_early_response(self) -> None:
        """Answer 200, so that the source starts. What is sent later, even an error, is in the body."""
        if (
            self._has_early_response
            or self._received_bytes
            or self._refusal is not None
            or self._expects_continue()
        ):
            return
        self._has_early_response = True
        with contextlib.suppress(StreamClosedError):
            if self._raw is not None:
                # In the version of the request: DarkIce takes no other "200" than HTTP/1.0's.
                fields = {"Server": SERVER_NAME, "Content-Type": JSON}
                self._raw.write(response_head(200, fields, version=self.request.version))
            else:
                self.set_header("Connection", "close")
                self.set_header("Content-Type", JSON)
                self.flush()

    async def _finish_unframed(self) -> None:
        try:
            await self._finish_source()
        except (OggError, StreamError) as error:
            refusal = ApiError.of(error) or ApiError.of_status(400)
            count_refusal(self.services, self._stream_id, refusal, has_key=True)

    async def _refuse_body(self, error: ApiError) -> None:
        """Refuse a source whose chunks cannot be read; see `RequestConnection.refuse_body`."""
        await self._refuse(error)
        await discard_input(self._connection.stream, LINGER_BYTES - self._lingered_bytes)
        self._finish_refusal()

    def _refuse_later(self, error: SourceError | OggError | StreamError) -> None:
        if self._refusing is None:
            self._refusing = asyncio.ensure_future(self._refuse(error))

    async def _refuse(self, error: Exception) -> None:
        """Send the whole answer now; the request ends when the encoder closes, or a moment later."""
        if self._refusal is not None or (self._finished and self._raw is None):
            return
        refusal = self._refusal = ApiError.of(error) or ApiError.of_status(500)
        count_refusal(self.services, self._stream_id, refusal, has_key=self._has_key)
        self._close()
        try:
            if self._raw is not None:
                await self._raw.write(refusal.body if self._has_early_response else error_response(refusal))
                self._raw.end_output()
                return
            if not self._has_early_response:
                self._set_refusal_headers(refusal)
            self.write(refusal.body)
            await self.flush()
        except (StreamClosedError, OSError):
            return
        if self._expects_continue() and not self._received_bytes:
            # The encoder waits and has sent nothing, so there will be no reset.
            self._finish_refusal()
        else:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._finish_refusal)

    def _set_refusal_headers(self, refusal: ApiError) -> None:
        self.set_status(refusal.status)
        for name, value in refusal.headers.items():
            self.set_header(name, value)
        self.set_header("Allow", self.allowed_methods)
        self.set_header("Connection", "close")
        self.set_header("Content-Type", JSON)
        self.set_header("Content-Length", str(len(refusal.body)))

    def _finish_refusal(self) -> None:
        if not self._finished:
            self.finish()

    def _linger(self, size_bytes: int) -> None:
        self._lingered_bytes += size_bytes
        if self._lingered_bytes > LINGER_BYTES:
            self._finish_refusal()

    def _close(self) -> None:
        if self._early_response_timer is not None:
            self._early_response_timer.cancel()
        self._lease.release()
        intake, self._intake = self._intake, None
        if intake is not None:
            intake.close()
