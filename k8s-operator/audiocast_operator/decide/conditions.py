"""The conditions of an AudioCast, and when they changed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiocast_operator.decide.plan import Plan
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.models.audio_cast import Condition


@dataclass(frozen=True, slots=True)
class Said:
    """A condition, before it is known when it changed."""

    type: str
    holds: bool
    reason: str
    message: str = ""


def conditions_of(
    plan: Plan, pods: Sequence[PodState], *, wanted: int, paused: bool, rotating: bool
) -> list[Said]:
    """Say how an AudioCast is.

    Args:
        plan: What is done next.
        pods: Those that are not on their way out.
        wanted: How many pods there should be.
        paused: Nothing is done.
        rotating: The secret is on its way to all pods.
    """
    ready = sum(pod.is_ready for pod in pods)
    available = Said(
        "Available", ready > 0, "Serving" if ready else "NoPodReady", f"{ready} of {wanted} pods are ready"
    )
    if not wanted:
        available = Said("Available", False, "ScaledToZero", "no pods are wanted")
    return [
        available,
        _progressing(plan, pods, wanted=wanted, paused=paused, rotating=rotating),
        _degraded(plan, pods),
        _draining(plan),
    ]


def spec_is_bad(message: str) -> list[Said]:
    """Say that the spec cannot be; the pods are left as they are."""
    return [Said("Progressing", False, "BadSpec", message), Said("Degraded", True, "BadSpec", message)]


def api_refuses(message: str) -> list[Said]:
    """Say that the API server does not let the operator do its work."""
    return [Said("Progressing", False, "Refused", message), Said("Degraded", True, "Refused", message)]


def merge(
    said: Sequence[Said], before: Sequence[Condition], generation: int, now: datetime
) -> list[Condition]:
    """Give the conditions with their times; one that was not said anything of stays as it was.

    Args:
        said: What is so now.
        before: What was written last.
        generation: Of the spec that it is said about.
        now: The time of whatever has changed.
    """
    known = {each.type: each for each in before}
    for each in said:
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


def _progressing(plan: Plan, pods: Sequence[PodState], *, wanted: int, paused: bool, rotating: bool) -> Said:
    if paused:
        return Said("Progressing", False, "Paused", "spec.paused is true: nothing is changed")
    if plan.broken:
        return Said("Progressing", False, "Stopped", plan.waits_for)
    if plan.outdated:
        done = len(pods) - len(plan.outdated)
        message = f"{done} of {len(pods)} pods are up to date"
        return Said(
            "Progressing", True, "RollOut", f"{message}; {plan.waits_for}" if plan.waits_for else message
        )
    if wanted != len(pods):
        message = f"{len(pods)} pods, {wanted} wanted"
        return Said(
            "Progressing", True, "Scaling", f"{message}; {plan.waits_for}" if plan.waits_for else message
        )
    if plan.waits_for:
        return Said("Progressing", True, "Waiting", plan.waits_for)
    if not all(pod.is_ready for pod in pods):
        return Said("Progressing", True, "Starting", f"{sum(pod.is_ready for pod in pods)} pods are ready")
    if rotating:
        return Said("Progressing", True, "Rotation", "another secret is on its way to all pods")
    return Said("Progressing", False, "Complete", "all pods are as wanted")


def _degraded(plan: Plan, pods: Sequence[PodState]) -> Said:
    if plan.broken and plan.outdated:
        return Said("Degraded", True, "RollOutStopped", plan.waits_for)
    troubled = [pod for pod in pods if pod.trouble]
    if troubled:
        return Said(
            "Degraded", True, troubled[0].trouble, f"{', '.join(pod.name for pod in troubled)} cannot run"
        )
    silent = [pod.name for pod in pods if pod.is_ready and pod.told is None]
    if silent:
        return Said(
            "Degraded",
            True,
            "NoAnswer",
            f"the operator cannot reach the internal port of {', '.join(silent)}",
        )
    return Said("Degraded", False, "AsWanted")


def _draining(plan: Plan) -> Said:
    if plan.drain is None:
        return Said("Draining", False, "NobodyLeaves")
    pod, reason = plan.drain
    left = pod.told.drain.listeners_left if pod.told else 0
    return Said("Draining", True, reason, f"{pod.name} has {left} listeners left")
