"""Other formats: how many there are, and how busy what makes them is. Read when metrics are scraped."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audiocast.formats.encoding.encodings import Encodings


class FormatMetrics(Collector):
    """Collects the numbers of other formats.

    Args:
        encodings: Of this member, with their workers.
        metrics: Where to register.
    """

    def __init__(self, encodings: Encodings, metrics: CollectorRegistry) -> None:
        self._encodings = encodings
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        workers = self._encodings.workers
        yield GaugeMetricFamily(
            "audiocast_format_workers", "Processes that make other formats.", value=len(workers.workers)
        )
        yield GaugeMetricFamily(
            "audiocast_encodings",
            "Streams in other formats, each rate by itself.",
            value=len(self._encodings),
        )
        yield GaugeMetricFamily(
            "audiocast_format_load_ratio",
            "How busy the format worker with the least to do is; 0 while one more may be started.",
            value=workers.load,
        )
        yield GaugeMetricFamily(
            "audiocast_format_queue_seconds",
            "How long the oldest of what a format worker was given has waited.",
            value=workers.queue_seconds,
        )
        yield CounterMetricFamily(
            "audiocast_format_jobs_total",
            "Jobs that format workers were given.",
            value=workers.opened.total(),
        )
        yield CounterMetricFamily(
            "audiocast_format_refusals_total",
            "Jobs that were refused since all format workers are too busy.",
            value=workers.refused,
        )
        yield CounterMetricFamily(
            "audiocast_format_worker_restarts_total",
            "Format workers that were started in the place of one that has died.",
            value=workers.restarts,
        )
