"""Webhooks: how tries and deliveries end, and what waits. No target is in them."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class Deliveries(Protocol):
    """What is shown; see `webhooks.service`."""

    @property
    def counts(self) -> Mapping[tuple[str, str], int]: ...

    @property
    def queued(self) -> int: ...

    @property
    def oldest_seconds(self) -> float: ...


class WebhookMetrics(Collector):
    """Collects the numbers of webhooks.

    Args:
        deliveries: What they are of.
        metrics: Where to register.
    """

    def __init__(self, deliveries: Deliveries, metrics: CollectorRegistry) -> None:
        self._deliveries = deliveries
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        tries = CounterMetricFamily(
            "audiocast_webhooks_total", "Webhooks by type, and how they ended.", labels=["type", "outcome"]
        )
        for (event_type, outcome), count in sorted(self._deliveries.counts.items()):
            tries.add_metric([event_type, outcome], count)
        yield tries
        yield GaugeMetricFamily(
            "audiocast_webhooks_queued",
            "Webhooks that wait for a try, or for its answer.",
            value=self._deliveries.queued,
        )
        yield GaugeMetricFamily(
            "audiocast_webhooks_oldest_seconds",
            "How long the oldest webhook that waits has waited.",
            value=self._deliveries.oldest_seconds,
        )
