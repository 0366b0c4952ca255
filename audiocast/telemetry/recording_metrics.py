"""Recordings: what is written, what waits, what is lost."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audiocast.recordings.chunk_queue import RecordingCounts


class RecordingNumbers(Protocol):
    """What is shown; see `recordings.service`."""

    counts: RecordingCounts

    @property
    def recorded_streams(self) -> int: ...

    @property
    def oldest_seconds(self) -> float: ...

    @property
    def spool_bytes(self) -> int: ...


class RecordingMetrics(Collector):
    """Collects the numbers of recordings.

    Args:
        recordings: What they are of.
        metrics: Where to register.
    """

    def __init__(self, recordings: RecordingNumbers, metrics: CollectorRegistry) -> None:
        self._recordings = recordings
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        counts = self._recordings.counts
        yield GaugeMetricFamily(
            "audiocast_recorded_streams",
            "Streams that this server records now.",
            value=self._recordings.recorded_streams,
        )
        chunks = CounterMetricFamily(
            "audiocast_recording_chunks_total", "Chunks, by what became of them.", labels=["outcome"]
        )
        for outcome in ("written", "spooled", "lost"):
            chunks.add_metric([outcome], counts.chunks[outcome])
        yield chunks
        yield CounterMetricFamily(
            "audiocast_recording_lost_seconds_total",
            "Audio of recordings that is lost.",
            value=counts.lost_seconds,
        )
        yield CounterMetricFamily(
            "audiocast_recording_store_errors_total",
            "Requests of the store of recordings that failed.",
            value=counts.store_errors,
        )
        yield GaugeMetricFamily(
            "audiocast_recording_waiting_bytes",
            "Chunks that wait in memory to be written.",
            value=counts.waiting_bytes,
        )
        yield GaugeMetricFamily(
            "audiocast_recording_spool_bytes",
            "Chunks that wait on the local disk to be written.",
            value=self._recordings.spool_bytes,
        )
        yield GaugeMetricFamily(
            "audiocast_recording_oldest_seconds",
            "How long the oldest chunk that waits has waited.",
            value=self._recordings.oldest_seconds,
        )
        closed = CounterMetricFamily(
            "audiocast_recordings_closed_total",
            "Shows that were over, by how that ended.",
            labels=["outcome"],
        )
        for outcome in ("ready", "empty", "failed"):
            closed.add_metric([outcome], counts.closed[outcome])
        yield closed
