"""The numbers of this member's part in the cluster, as Prometheus metrics: pulled when asked for."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audiocast.cluster.node import Node

Number = Callable[[Node], float]

GAUGES: dict[str, tuple[str, Number]] = {
    "audiocast_members": (
        "Members that streams may be owned by, as this one sees it.",
        lambda n: len(n.membership.ring),
    ),
    "audiocast_views_differing": (
        "Members that see other members than this one does.",
        lambda n: sum(each.view != n.membership.view for each in n.membership.others),
    ),
    "audiocast_owned_streams": (
        "Streams whose source is here to be given to others.",
        lambda n: len(n.owned()),
    ),
    "audiocast_fronts": ("Encoders that are connected here.", lambda n: n.fronts),
    "audiocast_relays": ("Edges that take a stream from here.", lambda n: n.relays),
    "audiocast_draining": ("1 while this member leaves the cluster.", lambda n: n.membership.draining),
}

COUNTERS: dict[str, tuple[str, Number]] = {
    "audiocast_stream_moves_total": ("Streams given to another owner.", lambda n: n.moves),
    "audiocast_owner_conflicts_total": ("Times two members owned a stream.", lambda n: n.conflicts),
    "audiocast_members_lost_total": ("Members taken out of the view.", lambda n: n.membership.lost),
    "audiocast_locate_questions_total": ("Questions for a stream's owner.", lambda n: n.locator.questions),
    "audiocast_bad_signatures_total": (
        "Internal requests that no member has signed.",
        lambda n: n.bad_signatures,
    ),
}


class ClusterMetrics(Collector):
    """Gives the numbers of a node.

    Args:
        node: Whose numbers.
        metrics: Where to register.
    """

    def __init__(self, node: Node, metrics: CollectorRegistry) -> None:
        self._node = node
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        """Give one family after the other, from the numbers of this moment."""
        for name, (text, number) in GAUGES.items():
            yield GaugeMetricFamily(name, text, value=number(self._node))
        for name, (text, number) in COUNTERS.items():
            yield CounterMetricFamily(name, text, value=number(self._node))
