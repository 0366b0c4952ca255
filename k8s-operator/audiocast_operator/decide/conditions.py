"""The conditions of an AudioCast, and when their status changed. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from audiocast_operator.decide.plan import Plan
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.models.condition import Condition


@dataclass(frozen=True, slots=True)
class Undated:
    """A condition before `merge` has found out when its status changed."""

    type: str
    holds: bool
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Failures:
    """What went wrong in a reconcile beside what the pods show, each as reason and message.

    Attributes:
        lasting: What does not pass by itself; None: nothing.
        passing: What may pass by itself; None: nothing.
        absent: A kind that is wanted and not installed, in a sentence; empty: none.
    """

    lasting: tuple[str, str] | None = None
    passing: tuple[str, str] | None = None
    absent: str = ""


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


def stopped_conditions(failures: Failures) -> list[Undated]:
    """Return what it changes that nothing could be done for the pods. They are left as they are."""
    if failures.lasting is not None:
        return [
            Undated("Progressing", False, *failures.lasting),
            Undated("Degraded", True, *failures.lasting),
        ]
    return [Undated("Progressing", True, *failures.passing)] if failures.passing is not None else []


def with_failures(found: Sequence[Undated], failures: Failures) -> list[Undated]:
    """Return conditions with what went wrong beside the pods."""
    by_type = {each.type: each for each in found}
    if failures.lasting is not None:
        reason, message = failures.lasting
        before = by_type.get("Degraded")
        more = f"; {before.message}" if before is not None and before.holds else ""
        by_type["Degraded"] = Undated("Degraded", True, reason, f"{message}{more}")
    if failures.passing is not None:
        before = by_type.get("Progressing")
        if before is not None and before.holds:
            message = f"{before.message}; {failures.passing[1]}"
            by_type["Progressing"] = replace(before, message=message)
        else:
            by_type["Progressing"] = Undated("Progressing", True, *failures.passing)
    return list(by_type.values())


def monitored_condition(absent: str) -> Undated:
    """Return whether a PodMonitor that is wanted is there.

    Args:
        absent: Why it cannot be; empty: it is.
    """
    return Undated("Monitored", not absent, "NotInstalled" if absent else "PodMonitor", absent)


def merge(
    changes: Sequence[Undated],
    before: Sequence[Condition],
    generation: int,
    now: datetime,
    *,
    drop: Collection[str] = (),
) -> list[Condition]:
    """Return the conditions with their times; a type without a change stays as it was.

    Args:
        changes: The conditions of now.
        before: The conditions in the status that was written last.
        generation: Generation of the spec that the changes are about.
        now: The time of those whose status has changed.
        drop: Types that the spec no longer asks for.
    """
    known = {each.type: each for each in before if each.type not in drop}
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
