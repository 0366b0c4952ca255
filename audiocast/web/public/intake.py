"""One source, whatever carries its bytes: from a key that was checked until the source disconnects.

Ingest over HTTP and over a WebSocket share it. How bytes arrive and how a refusal is sent is their own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import structlog
from tornado.httputil import HTTPServerRequest

from audiocast.ogg.errors import OggError
from audiocast.stream.errors import BadKey, BetterSource, NoAudio, ShuttingDown, StreamError
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Claims
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.stream.standby.rank import SourceRank
from audiocast.web.http.access.audit import audit
from audiocast.web.http.bans.bans import BANNED
from audiocast.web.http.clients import Holding
from audiocast.web.http.errors import CLIENT_LIMIT, ApiError
from audiocast.web.http.services import Limits, Services
from audiocast.web.public.conversion.entry import SourceEntry

log = structlog.get_logger()

# The loop is always a little late.
MIN_STALL_SECONDS = 1.0

# The time of day may be set meanwhile, so a key's expiry is looked at this often at the least.
EXPIRY_CHECK_SECONDS = 60.0


def admit_source(services: Services, stream_id: str, claims: Claims) -> Hub:
    """Return the stream that a source with this key may send to.

    Raises:
        audiocast.stream.errors.StreamError: The server stops, or the key is not valid any more.
    """
    check_source(services, stream_id, claims)
    audit("send", stream_id=stream_id, token_tag=claims.token_tag, generation=claims.generation)
    hub = services.streams.open(stream_id, claims.title)
    if hub.source is not None and hub.source.rank.priority < claims.priority:
        # It stands by; what the stream shows is the better source's.
        return hub
    hub.claims = replace(claims, visibility=services.list_streams.visibility(claims.visibility))
    return hub


def check_source(services: Services, stream_id: str, claims: Claims) -> None:
    """Check that a source with this key would be admitted now, and change nothing.

    Raises:
        audiocast.stream.errors.StreamError: See `admit_source`.
    """
    if services.node.is_draining:
        raise ShuttingDown("this server stops; connect again with the same key")
    services.streams.check_room(stream_id)
    services.tenants.check_share(stream_id, claims.share)
    services.streams.admit(stream_id, claims.generation)
    check_priority(services, stream_id, claims)


def check_priority(services: Services, stream_id: str, claims: Claims) -> None:
    """Check that this server can let a source with this key stand by, if another one is heard.

    Raises:
        BetterSource: Members of a cluster do not; the source is to come again when the other one is away.
    """
    node = services.node
    if claims.priority == 0 or node.is_alone:
        return
    hub = services.streams.get(stream_id)
    if (hub is not None and hub.source is not None) or node.peers.is_listed(stream_id):
        raise BetterSource("expected to be the only source, got one that is heard; connect again later")


def count_refusal(services: Services, stream_id: str, refusal: ApiError, *, has_key: bool) -> None:
    """Count and log that a source was refused; not one by one, if its client is over a budget or banned.

    Args:
        services: The parts of this node.
        stream_id: What the source was for.
        refusal: Why.
        has_key: The source had a key of the stream: its broadcaster is to be told.
    """
    services.streams.counters.refuse(refusal.code)
    if has_key:
        services.last_refusals.note(stream_id, refusal)
    if refusal.code in (CLIENT_LIMIT, BANNED):
        return
    log.info("source_refused", stream_id=stream_id, error=refusal.code, message=refusal.message[:200])


class Intake:
    """One source.

    Args:
        services: The parts of this node.
        limits: Bounds of the source's rate, and of the time to its first audio.
        hub: The source's stream, as `admit_source` returned it.
        claims: What the source's key allows.
        request: What the source came with.
        dismiss: Called when the source must stop for a reason that is not in its bytes: a newer source, the
            end of the stream, no audio in time, a key that has expired. Never called from within a method of
            this class.
        tell_standby: Called when the source begins to stand by, and when it is heard after that.
    """

    def __init__(
        self,
        services: Services,
        limits: Limits,
        hub: Hub,
        claims: Claims,
        request: HTTPServerRequest,
        *,
        dismiss: Callable[[StreamError | OggError], None],
        tell_standby: Callable[[bool], None] = lambda is_standby: None,
    ) -> None:
        self._services = services
        self._now = services.streams.clock.time
        self._feed_scheduler = services.streams.feed_scheduler
        self._read_pacer = services.streams.read_pacer
        self._hub = hub
        self._expires_at = claims.expires_at
        self._first_audio_seconds = limits.first_audio_seconds
        self._dismiss = dismiss
        self._is_closed = False
        self._stalled_seconds = services.stalled_seconds()
        self._rate_limit = limits.source_rate(
            claims.max_kbps, now=services.now(), stalled_seconds=services.stalled_seconds
        )
        self._source = Source(
            hub,
            source_id=SourceId.new(newer_than=hub.source_id),
            rate_limit=self._rate_limit,
            generation=claims.generation,
            dismiss=dismiss,
            rank=SourceRank(claims.priority, tell_standby),
        )
        # Until it is known that the source sends Ogg Opus; after that, None.
        self._entry: SourceEntry | None = SourceEntry(
            services.conversions,
            request.headers.get("Content-Type", ""),
            hub.stream_id,
            rate_limit=partial(
                limits.source_rate,
                claims.max_kbps,
                now=services.now(),
                stalled_seconds=services.stalled_seconds,
            ),
            allowed_kbps=limits.allowed_kbps(claims.max_kbps),
            acquire=partial(services.clients.acquire, request, Holding.CONVERTED_SOURCES),
            now=self._now,
            feed_opus=self._feed_opus,
            publish=self._feed_pages,
            drop=self.drop,
            dismiss=dismiss,
        )
        hub.users += 1
        if claims.fallback and services.node.is_alone:
            services.streams.loops.prepare(hub, claims.fallback)
        self._disconnect = services.node.connect_source(hub, self._source)
        self._leave_share = services.tenants.connect(hub.stream_id, claims.share)
        self._expiry: asyncio.TimerHandle | None = None
        self._watch_expiry()
        self._first_audio = asyncio.get_running_loop().call_later(
            limits.first_audio_seconds, self._check_first_audio
        )

    def feed(self, data: bytes) -> Awaitable[None] | None:
        """Pass on the next bytes of the source.

        Returns:
            None when all pages of them are published, else what to wait for before the next bytes are read.
            After `close`, that comes to its end too, and nothing more is published.

        Raises:
            audiocast.stream.errors.StreamError: See `Source.receive` and `Source.process`; from here, or
                from what is returned.
            audiocast.ogg.errors.OggError: Likewise.
        """
        return self._feed_pages(data) if self._entry is None else self._entry.feed(data)

    def _feed_opus(self, data: bytes) -> Awaitable[None] | None:
        """Pass on the first bytes of a source that is to be read as Ogg Opus."""
        self._entry = None
        return self._feed_pages(data) if data else None

    def _feed_pages(self, data: bytes) -> Awaitable[None] | None:
        source = self._source
        source.receive(data, self._now())
        rest = self._feed_scheduler.run(source.step)
        return self._feed_rest(rest) if rest is not None or self._rate_limit.has_to_wait else None

    def defer_read(self, read: Callable[[], None]) -> bool:
        """Have the source read later, together with others, unless somebody waits for its pages.

        Args:
            read: Called once, if this returns True.
        """
        hub = self._hub
        seconds = hub.read_seconds
        if not seconds or hub.deferred_read.is_early or hub.source is not self._source:
            return False
        hub.deferred_read = self._read_pacer.add(read, seconds)
        return True

    async def _feed_rest(self, rest: Awaitable[None] | None) -> None:
        if rest is not None:
            await rest
        wait_seconds = self._rate_limit.take_wait_seconds()
        if wait_seconds:
            await asyncio.sleep(wait_seconds)

    def drop(self, error: OggError) -> None:
        """Go on without a packet that is damaged; see `Source.drop`."""
        self._source.drop(error)

    async def finish(self) -> None:
        """End the source; all of it is fed.

        Raises:
            audiocast.stream.errors.StreamError: See `Source.finish`.
            audiocast.ogg.errors.OggError: Likewise.
        """
        rest = self._entry.finish() if self._entry is not None else None
        if rest is not None:
            await rest
        if not self._is_closed:
            self._source.finish()

    def close(self) -> None:
        """Detach the source, whatever the reason. No method is called after it."""
        self._is_closed = True
        if self._entry is not None:
            self._entry.close()
        self._first_audio.cancel()
        if self._expiry is not None:
            self._expiry.cancel()
        self._disconnect()
        self._leave_share()
        self._source.detach()
        if self._source.faults:
            log.warning("source_damaged", stream_id=self._hub.stream_id, dropped=dict(self._source.faults))
        self._hub.users -= 1

    def _watch_expiry(self) -> None:
        """Look at the key's expiry when it is due."""
        if self._expires_at:
            left_seconds = max(0.0, self._expires_at - time.time())
            self._expiry = asyncio.get_running_loop().call_later(
                min(left_seconds, EXPIRY_CHECK_SECONDS), self._check_expiry
            )

    def _check_expiry(self) -> None:
        if time.time() >= self._expires_at:
            self._dismiss(BadKey("the ingest key has expired"))
        else:
            self._watch_expiry()

    def _check_first_audio(self) -> None:
        if self._source.has_audio:
            return
        # While the server stood still, audio may have come, and waits to be read.
        stalled_seconds = self._services.stalled_seconds()
        late_seconds, self._stalled_seconds = stalled_seconds - self._stalled_seconds, stalled_seconds
        if late_seconds >= MIN_STALL_SECONDS:
            self._first_audio = asyncio.get_running_loop().call_later(late_seconds, self._check_first_audio)
        else:
            self._dismiss(
                NoAudio(
                    f"expected audio within {self._first_audio_seconds:g} s, got none{self._source.damage}"
                )
            )
