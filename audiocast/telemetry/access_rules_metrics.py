"""The rules of who may use the public port. Only a server that has such a file has these metrics."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audiocast.telemetry.rules_metrics import Rules


class Refusals(Protocol):
    """Who holds to the rules.

    Attributes:
        refused: Requests that a rule has denied so far.
        ended: Open connections that a new rule has ended so far.
    """

    refused: int
    ended: int


class AccessRulesMetrics(Collector):
    """Collects the numbers of a file with rules, and of what they have denied.

    Args:
        rules: The file.
        bans: Who holds to it.
    """

    def __init__(self, rules: Rules, bans: Refusals) -> None:
        self._rules = rules
        self._bans = bans

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "audiocast_access_rules", "Rules in ACCESS_RULES_FILE.", value=self._rules.count
        )
        yield GaugeMetricFamily(
            "audiocast_access_rules_refused",
            "1 while ACCESS_RULES_FILE cannot be used, and what it said before holds.",
            value=float(self._rules.is_refused),
        )
        yield CounterMetricFamily(
            "audiocast_banned_requests_total",
            "Requests that a rule of ACCESS_RULES_FILE has denied.",
            value=self._bans.refused,
        )
        yield CounterMetricFamily(
            "audiocast_banned_connections_total",
            "Open connections that a new rule of ACCESS_RULES_FILE has ended.",
            value=self._bans.ended,
        )


def show_access_rules(rules: Rules, bans: Refusals, metrics: CollectorRegistry) -> None:
    """Show how many rules there are, whether the file can be used, and what was denied."""
    metrics.register(AccessRulesMetrics(rules, bans))
