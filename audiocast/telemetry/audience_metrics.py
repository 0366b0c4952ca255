"""How long was listened, and how listens ended: read when metrics are scraped."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.hls_sessions import HlsSessions


class AudienceMetrics(Collector):
    """Collects the numbers of the audience.

    Args:
        audience: Of this member.
        hls_sessions: Likewise.
        metrics: Where to register.
    """

    def __init__(self, audience: Audience, hls_sessions: HlsSessions, metrics: CollectorRegistry) -> None:
        self._audience = audience
        self._hls_sessions = hls_sessions
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        seconds = CounterMetricFamily(
            "audiocast_listener_seconds_total",
            "How long listeners have listened, those who still do up to now.",
            labels=["way"],
        )
        for way, sum_seconds in self._audience.seconds_by_way().items():
            seconds.add_metric([way.value], sum_seconds)
        yield seconds
        sessions = CounterMetricFamily(
            "audiocast_listener_sessions_total", "Listens that have ended.", labels=["way", "end"]
        )
        for (way, end), count in self._audience.sessions.items():
            sessions.add_metric([way.value, end.value], count)
        yield sessions
        yield GaugeMetricFamily(
            "audiocast_hls_sessions",
            "Listeners as HLS that have asked for something within a minute.",
            value=len(self._hls_sessions),
        )
