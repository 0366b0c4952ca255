"""How many pods the listeners need, and when fewer are enough for good. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.models.audio_cast import Autoscaling


@dataclass(frozen=True, slots=True)
class Scaling:
    """What autoscaling comes to.

    Attributes:
        wanted: How many pods there should be.
        recommended: How many the listeners of now need.
        lower_since: Since when fewer than there are would have been enough.
    """

    wanted: int
    recommended: int
    lower_since: datetime | None = None


def autoscale(
    rules: Autoscaling,
    pods: Sequence[PodState],
    *,
    replicas: int,
    egress_bps: float | None,
    lower_since: datetime | None,
    now: datetime,
) -> Scaling:
    """Count.

    Up at once, since people are waiting; down after the delay, and only when every pod has told its numbers.

    Args:
        rules: Of the spec.
        pods: With what they tell.
        replicas: How many pods there are now; 0 at the beginning.
        egress_bps: What all pods send to listeners, bit/s; None: not known yet.
        lower_since: Of the last time.
        now: The time.
    """
    listeners = sum(pod.listeners for pod in pods)
    need = math.ceil(listeners / rules.listeners_per_pod)
    if rules.egress_mbps_per_pod and egress_bps is not None:
        need = max(need, math.ceil(egress_bps / (rules.egress_mbps_per_pod * 1e6)))
    recommended = min(max(need, rules.min_replicas), rules.max_replicas)
    bounded = min(max(replicas, rules.min_replicas), rules.max_replicas)
    if recommended >= replicas:
        return Scaling(recommended, recommended)
    unknown = any(pod.told is None for pod in pods) or (rules.egress_mbps_per_pod and egress_bps is None)
    if unknown:
        return Scaling(bounded, recommended)
    since = lower_since or now
    is_long_enough = (now - since).total_seconds() >= rules.scale_down_delay_seconds
    return Scaling(recommended if is_long_enough else bounded, recommended, since)
