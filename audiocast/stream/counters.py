"""Numbers of one node. The hot path only adds to them; they are read when metrics are asked for."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate

DELAY_BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
HLS_KINDS = ("playlist", "init", "segment", "part")
JITTER_BOUNDS_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Histogram:
    """Counts of values between fixed bounds.

    Args:
        bounds: Upper bounds, rising; a value equal to a bound counts below it, as in Prometheus.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.sum = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> list[tuple[str, float]]:
        """Return (upper bound as text, values up to it), ending with "+Inf": Prometheus's buckets."""
        names = [*(str(bound) for bound in self.bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True))


@dataclass(slots=True)
class Counters:
    """Everything that is counted on one node; gauges are marked, the rest only grows.

    Attributes:
        listeners: Open listeners (gauge).
        sources: Sources that have brought audio and are still connected (gauge).
        joins: Listeners that joined.
        skips: Moves of a slow listener to the newest page.
        stalls: Listeners that were closed because they took nothing for too long.
        disconnects: Listeners whose connection was gone.
        sends: Calls of `send` on listeners' sockets.
        passes: Walks over the listeners of a stream.
        live_seconds, buffered_seconds: How long passes over live listeners, and over the others, have kept
            the loop.
        ingest_bytes: Bytes that sources have brought.
        ingest_pages: Ogg pages that sources have brought.
        sent_bytes: Bytes that the sockets of listeners have taken, and bytes of answers to players of HLS.
        silence_seconds: Silence that was made while a source was away.
        takeovers: A newer source has replaced one that was connected.
        standbys: Sources that are connected and not heard, since a better one is (gauge).
        switches: Changes from a source to one that stood by: because it was `away`, or as the `return` of a
            better one.
        splices: A source has continued a logical bitstream that another one, or an earlier chain segment,
            started.
        source_gaps: Times a live stream had no data for longer than the active threshold.
        hls_sessions: Listeners as HLS (gauge).
        hls_listeners: The same by stream id; those that have none are not in it.
        hls: Answers to players of HLS, by kind.
        refused_sources: By error code, the sources that ended with an error.
        source_faults: By error code, the damaged pages and packets of sources that were dropped.
        delay: From a page's arrival to the end of the pass that sent it, one value a pass.
        jitter: How far the time until more audio came was from the duration of what had come before, at once.
    """

    listeners: int = 0
    sources: int = 0
    joins: int = 0
    skips: int = 0
    stalls: int = 0
    disconnects: int = 0
    sends: int = 0
    passes: int = 0
    live_seconds: float = 0.0
    buffered_seconds: float = 0.0
    ingest_bytes: int = 0
    ingest_pages: int = 0
    sent_bytes: int = 0
    silence_seconds: float = 0.0
    takeovers: int = 0
    standbys: int = 0
    switches: Counter[str] = field(default_factory=Counter)
    splices: int = 0
    source_gaps: int = 0
    hls_sessions: int = 0
    hls_listeners: Counter[str] = field(default_factory=Counter)
    hls: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HLS_KINDS, 0))
    refused_sources: Counter[str] = field(default_factory=Counter)
    source_faults: Counter[str] = field(default_factory=Counter)
    delay: Histogram = field(default_factory=lambda: Histogram(DELAY_BOUNDS_SECONDS))
    jitter: Histogram = field(default_factory=lambda: Histogram(JITTER_BOUNDS_SECONDS))

    def count_hls(self, kind: str) -> None:
        """Count an answer to a player of HLS; `kind` is one of `HLS_KINDS`."""
        self.hls[kind] += 1

    def count_hls_bytes(self, size_bytes: int) -> None:
        """Count the bytes of an answer to a player of HLS, from this member or another."""
        self.sent_bytes += size_bytes

    def begin_hls(self, stream_id: str) -> None:
        """Count one more listener as HLS."""
        self.hls_sessions += 1
        self.hls_listeners[stream_id] += 1

    def end_hls(self, stream_id: str) -> None:
        """Count one less."""
        self.hls_sessions -= 1
        self.hls_listeners[stream_id] -= 1
        if not self.hls_listeners[stream_id]:
            del self.hls_listeners[stream_id]

    def refuse(self, code: str) -> None:
        """Count a source that ended with an error."""
        self.refused_sources[code] += 1
