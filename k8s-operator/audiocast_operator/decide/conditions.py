"""The conditions of an AudioCast, and when their status changed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiocast_operator.decide.plan import Plan
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.models.audio_cast import Condition


@dataclass(frozen=True, slots=True)
class Undated:
    """A condition before `merge` has found out when its status changed."""

    type: str
    holds: bool
    reason: str
    message: str = ""


def build_conditions(
    plan: Plan, pods: Sequence[PodState], *, wanted: int, is_paused: bool, is_rotating: bool
) -> list[Undated]:
    """Return all four conditions of an AudioCast.

    Args:
        plan: What the operator does next.
        pods: The pods that Kubernetes is not deleting.
        wanted: How many pods there should be.
        is_paused: The operator changes nothing.
        is_rotating: Some pods do not have the present Secret yet.
    """
    ready = sum(pod.is_ready for pod in pods)
    available = Undated(
        "Available", ready > 0, "Serving" if ready else "NoPodReady", f"{ready} of {wanted} pods are ready"
    )
    if not wanted:
        available = Undated("Available", False, "ScaledToZero", "no pods are wanted")
    return [
        available,
        _progressing(plan, pods, wanted=wanted, is_paused=is_paused, is_rotating=is_rotating),
        _degraded(plan, pods),
        _draining(plan),
    ]


def bad_spec_conditions(message: str) -> list[Undated]:
    """Return what a spec that cannot be carried out changes. The pods are left as they are."""
    return _stopped("BadSpec", message)


def refused_conditions(message: str) -> list[Undated]:
    """Return what it changes that the API server refuses a request of the operator for good."""
    return _stopped("Refused", message)


def merge(
    changes: Sequence[Undated], before: Sequence[Condition], generation: int, now: datetime
) -> list[Condition]:
    """Return the conditions with their times; a type without a change stays as it was.

    Args:
        changes: The conditions of now.
        before: The conditions in the status that was written last.
        generation: Generation of the spec that the changes are about.
        now: The time of those whose status has changed.
    """
    known = {each.type: each for each in before}
    for each in changes:
        status = "True" if each.holds else "False"
        old = known.get(each.type)
        since = old.last_transition_time if old is not None and old.status == status else now
        known[each.type] = Condition(
            type=each.type,
            status="True" if each.holds else "False",
            reason=each.reason,
            message=each.message,
            last_transition_time=since,
            observed_generation=generation,
        )
    return [known[name] for name in sorted(known)]


def _stopped(reason: str, message: str) -> list[Undated]:
    return [Undated("Progressing", False, reason, message), Undated("Degraded", True, reason, message)]


def _progressing(
    plan: Plan, pods: Sequence[PodState], *, wanted: int, is_paused: bool, is_rotating: bool
) -> Undated:
    if is_paused:
        return Undated("Progressing", False, "Paused", "spec.paused is true: nothing is changed")
    if plan.broken:
        return Undated("Progressing", False, "Stopped", plan.waits_for)
    if plan.outdated:
        done = len(pods) - len(plan.outdated)
        message = f"{done} of {len(pods)} pods are up to date"
        return Undated(
            "Progressing", True, "RollOut", f"{message}; {plan.waits_for}" if plan.waits_for else message
        )
    if wanted != len(pods):
        message = f"{len(pods)} pods, {wanted} wanted"
        return Undated(
            "Progressing", True, "Scaling", f"{message}; {plan.waits_for}" if plan.waits_for else message
        )
    if plan.waits_for:
        return Undated("Progressing", True, "Waiting", plan.waits_for)
    if not all(pod.is_ready for pod in pods):
        return Undated("Progressing", True, "Starting", f"{sum(pod.is_ready for pod in pods)} pods are ready")
    if is_rotating:
        return Undated("Progressing", True, "Rotation", "another secret is on its way to all pods")
    return Undated("Progressing", False, "Complete", "all pods are as wanted")


def _degraded(plan: Plan, pods: Sequence[PodState]) -> Undated:
    if plan.broken and plan.outdated:
        return Undated("Degraded", True, "RollOutStopped", plan.waits_for)
    failing = [pod for pod in pods if pod.failure]
    if failing:
        return Undated(
            "Degraded", True, failing[0].failure, f"{', '.join(pod.name for pod in failing)} cannot run"
        )
    silent = [pod.name for pod in pods if pod.is_ready and pod.reported is None]
    if silent:
        return Undated(
            "Degraded",
            True,
            "NoAnswer",
            f"the operator cannot reach the internal port of {', '.join(silent)}",
        )
    return Undated("Degraded", False, "AsWanted")


def _draining(plan: Plan) -> Undated:
    if plan.drain is None:
        return Undated("Draining", False, "NobodyLeaves")
    pod, reason = plan.drain
    left = pod.reported.drain.listeners_left if pod.reported else 0
    return Undated("Draining", True, reason, f"{pod.name} has {left} listeners left")
