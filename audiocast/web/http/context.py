"""What handlers work with: made by the composition root, read by handlers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from audiocast.cluster.drain import Drain
from audiocast.cluster.hls_router import Packaging
from audiocast.cluster.node import Node
from audiocast.cluster.signature import Signer
from audiocast.cluster.stream_directory import Answers
from audiocast.hls.muxer import HlsMuxers
from audiocast.stream.admission import Admission
from audiocast.stream.keys import Keys
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.registry import Registry
from audiocast.web.http.urls import Links


@dataclass(slots=True)
class Context:
    """One node's parts and plain limits.

    Attributes:
        streams: All streams.
        keys: Makes and checks ingest keys.
        links: Makes links.
        metrics: What `/metrics` gives.
        api_tokens: One of them starts a stream; none: anyone may.
        node: This member of the cluster.
        drain: Leaves the cluster.
        answers: What all members know of streams.
        signer: Checks what other members ask; None: there are none.
        version: Of the server.
        preroll_seconds: What a listener gets unless it asks otherwise.
        header_wait_seconds: How long a listener waits for a stream that is not on.
        first_audio_seconds: How long a source may be connected before its first audio.
        admission: Lets listeners in.
        hls_muxers: Streams as HLS.
        packaging: The same at other members.
        max_watchers: Event streams of pages at a time.
        max_ingest_kbps, ingest_lead_seconds: See `audiocast.stream.rate_limit.RateLimit`.
        ready: Whether new requests should come here.
        watchers: Open event streams of pages.
        started_at: When the server started, unix seconds.
    """

    streams: Registry
    keys: Keys
    links: Links
    metrics: CollectorRegistry
    api_tokens: tuple[str, ...]
    node: Node
    signer: Signer | None
    drain: Drain
    answers: Answers
    version: str
    preroll_seconds: float
    header_wait_seconds: float
    first_audio_seconds: float
    admission: Admission
    hls_muxers: HlsMuxers
    packaging: Packaging
    max_watchers: int
    max_ingest_kbps: int
    ingest_lead_seconds: float
    ready: bool = False
    watchers: int = 0
    started_at: float = field(default_factory=time.time)

    @property
    def clock(self) -> Callable[[], float]:
        """Give the time of the streams' clock."""
        return self.streams.clock.time

    def rate_limit(self, max_kbps: int) -> RateLimit:
        """Give the bounds of a source whose key allows `max_kbps` (0: says nothing)."""
        allowed = [kbps for kbps in (self.max_ingest_kbps, max_kbps) if kbps]
        return RateLimit(
            max_kbps=min(allowed, default=0), lead_seconds=self.ingest_lead_seconds, now=self.clock()
        )
