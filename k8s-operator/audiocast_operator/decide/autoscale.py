"""How many pods the listeners need, and when fewer of them are enough for good. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.models.audio_cast import AutoscalingSpec


@dataclass(frozen=True, slots=True)
class Scaling:
    """The result of autoscaling.

    Attributes:
        wanted: Pods that the AudioCast should have now.
        recommended: Pods that the present listeners need.
        lower_since: Since when fewer pods than there are have been enough; None when they are not.
    """

    wanted: int
    recommended: int
    lower_since: datetime | None = None


def autoscale(
    spec: AutoscalingSpec,
    pods: Sequence[PodState],
    *,
    replicas: int,
    egress_bps: float | None,
    lower_since: datetime | None,
    now: datetime,
) -> Scaling:
    """Count the pods that are needed.

    The number rises at once, since listeners are waiting. It falls only after the delay, and while every pod
    reports its numbers.

    Args:
        spec: Bounds and targets.
        pods: All pods of the StatefulSet.
        replicas: Pods that the StatefulSet asks for now; 0 before there is one.
        egress_bps: What all pods send to listeners, in bit/s; None while it is unknown.
        lower_since: The result of the reconcile before.
        now: The present time.
    """
    listeners = sum(pod.listeners for pod in pods)
    need = math.ceil(listeners / spec.listeners_per_pod)
    if spec.egress_mbps_per_pod and egress_bps is not None:
        need = max(need, math.ceil(egress_bps / (spec.egress_mbps_per_pod * 1e6)))
    recommended = min(max(need, spec.min_replicas), spec.max_replicas)
    bounded = min(max(replicas, spec.min_replicas), spec.max_replicas)
    if recommended >= replicas:
        return Scaling(recommended, recommended)
    lacks_numbers = any(pod.reported is None for pod in pods)
    if lacks_numbers or (spec.egress_mbps_per_pod and egress_bps is None):
        return Scaling(bounded, recommended)
    since = lower_since or now
    is_long_enough = (now - since).total_seconds() >= spec.scale_down_delay_seconds
    return Scaling(recommended if is_long_enough else bounded, recommended, since)
