"""Requests over a budget of their client, by the budget's kind. No address is in them."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class ClientMetrics(Collector):
    """Collects the numbers of the table of clients.

    Args:
        refused: Requests over each budget so far.
        clients: Returns how many clients are in the table.
        metrics: Where to register.
    """

    def __init__(
        self, refused: Mapping[str, int], clients: Callable[[], int], metrics: CollectorRegistry
    ) -> None:
        self._refused = refused
        self._clients = clients
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        refused = CounterMetricFamily(
            "audiocast_client_refusals_total", "Requests over a budget of their client.", labels=["kind"]
        )
        for kind, count in self._refused.items():
            refused.add_metric([kind], count)
        yield refused
        yield GaugeMetricFamily(
            "audiocast_clients",
            "Clients that have something now or did something lately.",
            value=self._clients(),
        )
