"""`GET /ingest/{id}/ws`: audio in over a WebSocket (RFC 6455), from a browser, which cannot stream a POST.

Binary messages. When the first one is an OpusHead (RFC 7845 section 5.1), each further one is an Opus packet,
as a browser's `AudioEncoder` gives them; pages are made of them here. Otherwise they are pieces of an Ogg
stream, as `MediaRecorder` gives it. Either way it is a source like any other.

The key is checked before the upgrade is accepted. A browser's WebSocket can set no header but the list of
subprotocols, so the key is in that: "audiocast", then the key. It is neither in a URL nor sent back. A
browser hides the status of a refused upgrade from the page; a plain GET with the same key gets the status
that the upgrade would, and 426 if the key is good. A source that is refused later is closed with 4000 + the
status that ingest would have answered, and a reason that begins with the error's code. The server's one
message, a text, says whether the source stands by: {"standby": true}.
"""

import contextlib
import secrets
from collections.abc import Awaitable
from urllib.parse import urlsplit

import structlog
from tornado.websocket import WebSocketClosedError

from audiocast import __version__
from audiocast.ogg.errors import BadPacket, OggError
from audiocast.ogg.headers import OpusHead, OpusTags, is_opus_head
from audiocast.ogg.writer import PageWriter
from audiocast.stream.errors import NotOpus, SourceBanned, StreamError
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Claims
from audiocast.web.http.bans.bans import MESSAGE
from audiocast.web.http.clients import Holding, Lease
from audiocast.web.http.credentials import SUBPROTOCOL, is_upgrade
from audiocast.web.http.errors import BEARER, ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.masked_websocket import MaskedWebSocketHandler
from audiocast.web.public.access.source_claims import source_claims
from audiocast.web.public.intake import Intake, admit_source, check_source, count_refusal

log = structlog.get_logger()

# A packet has at most 61,440 (RFC 7845 section 6); of Ogg that is 5 s at 96 kbit/s.
MAX_MESSAGE_BYTES = 65_536

# Finds browsers that are gone without a close frame, and keeps proxies from closing an idle connection.
PING_SECONDS = 10.0

# Codes from here on are for applications (RFC 6455 section 7.4.2).
CLOSE_CODES = 4000

# RFC 6455 section 5.5: a control frame holds 125, two of them the code.
MAX_REASON_BYTES = 123

SERIAL_BITS = 32
TAGS = OpusTags(vendor=f"audiocast {__version__}, encoded by a browser")


class OggMessages:
    """Turns messages into an Ogg stream, unless they are pieces of one."""

    def __init__(self) -> None:
        self._writer: PageWriter | None = None
        self._has_begun = False

    def to_ogg(self, message: bytes | str) -> bytes:
        """Return the bytes of the Ogg stream that a message stands for.

        Raises:
            NotOpus: The message is a text.
            audiocast.ogg.errors.OggError: It is not the packet that is due.
        """
        if isinstance(message, str):
            raise NotOpus("expected binary messages, got a text")
        if self._writer is not None:
            return self._writer.audio([message])
        if self._has_begun or not is_opus_head(message):
            self._has_begun = True
            return message
        self._writer = PageWriter(secrets.randbits(SERIAL_BITS))
        return self._writer.headers(OpusHead.parse(message), TAGS)


