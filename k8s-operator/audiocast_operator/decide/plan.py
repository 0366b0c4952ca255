"""Roll-out and scale-down: who is emptied now, who stays after all, who goes.

One pod at a time. It is emptied first (`POST /internal/drain`): its streams move, its listeners and encoders
go over to others one after the other. Only then it is deleted or scaled away. Nothing is remembered between
two calls but when the drain began: what there is says how far things are, so a decision can be changed at any
moment, and a drain that is no longer wanted is undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from audiocast_operator.decide.pod_state import PodState

Reason = Literal["RollOut", "ScaleDown"]
Strategy = Literal["LeastListeners", "Ordinal"]

SLACK_SECONDS = 15.0
"""A pod ends its drain by itself. When it has not, so long after, it is taken for stuck."""


@dataclass(frozen=True, slots=True)
class Drain:
    """A drain that is on, as it was seen last time.

    Attributes:
        pod: Name of the pod.
        seconds: For how long.
    """

    pod: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is and what is wanted.

    Attributes:
        pods: Those that are not on their way out.
        replicas: How many pods the StatefulSet asks for.
        wanted: How many there should be.
        revision: Of the present pod template; empty while the StatefulSet's controller has not said it.
        strategy: Whom a roll-out takes next.
        may_roll_out: A roll-out may take the next pod now (maintenance window).
        timeout_seconds: How long a drain may take.
        drain: The drain that was on last time.
    """

    pods: Sequence[PodState]
    replicas: int
    wanted: int
    revision: str
    strategy: Strategy = "LeastListeners"
    may_roll_out: bool = True
    timeout_seconds: float = 300.0
    drain: Drain | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        replicas: How many pods the StatefulSet should ask for now.
        drain: Whom to empty, and what for; the pod may be empty already.
        start: It has not been told yet.
        undo: Pods that drain and should stay.
        delete: Pods to delete now: empty, or nobody can be there.
        waits_for: Why a roll-out does not take the next pod; empty when it does, or there is none.
        broken: Pods of the present revision that cannot run: the roll-out has stopped at them.
        outdated: Pods that are not of the present revision.
    """

    replicas: int
    drain: tuple[PodState, Reason] | None = None
    start: bool = False
    undo: tuple[PodState, ...] = ()
    delete: tuple[PodState, ...] = ()
    waits_for: str = ""
    broken: tuple[PodState, ...] = ()
    outdated: tuple[PodState, ...] = ()


def plan(now: Situation) -> Plan:
    """Decide what to do next."""
    pods = sorted((pod for pod in now.pods if pod.ordinal < now.replicas), key=lambda pod: pod.ordinal)
    outdated = tuple(pod for pod in pods if now.revision and pod.revision != now.revision)
    broken = tuple(pod for pod in pods if pod.trouble and pod not in outdated)
    replicas = max(now.replicas, now.wanted)
    step = (
        _scale_down(pods, replicas)
        if _must_scale_down(now, outdated)
        else _roll_out(now, pods, outdated, broken)
    )
    target, delete = step.target, step.delete
    over = target is not None and _is_over(now, target)
    if target is not None and over and step.reason == "RollOut":
        delete = (target,)
    if step.reason == "ScaleDown" and (target is None or over):
        replicas -= 1
    return Plan(
        replicas=replicas,
        drain=(target, step.reason) if target is not None and step.reason else None,
        start=target is not None and not over and not target.is_leaving,
        undo=tuple(pod for pod in pods if pod.is_leaving and pod is not target),
        delete=delete,
        waits_for=step.waits_for,
        broken=broken,
        outdated=outdated,
    )


def views_agree(pods: Sequence[PodState]) -> bool:
    """Say whether all pods answer and see the same members."""
    return (
        bool(pods) and all(pod.told for pod in pods) and len({pod.told.view for pod in pods if pod.told}) == 1
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """What one of the two ways comes to.

    Attributes:
        reason: What for; None: nothing is done.
        target: Whom to empty. None for a scale-down: the highest ordinal can just go.
        delete: Whom to delete at once.
        waits_for: Why nothing is done.
    """

    reason: Reason | None = None
    target: PodState | None = None
    delete: tuple[PodState, ...] = ()
    waits_for: str = ""


def _must_scale_down(now: Situation, outdated: Sequence[PodState]) -> bool:
    """A pod that a roll-out has begun to empty is emptied first, unless it is the one that goes anyway."""
    in_hand = [pod for pod in outdated if pod.is_leaving and pod.ordinal != now.replicas - 1]
    return now.wanted < now.replicas and not in_hand


def _scale_down(pods: Sequence[PodState], replicas: int) -> _Step:
    """StatefulSets can only lose their highest ordinal."""
    last = next((pod for pod in pods if pod.ordinal == replicas - 1), None)
    others = [pod for pod in pods if pod is not last]
    if last is None or last.is_gone or not others:
        return _Step("ScaleDown")
    if last.told is None:
        return _Step(waits_for=f"{last.name} does not answer")
    if not any(pod.serves for pod in others):
        return _Step(waits_for="no other pod can take its listeners")
    return _Step("ScaleDown", last)


def _roll_out(
    now: Situation, pods: Sequence[PodState], outdated: Sequence[PodState], broken: Sequence[PodState]
) -> _Step:
    if not now.revision:
        return _Step(waits_for="the StatefulSet's controller has not seen the present spec yet")
    if not outdated:
        return _Step()
    if broken:
        return _Step(waits_for=f"{broken[0].name} of the new revision cannot run: {broken[0].trouble}")
    # Whoever is being emptied is so to its end, also when the window closes over it.
    in_hand = next((pod for pod in outdated if pod.is_leaving), None)
    if in_hand is not None:
        return _Step("RollOut", in_hand)
    unready = next((pod for pod in pods if pod not in outdated and not pod.serves), None)
    if unready is not None or len(pods) < now.replicas:
        return _Step(waits_for=f"{unready.name if unready else 'a pod'} is not ready yet")
    gone = next((pod for pod in outdated if pod.is_gone), None)
    if gone is not None:
        return _Step("RollOut", delete=(gone,))
    if not now.may_roll_out:
        return _Step(waits_for="the maintenance window is closed")
    if len(pods) == 1:
        # Nobody could take its listeners: the shortest silence is that of a plain restart.
        return _Step("RollOut", delete=(pods[0],))
    if not all(pod.serves for pod in pods):
        return _Step(waits_for="not all pods are ready")
    if not views_agree(pods):
        return _Step(waits_for="the pods do not see the same members")
    return _Step("RollOut", _next(outdated, now.strategy))


def _next(outdated: Sequence[PodState], strategy: Strategy) -> PodState:
    if strategy == "Ordinal":
        return max(outdated, key=lambda pod: pod.ordinal)
    return min(outdated, key=lambda pod: (pod.listeners, -pod.ordinal))


def _is_over(now: Situation, pod: PodState) -> bool:
    if pod.is_empty or pod.is_gone:
        return True
    drain = now.drain
    return drain is not None and drain.pod == pod.name and drain.seconds > now.timeout_seconds + SLACK_SECONDS
