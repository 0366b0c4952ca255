"""Roll-out and scale-down: which pod drains next, which drain is undone, which pod is evicted.

One pod leaves at a time. It is drained first (`POST /internal/drain`): its streams move, and its listeners
and encoders go over to other pods one after the other. Only then it is evicted or scaled away. Nothing but
the start of the drain is remembered between two plans, since the pods themselves show how far things are. So
a plan can change at any moment, and a drain that is no longer wanted is undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from audiocast_operator.decide.pod_state import PodState

DrainReason = Literal["RollOut", "ScaleDown"]
Strategy = Literal["LeastListeners", "Ordinal"]

# A pod ends its drain by itself. One that has not, so long after its time was up, counts as stuck.
SLACK_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class OngoingDrain:
    """The drain in the status that was written last.

    Attributes:
        pod_name: The pod that drains.
        elapsed_seconds: Time since the drain was started.
    """

    pod_name: str
    elapsed_seconds: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is and what is wanted.

    Attributes:
        pods: The pods that Kubernetes is not deleting.
        replicas: How many pods the StatefulSet asks for.
        wanted: How many pods there should be.
        revision: Revision of the present pod template; empty until the StatefulSet's controller names it.
        strategy: Which pod a roll-out takes next.
        is_window_open: The maintenance window lets a roll-out take the next pod.
        timeout_seconds: How long a drain may take.
        drain: The drain that was going on in the reconcile before.
    """

    pods: Sequence[PodState]
    replicas: int
    wanted: int
    revision: str
    strategy: Strategy = "LeastListeners"
    is_window_open: bool = True
    timeout_seconds: float = 300.0
    drain: OngoingDrain | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        replicas: How many pods the StatefulSet should ask for now.
        drain: The pod that leaves, which may be drained already, and the reason.
        is_drain_new: That pod does not drain yet and must be asked to.
        undo_drain: Pods that drain and should stay.
        evict: Pods to evict now: they are drained, or cannot have listeners.
        waits_for: Why a roll-out does not take the next pod; empty when it does, or when there is none.
        broken: Pods of the present revision that cannot run; a roll-out stops at them.
        outdated: Pods of another revision than the present one.
    """

    replicas: int
    drain: tuple[PodState, DrainReason] | None = None
    is_drain_new: bool = False
    undo_drain: tuple[PodState, ...] = ()
    evict: tuple[PodState, ...] = ()
    waits_for: str = ""
    broken: tuple[PodState, ...] = ()
    outdated: tuple[PodState, ...] = ()


def make_plan(now: Situation) -> Plan:
    """Decide what to do next."""
    pods = sorted((pod for pod in now.pods if pod.ordinal < now.replicas), key=lambda pod: pod.ordinal)
    outdated = tuple(pod for pod in pods if now.revision and pod.revision != now.revision)
    # Whether a pod is of the present revision is not known before the controller has named it.
    broken = tuple(pod for pod in pods if now.revision and pod.failure and pod not in outdated)
    replicas = max(now.replicas, now.wanted)
    step = (
        _scale_down(pods, replicas)
        if _must_scale_down(now, outdated)
        else _roll_out(now, pods, outdated, broken)
    )
    target, evict = step.target, step.evict
    is_over = target is not None and _is_over(now, target)
    if target is not None and is_over and step.reason == "RollOut":
        evict = (target,)
    if step.reason == "ScaleDown" and (target is None or is_over):
        replicas -= 1
    return Plan(
        replicas=replicas,
        drain=(target, step.reason) if target is not None and step.reason else None,
        is_drain_new=target is not None and not is_over and not target.is_leaving,
        undo_drain=tuple(pod for pod in pods if pod.is_leaving and pod is not target),
        evict=evict,
        waits_for=step.waits_for,
        broken=broken,
        outdated=outdated,
    )


def views_agree(pods: Sequence[PodState]) -> bool:
    """Return whether all pods answer and see the same members."""
    return (
        bool(pods)
        and all(pod.reported for pod in pods)
        and len({pod.reported.view for pod in pods if pod.reported}) == 1
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """The next step of a roll-out or a scale-down.

    Attributes:
        reason: Which of the two it is; None: nothing is done.
        target: The pod to drain. None in a scale-down: the highest ordinal can go without a drain.
        evict: Pods to evict without a drain.
        waits_for: Why nothing is done.
    """

    reason: DrainReason | None = None
    target: PodState | None = None
    evict: tuple[PodState, ...] = ()
    waits_for: str = ""


def _must_scale_down(now: Situation, outdated: Sequence[PodState]) -> bool:
    """Return whether a scale-down comes before the roll-out.

    A pod that a roll-out drains already is finished first, unless it is the one with the highest ordinal.
    """
    draining = [pod for pod in outdated if pod.is_leaving and pod.ordinal != now.replicas - 1]
    return now.wanted < now.replicas and not draining


def _scale_down(pods: Sequence[PodState], replicas: int) -> _Step:
    """Return the next step for the highest ordinal, the only one that a StatefulSet can lose."""
    last = next((pod for pod in pods if pod.ordinal == replicas - 1), None)
    others = [pod for pod in pods if pod is not last]
    if last is None or last.is_gone or not others:
        return _Step("ScaleDown")
    if last.reported is None:
        return _Step(waits_for=f"{last.name} does not answer")
    if not any(pod.is_serving for pod in others):
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
        return _Step(waits_for=f"{broken[0].name} of the new revision cannot run: {broken[0].failure}")
    # A drain that has begun is finished, also when the window closes meanwhile.
    draining = next((pod for pod in outdated if pod.is_leaving), None)
    if draining is not None:
        return _Step("RollOut", draining)
    unready = next((pod for pod in pods if pod not in outdated and not pod.is_serving), None)
    if unready is not None or len(pods) < now.replicas:
        return _Step(waits_for=f"{unready.name if unready else 'a pod'} is not ready yet")
    gone = next((pod for pod in outdated if pod.is_gone), None)
    if gone is not None:
        return _Step("RollOut", evict=(gone,))
    if not now.is_window_open:
        return _Step(waits_for="the maintenance window is closed")
    if len(pods) == 1:
        # No other pod could take its listeners, and a plain restart is the shortest silence for them.
        return _Step("RollOut", evict=(pods[0],))
    if not all(pod.is_serving for pod in pods):
        return _Step(waits_for="not all pods are ready")
    if not views_agree(pods):
        return _Step(waits_for="the pods do not see the same members")
    return _Step("RollOut", _next(outdated, now.strategy))


def _next(outdated: Sequence[PodState], strategy: Strategy) -> PodState:
    if strategy == "Ordinal":
        return max(outdated, key=lambda pod: pod.ordinal)
    return min(outdated, key=lambda pod: (pod.listeners, -pod.ordinal))


def _is_over(now: Situation, pod: PodState) -> bool:
    if pod.is_drained or pod.is_gone:
        return True
    drain = now.drain
    return (
        drain is not None
        and drain.pod_name == pod.name
        and drain.elapsed_seconds > now.timeout_seconds + SLACK_SECONDS
    )
