"""Builds the status of an AudioCast. Pure."""

from datetime import datetime

from audiocast_operator.decide import conditions
from audiocast_operator.decide.autoscale import Scaling
from audiocast_operator.decide.plan import Plan, views_agree
from audiocast_operator.models.audio_cast import AudioCastStatus, AutoscalingStatus, DrainStatus
from audiocast_operator.names import label_selector, selector_labels
from audiocast_operator.reconcile.observed import ObservedCast, PodSecret


def build_status(
    observed: ObservedCast,
    plan: Plan,
    secret: PodSecret,
    scaling: Scaling | None,
    *,
    wanted: int,
    now: datetime,
) -> AudioCastStatus:
    """Return the status.

    Args:
        observed: The AudioCast and its pods.
        plan: What the operator does next.
        secret: The Secret that pods should be started with.
        scaling: The result of autoscaling; None without it.
        wanted: How many pods there should be.
        now: The time of everything that has changed since the last status.
    """
    pods = observed.pods
    ready = sum(pod.is_ready for pod in pods)
    present = conditions.build_conditions(
        plan,
        pods,
        wanted=wanted,
        is_paused=observed.spec.paused,
        is_rotating=any(pod.secret_hash != secret.hash for pod in pods),
    )
    return AudioCastStatus(
        observed_generation=observed.generation,
        replicas=len(pods),
        ready_replicas=ready,
        updated_replicas=len(pods) - len(plan.outdated),
        ready=f"{ready}/{wanted}",
        listeners=sum(pod.listeners for pod in pods),
        live_streams=sum(pod.reported.owned for pod in pods if pod.reported),
        selector=label_selector(selector_labels(observed.cast.name)),
        views_agree=views_agree(pods),
        drain=_drain(plan, observed.before.drain, now),
        autoscaling=_autoscaling(scaling),
        secret=secret.status,
        conditions=conditions.merge(present, observed.before.conditions, observed.generation, now),
    )


def _drain(plan: Plan, before: DrainStatus | None, now: datetime) -> DrainStatus | None:
    if plan.drain is None:
        return None
    pod, reason = plan.drain
    goes_on = before is not None and (before.pod, before.reason) == (pod.name, reason)
    return DrainStatus(
        pod=pod.name,
        reason=reason,
        started_at=before.started_at if before is not None and goes_on else now,
        listeners_left=pod.reported.drain.listeners_left if pod.reported else 0,
        sources_left=pod.reported.drain.sources_left if pod.reported else 0,
    )


def _autoscaling(scaling: Scaling | None) -> AutoscalingStatus | None:
    if scaling is None:
        return None
    return AutoscalingStatus(recommended_replicas=scaling.recommended, lower_since=scaling.lower_since)
