"""What handlers work with. The composition root makes it; handlers read and call it, and set none of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from audiocast.cluster.drain import Drain
from audiocast.cluster.hls_router import HlsRouter
from audiocast.cluster.node import Node
from audiocast.cluster.stream_directory import StreamDirectory
from audiocast.formats.conversions import Conversions
from audiocast.formats.encoding.encodings import Encodings
from audiocast.hls.muxer import HlsMuxers
from audiocast.stream.admission import Admission
from audiocast.stream.keys import Keys, ListStreams
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.registry import Registry
from audiocast.telemetry.audience_log.keeper import AudienceKeeper
from audiocast.web.http.access.auth_hook import AuthHook
from audiocast.web.http.access.listen_authority import ListenAuthority
from audiocast.web.http.access.listen_gate import ListenGate
from audiocast.web.http.access.listener_limits import ListenerLimits
from audiocast.web.http.access.tenants import Tenants
from audiocast.web.http.addresses.trusted_proxies import TrustedProxies
from audiocast.web.http.aliases import Aliases
from audiocast.web.http.bans.bans import Bans
from audiocast.web.http.clients import Clients
from audiocast.web.http.last_refusals import LastRefusals
from audiocast.web.http.state_feed import StateFeeds
from audiocast.web.http.urls import Urls

if TYPE_CHECKING:
    # Not loaded by a server that records nothing.
    from audiocast.recordings.service import Recordings


@dataclass(slots=True, frozen=True)
class Services:
    """The parts of one node.

    Attributes:
        streams: All streams that are known here.
        keys: Makes and checks ingest keys.
        urls: Makes absolute URLs.
        metrics: What `/metrics` exports.
        api_tokens: One of them is needed to start a stream; none: anyone may.
        node: This member of the cluster.
        drain: Leaves the cluster.
        directory: What all members know of streams.
        admission: Decides which listeners fit.
        hls_muxers: Streams as HLS, made here.
        hls_router: Finds the member that makes a stream's HLS.
        encodings: Streams in other formats, made here.
        state_feeds: States of streams, for pages that watch them.
        clients: Who asks, and how much each may have.
        audience: Who listens and who did.
        bans: Who may use the public port at all.
        stalled_seconds: Returns for how long this server has stood still since it started.
        version: Version of the server.
        aliases: Paths that streams had at an Icecast server.
        conversions: Sources in other formats.
        listener_limits: Listeners of one stream at a time.
        tenants: Who has an API token with a share.
        listen_gate: Whom private streams are there for.
        listen_authority: Who else lets listeners in.
        source_hook: Decides whether a source without an ingest key may come; None: it may not.
        recordings: What is recorded here; None: this server keeps none.
        list_streams: Which streams everybody may find.
        last_refusals: Why sources with a good key were refused here.
        started_at: When the server started, unix seconds.
    """

    streams: Registry
    keys: Keys
    urls: Urls
    metrics: CollectorRegistry
    api_tokens: tuple[str, ...]
    node: Node
    drain: Drain
    directory: StreamDirectory
    admission: Admission
    hls_muxers: HlsMuxers
    hls_router: HlsRouter
    state_feeds: StateFeeds
    clients: Clients
    audience: AudienceKeeper
    stalled_seconds: Callable[[], float]
    version: str
    listen_gate: ListenGate
    conversions: Conversions
    listener_limits: ListenerLimits
    tenants: Tenants
    listen_authority: ListenAuthority
    encodings: Encodings
    source_hook: AuthHook | None = None
    bans: Bans = field(default_factory=lambda: Bans(TrustedProxies(())))
    recordings: "Recordings | None" = None
    aliases: Aliases = field(default_factory=Aliases)
    list_streams: ListStreams = ListStreams.OPT_IN
    last_refusals: LastRefusals = field(default_factory=LastRefusals)
    started_at: float = field(default_factory=time.time)

    def end_streams(self) -> None:
        """End every stream that is on, in all formats: this server stops."""
        self.streams.end_all()
        self.encodings.close()

    def now(self) -> float:
        """Return the time of the streams' clock, seconds."""
        return self.streams.clock.time()


@dataclass(slots=True, frozen=True)
class Limits:
    """Plain numbers from the settings.

    Attributes:
        preroll_seconds: Backlog that a listener gets unless it asks otherwise.
        header_wait_seconds: How long a listener waits for a stream that is not on.
        first_audio_seconds: How long a source may be connected before its first audio.
        max_ingest_kbps: Rate of a source; 0: no bound.
        ingest_lead_seconds: How far ahead of real time a source may be.
    """

    preroll_seconds: float
    header_wait_seconds: float
    first_audio_seconds: float
    max_ingest_kbps: int
    ingest_lead_seconds: float

    def allowed_kbps(self, key_max_kbps: int) -> int:
        """Return the rate of a source whose key allows so much; 0: no bound."""
        return min((kbps for kbps in (self.max_ingest_kbps, key_max_kbps) if kbps), default=0)

    def source_rate(
        self, key_max_kbps: int, factor: int = 1, *, now: float, stalled_seconds: Callable[[], float]
    ) -> RateLimit:
        """Return the bounds of one source.

        Args:
            key_max_kbps: What the source's key allows; 0: the key says nothing.
            factor: How many times as many bytes may come, since they are of lossless sound.
            now: Time of the streams' clock, seconds.
            stalled_seconds: See `Services`.
        """
        return RateLimit(
            max_kbps=factor * self.allowed_kbps(key_max_kbps),
            lead_seconds=self.ingest_lead_seconds,
            now=now,
            stalled_seconds=stalled_seconds,
        )


@dataclass(slots=True)
class Readiness:
    """Whether new requests should come to this server.

    Attributes:
        is_serving: False while the server starts, drains or stops.
        can_accept: Says whether the public port accepts connections.
    """

    is_serving: bool = False
    can_accept: Callable[[], bool] = lambda: True

    @property
    def is_ready(self) -> bool:
        """Whether the server serves and can accept."""
        return self.is_serving and self.can_accept()
