"""The numbers of streams as Prometheus metrics: read when they are scraped, never on the audio's way.

Names are `audiocast_<noun>_<unit>`. Labels are from short fixed lists: no address, no stream id.
"""

import math
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audiocast.hls.muxer import HlsMuxers
from audiocast.stream.admission import BITS, Admission
from audiocast.stream.counters import Counters, Histogram
from audiocast.stream.hub_state import HubState
from audiocast.stream.registry import Registry

BUILD_INFO = "audiocast_build_info"

# Every code that a source can end with, so that each has its series from the start.
REFUSAL_CODES = (
    "banned",
    "bad_chunk",
    "bad_crc",
    "bad_frame",
    "bad_key",
    "bad_opus_head",
    "bad_opus_packet",
    "bad_opus_tags",
    "bad_page_version",
    "bad_upgrade",
    "better_source",
    "client_limit",
    "foreign_origin",
    "format_not_there",
    "formats_busy",
    "key_missing",
    "lost_sync",
    "multiplexed",
    "no_audio",
    "not_ogg_opus",
    "packet_too_large",
    "page_too_large",
    "server_full",
    "share_full",
    "shutting_down",
    "source_stalled",
    "stream_ended",
    "broadcast_ended",
    "stream_suspended",
    "taken_over",
    "too_damaged",
    "too_fast",
    "truncated",
)

# Likewise of the damage that a source may go on after.
FAULT_CODES = (
    "bad_crc",
    "bad_opus_packet",
    "bad_opus_tags",
    "bad_page_version",
    "lost_sync",
    "packet_too_large",
    "unknown_serial",
)

# The source that was heard is away; a better one is back.
SWITCH_REASONS = ("away", "return")

Number = Callable[[Counters], float]

GAUGES: dict[str, tuple[str, Number]] = {
    "audiocast_sources": ("Sources that are connected and have brought audio.", lambda c: c.sources),
    "audiocast_sources_standby": (
        "Sources that are connected and not heard, since a better one is.",
        lambda c: c.standbys,
    ),
    "audiocast_listeners": ("Listeners, those as HLS too.", lambda c: c.listeners + c.hls_sessions),
}

COUNTERS: dict[str, tuple[str, Number]] = {
    "audiocast_listener_joins_total": ("Listeners that came.", lambda c: c.joins),
    "audiocast_listener_disconnects_total": ("Listeners that went by themselves.", lambda c: c.disconnects),
    "audiocast_listener_skips_total": ("Moves of a slow listener to the live edge.", lambda c: c.skips),
    "audiocast_listener_stalls_total": (
        "Listeners closed because they took nothing for too long.",
        lambda c: c.stalls,
    ),
    "audiocast_listener_sends_total": ("Calls of send on listeners' sockets.", lambda c: c.sends),
    "audiocast_fanout_passes_total": ("Walks over a stream's listeners.", lambda c: c.passes),
    "audiocast_fanout_live_seconds_total": (
        "Time that passes over live listeners have kept the event loop.",
        lambda c: c.live_seconds,
    ),
    "audiocast_fanout_buffered_seconds_total": (
        "Time that passes over buffered listeners have kept the event loop.",
        lambda c: c.buffered_seconds,
    ),
    "audiocast_sent_bytes_total": (
        "Bytes that listeners' sockets have taken, and answers as HLS.",
        lambda c: c.sent_bytes,
    ),
    "audiocast_ingest_bytes_total": ("Bytes that sources have brought.", lambda c: c.ingest_bytes),
    "audiocast_ingest_pages_total": ("Ogg pages that sources have brought.", lambda c: c.ingest_pages),
    "audiocast_source_takeovers_total": ("Sources replaced by a newer one.", lambda c: c.takeovers),
    "audiocast_source_splices_total": (
        "Sources, or links of a chain, spliced into a running stream.",
        lambda c: c.splices,
    ),
    "audiocast_source_gaps_total": ("Times a live stream went quiet.", lambda c: c.source_gaps),
    "audiocast_silence_seconds_total": (
        "Silence made while a source was away.",
        lambda c: c.silence_seconds,
    ),
}

