"""How many pods the listeners need, and what the pods send."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audiocast_operator.decide.autoscale import Scaling, autoscale
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.models.audio_cast import AutoscalingSpec
from audiocast_operator.reconcile.memory import EgressMeter
from tests.operator.decide.pods import pod

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def scaled(
    pods: list[PodState],
    *,
    replicas: int | None = None,
    egress_bps: float | None = None,
    since: float | None = None,
    **rules: Any,
) -> Scaling:
    spec = AutoscalingSpec.model_validate({"maxReplicas": 5, "listenersPerPod": 100, **rules})
    return autoscale(
        spec,
        pods,
        replicas=len(pods) if replicas is None else replicas,
        egress_bps=egress_bps,
        lower_since=NOW - timedelta(seconds=since) if since is not None else None,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("listeners", "wanted"),
    [([0, 0], 2), ([100, 100], 2), ([100, 101], 3), ([500, 0], 5), ([9000, 9000], 5)],
)
def test_listeners_are_counted_up_at_once_within_bounds(listeners: list[int], wanted: int) -> None:
    pods = [pod(i, listeners=count) for i, count in enumerate(listeners)]
    assert scaled(pods) == Scaling(wanted, wanted)


def test_it_begins_with_the_fewest() -> None:
    assert scaled([], replicas=0) == Scaling(2, 2)


@pytest.mark.parametrize(("since", "wanted"), [(None, 4), (599, 4), (600, 2)])
def test_fewer_are_wanted_only_after_the_delay(since: float | None, wanted: int) -> None:
    told = scaled([pod(i, listeners=40) for i in range(4)], since=since)
    assert (told.wanted, told.recommended) == (wanted, 2)
    assert told.lower_since == NOW - timedelta(seconds=since or 0)


def test_a_need_that_returns_forgets_the_delay() -> None:
    assert scaled([pod(i, listeners=100) for i in range(4)], since=599) == Scaling(4, 4)


def test_nobody_goes_while_a_pod_does_not_tell() -> None:
    pods = [pod(0), pod(1), pod(2, answers=False)]
    assert scaled(pods, since=9999) == Scaling(3, 2)


def test_what_is_sent_counts_too() -> None:
    pods = [pod(0), pod(1)]
    assert scaled(pods, egressMbpsPerPod=100, egress_bps=250e6).wanted == 3
    assert scaled([*pods, pod(2)], egressMbpsPerPod=100, egress_bps=None, since=9999).wanted == 3


def test_more_than_the_most_are_let_go_without_a_question() -> None:
    assert scaled([pod(i, listeners=900) for i in range(7)], since=9999).wanted == 5


def test_egress_is_a_rate_between_two_looks() -> None:
    meter = EgressMeter()
    assert meter.measure([pod(0, egress_bytes=1000)], 10.0) is None
    assert meter.measure([pod(0, egress_bytes=2000), pod(1, egress_bytes=500)], 12.0) == 4000
    # A process that has started anew counts from nothing.
    assert meter.measure([pod(0, egress_bytes=0), pod(1, egress_bytes=1500)], 14.0) == 4000
    assert meter.measure([], 16.0) is None