class IngestSocketHandler(MaskedWebSocketHandler, PublicHandler):
    """One source, which sends messages."""

    # Not long-lived for the request log: to Tornado, the request ends with the upgrade.
    metric_label = "IngestSocket"
    answers_plain_http = True

    _hub: Hub
    _claims: Claims
    _has_key = False
    _intake: Intake | None = None
    _lease = Lease(None)

    @property
    def max_message_size(self) -> int:
        """Bound of a message, bytes; a larger one ends the connection with 1009."""
        return MAX_MESSAGE_BYTES

    @property
    def ping_interval(self) -> float:
        """Seconds from ping to ping, and how long an answer may take before the connection is closed."""
        return PING_SECONDS

    async def prepare(self) -> None:
        """Check origin and key before any upgrade."""
        super().prepare()
        if self.request.method not in ("GET", "HEAD"):
            return
        stream_id = self.checked_id(self.path_args[0])
        # HEAD asks what a GET would be answered, and upgrades nothing.
        upgrade = is_upgrade(self.request) and self.request.method == "GET"
        try:
            self._check_origin()
            if upgrade:
                self._check_handshake()
            self._claims = await source_claims(self, stream_id)
            self._has_key = True
            self._lease = self.services.clients.acquire(self.request, Holding.SOURCES)
            if upgrade:
                self._hub = admit_source(self.services, stream_id, self._claims)
            else:
                check_source(self.services, stream_id, self._claims)
        except (ApiError, StreamError) as error:
            self._lease.release()
            refusal = _refusal_of(error)
            if upgrade:
                count_refusal(self.services, stream_id, refusal, has_key=self._has_key)
            raise refusal from error
        if not upgrade:
            self._lease.release()
            raise ApiError(426, "upgrade_required", "expected a WebSocket; the key is good")

    def check_origin(self, origin: str) -> bool:
        """Return whether a page of this origin may connect: one of ours, under whatever name it was opened.

        The key protects the stream, and no browser adds one by itself, as it would a cookie. Still, no other
        site has a reason to connect here with the browsers of its visitors.
        """
        ours = {self.request.host, urlsplit(self.services.urls.base(self.request)).netloc}
        try:
            named = urlsplit(origin).netloc
        except ValueError:
            # There are brackets in it, and no IPv6 address in them.
            return False
        return named.lower() in {host.lower() for host in ours}

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Select ours: browsers close a connection that selects none of those they have named."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def open(self, *_: str) -> None:
        self._messages = OggMessages()
        self._intake = Intake(
            self.services,
            self.limits,
            self._hub,
            self._claims,
            self.request,
            dismiss=self._refuse,
            tell_standby=self._tell_standby,
        )
        self.services.bans.watch(
            self.request,
            is_open=lambda: self._intake is not None,
            end=lambda: self._refuse(SourceBanned(MESSAGE)),
        )
        log.info("source_connected", stream_id=self._hub.stream_id, websocket=True)

    def on_message(self, message: bytes | str) -> Awaitable[None] | None:
        """Feed the source; messages after a refusal are discarded.

        Returns:
            What Tornado waits for before it reads the next message, if the feed takes long. It would make a
            task of a coroutine, so there is none for the usual message.
        """
        if self._intake is None:
            return None
        try:
            rest = self._feed(self._intake, message)
        except (OggError, StreamError) as error:
            self._refuse(error)
            return None
        return self._finish_feed(rest) if rest is not None else None

    def _tell_standby(self, is_standby: bool) -> None:
        """Say to the page, as a text message of JSON, whether its sound is heard."""
        if self._intake is not None:
            with contextlib.suppress(WebSocketClosedError):
                self.write_message({"standby": is_standby})

    def on_close(self) -> None:
        self._close_intake()

    def _feed(self, intake: Intake, message: bytes | str) -> Awaitable[None] | None:
        try:
            data = self._messages.to_ogg(message)
        except BadPacket as error:
            intake.drop(error)
            return None
        return intake.feed(data)

    async def _finish_feed(self, rest: Awaitable[None]) -> None:
        try:
            await rest
        except (OggError, StreamError) as error:
            self._refuse(error)

    def _check_origin(self) -> None:
        origin = self.request.headers.get("Origin")
        if origin is not None and not self.check_origin(origin):
            raise ApiError(
                403, "foreign_origin", f"expected a page of this server, got one of {origin[:100]}"
            )

    def _check_handshake(self) -> None:
        """Check what Tornado would refuse in words of its own (RFC 6455 section 4.2.1).

        Raises:
            ApiError: 400 or 426.
        """
        headers = self.request.headers
        if "upgrade" not in (each.strip().lower() for each in headers.get("Connection", "").split(",")):
            raise ApiError(400, "bad_upgrade", "expected Connection: Upgrade beside Upgrade: websocket")
        if headers.get("Sec-WebSocket-Version") != "13":
            raise ApiError(426, "upgrade_required", "expected version 13 of the WebSocket protocol")
        if not headers.get("Sec-WebSocket-Key"):
            raise ApiError(400, "bad_upgrade", "expected a Sec-WebSocket-Key")

    def _refuse(self, error: OggError | StreamError) -> None:
        if self._intake is None:
            return
        refusal = _refusal_of(error)
        count_refusal(self.services, self._hub.stream_id, refusal, has_key=True)
        self._close_intake()
        reason = f"{refusal.code}: {refusal.message}".encode()[:MAX_REASON_BYTES]
        self.close(CLOSE_CODES + refusal.status, reason.decode(errors="ignore"))

    def _close_intake(self) -> None:
        self._lease.release()
        intake, self._intake = self._intake, None
        if intake is not None:
            intake.close()


def _refusal_of(error: ApiError | OggError | StreamError) -> ApiError:
    """Return an error as one of HTTP, challenged with Bearer: for Basic, browsers show their own dialog."""
    known = ApiError.of(error) or ApiError.of_status(500)
    return ApiError(known.status, known.code, known.message, challenge=BEARER)