HISTOGRAMS: dict[str, tuple[str, Callable[[Counters], Histogram]]] = {
    "audiocast_fanout_delay_seconds": (
        "From a page's arrival to the end of the pass that sent it, one value a pass.",
        lambda c: c.delay,
    ),
    "audiocast_source_jitter_seconds": (
        "How far the time between two arrivals was from the duration of their audio.",
        lambda c: c.jitter,
    ),
}


class StreamMetrics(Collector):
    """Collects the numbers of a registry of streams.

    Args:
        streams: The streams that are read at each scrape.
        metrics: Where to register.
        admission: Counts the listeners that did not fit.
        hls_muxers: Streams as HLS.
        version: Version of the server.
        node: Name of this node.
    """

    def __init__(
        self,
        streams: Registry,
        metrics: CollectorRegistry,
        *,
        admission: Admission,
        hls_muxers: HlsMuxers,
        version: str,
        node: str,
    ) -> None:
        self._streams = streams
        self._admission = admission
        self._hls_muxers = hls_muxers
        self._version = version
        self._node = node
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        counters = self._streams.counters
        yield self._info()
        yield self._by_state()
        for name, (text, number) in GAUGES.items():
            yield GaugeMetricFamily(name, text, value=number(counters))
        for name, (text, number) in COUNTERS.items():
            yield CounterMetricFamily(name, text, value=number(counters))
        for name, (text, histogram) in HISTOGRAMS.items():
            values = histogram(counters)
            yield HistogramMetricFamily(name, text, buckets=values.cumulative(), sum_value=values.sum)
        yield _counts(
            "audiocast_source_switches_total",
            "Changes to a source that stood by.",
            "reason",
            {reason: counters.switches[reason] for reason in SWITCH_REASONS},
        )
        yield CounterMetricFamily(
            "audiocast_fallback_errors_total",
            "Loop files that could not be read.",
            value=self._streams.loops.errors,
        )
        yield _counts(
            "audiocast_source_errors_total",
            "Sources that ended with an error.",
            "code",
            {code: counters.refused_sources[code] for code in REFUSAL_CODES},
        )
        yield _counts(
            "audiocast_source_faults_total",
            "Damaged pages and packets of sources that were dropped.",
            "code",
            {code: counters.source_faults[code] for code in FAULT_CODES},
        )
        yield GaugeMetricFamily(
            "audiocast_hls_packagers",
            "Streams that somebody plays as HLS from here.",
            value=len(self._hls_muxers),
        )
        yield _counts(
            "audiocast_hls_answers_total", "What was given to those who play HLS.", "kind", counters.hls
        )
        yield GaugeMetricFamily(
            "audiocast_egress_bytes_per_second",
            "What goes out to listeners, mean of two seconds.",
            value=self._admission.egress_bps / BITS,
        )
        yield _counts(
            "audiocast_listeners_turned_away_total",
            "Listeners that did not fit.",
            "reason",
            {reason.value: count for reason, count in self._admission.turned_away.items()},
        )
        yield GaugeMetricFamily(
            "audiocast_listeners_limit", "Listeners that fit.", value=self._admission.max_listeners
        )
        yield GaugeMetricFamily(
            "audiocast_egress_limit_bytes_per_second",
            "What may go out to listeners; +Inf: no bound.",
            value=self._admission.max_egress_bps / BITS or math.inf,
        )

    def _info(self) -> Metric:
        family = GaugeMetricFamily(
            BUILD_INFO, "Version and name of this node; always 1.", labels=["version", "node"]
        )
        family.add_metric([self._version, self._node], 1)
        return family

    def _by_state(self) -> Metric:
        family = GaugeMetricFamily("audiocast_streams", "Streams that are known here.", labels=["state"])
        states = [hub.state for hub in self._streams]
        for state in HubState:
            family.add_metric([state.value], states.count(state))
        return family


def _counts(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    """Return a counter with one label.

    Args:
        name: With "_total".
        text: What is counted.
        label: Name of the label.
        counts: By its value.
    """
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family
