"""The numbers of this member's part in the cluster, as Prometheus metrics: read when they are scraped."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audiocast.cluster.node import Node
from audiocast.stream.hub_state import HubState

Number = Callable[[Node], float]


class Gauge(NamedTuple):
    """One gauge.

    Attributes:
        text: What it tells.
        number: Reads it off a node.
        is_shared: All members tell the same number, so the workers' ones are not added up.
    """

    text: str
    number: Number
    is_shared: bool = False


def _live_streams(node: Node) -> int:
    return sum(hub.state is HubState.LIVE for hub in node.streams.live())


GAUGES = {
    "audiocast_members": Gauge(
        "Members that streams may be owned by, as this one sees it.",
        lambda n: len(n.membership.ring),
        is_shared=True,
    ),
    "audiocast_views_differing": Gauge(
        "Members that see other members than this one does.",
        lambda n: sum(each.view != n.membership.view for each in n.membership.others),
    ),
    "audiocast_owned_streams": Gauge(
        "Streams whose source is here to be given to others; of a server that is alone, those that are live.",
        lambda n: _live_streams(n) if n.is_alone else len(n.owned_streams()),
    ),
    "audiocast_fronts": Gauge("Encoders that are connected here.", lambda n: n.connected_sources),
    "audiocast_relays": Gauge("Edges that take a stream from here.", lambda n: n.relays),
    "audiocast_draining": Gauge(
        "1 while this member leaves the cluster.", lambda n: n.is_draining, is_shared=True
    ),
}

COUNTERS: dict[str, tuple[str, Number]] = {
    "audiocast_stream_moves_total": ("Streams given to another owner.", lambda n: n.moves),
    "audiocast_owner_conflicts_total": ("Times two members owned a stream.", lambda n: n.conflicts),
    "audiocast_members_lost_total": ("Members taken out of the view.", lambda n: n.membership.lost),
    "audiocast_locate_questions_total": ("Questions for a stream's owner.", lambda n: n.peers.questions),
    "audiocast_unasked_questions_total": (
        "Questions about streams that no member lists which were not asked: there were too many.",
        lambda n: n.peers.unlisted.refusals,
    ),
    "audiocast_bad_signatures_total": (
        "Internal requests that no member has signed.",
        lambda n: n.rejections.requests,
    ),
    "audiocast_unproven_answers_total": (
        "Answers that the member which was asked has not signed.",
        lambda n: n.rejections.answers,
    ),
    "audiocast_forged_frames_total": (
        "Frames of audio that the member at the other end has not sent.",
        lambda n: n.rejections.frames,
    ),
}


class ClusterMetrics(Collector):
    """Collects the numbers of a node.

    Args:
        node: The node that is read at each scrape.
        metrics: Where to register.
    """

    def __init__(self, node: Node, metrics: CollectorRegistry) -> None:
        self._node = node
        metrics.register(self)

    def collect(self) -> Iterator[Metric]:
        for name, gauge in GAUGES.items():
            yield GaugeMetricFamily(name, gauge.text, value=gauge.number(self._node))
        for name, (text, number) in COUNTERS.items():
            yield CounterMetricFamily(name, text, value=number(self._node))
