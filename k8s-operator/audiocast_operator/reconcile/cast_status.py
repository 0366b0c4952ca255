"""What is told of an AudioCast in its status. Pure."""

from datetime import datetime

from audiocast_operator.decide import conditions
from audiocast_operator.decide.autoscale import Scaling
from audiocast_operator.decide.plan import Plan, views_agree
from audiocast_operator.models.audio_cast import AudioCastStatus, AutoscalingStatus, DrainStatus
from audiocast_operator.names import selector_labels, selector_text
from audiocast_operator.reconcile.found import Found
from audiocast_operator.reconcile.secret_keeper import KnownSecret


def build_status(
    found: Found, todo: Plan, secret: KnownSecret, scaling: Scaling | None, *, wanted: int, now: datetime
) -> AudioCastStatus:
    """Give the status.

    Args:
        found: What there is.
        todo: What is done about it.
        secret: That pods should be started with.
        scaling: What autoscaling has counted; None without it.
        wanted: How many pods there should be.
        now: The time of whatever has changed.
    """
    pods = found.pods
    ready = sum(pod.is_ready for pod in pods)
    rotating = any(pod.secret_hash != secret.hash for pod in pods)
    said = conditions.conditions_of(todo, pods, wanted=wanted, paused=found.spec.paused, rotating=rotating)
    return AudioCastStatus(
        observed_generation=found.generation,
        replicas=len(pods),
        ready_replicas=ready,
        updated_replicas=len(pods) - len(todo.outdated),
        ready=f"{ready}/{wanted}",
        listeners=sum(pod.listeners for pod in pods),
        live_streams=sum(pod.told.owned for pod in pods if pod.told),
        selector=selector_text(selector_labels(found.cast.name)),
        views_agree=views_agree(pods),
        drain=_drain(todo, found.before.drain, now),
        autoscaling=_autoscaling(scaling),
        secret=secret.status,
        conditions=conditions.merge(said, found.before.conditions, found.generation, now),
    )


def _drain(todo: Plan, before: DrainStatus | None, now: datetime) -> DrainStatus | None:
    if todo.drain is None:
        return None
    pod, reason = todo.drain
    goes_on = before is not None and (before.pod, before.reason) == (pod.name, reason)
    return DrainStatus(
        pod=pod.name,
        reason=reason,
        started_at=before.started_at if before is not None and goes_on else now,
        listeners_left=pod.told.drain.listeners_left if pod.told else 0,
        sources_left=pod.told.drain.sources_left if pod.told else 0,
    )


def _autoscaling(scaling: Scaling | None) -> AutoscalingStatus | None:
    if scaling is None:
        return None
    return AutoscalingStatus(recommended_replicas=scaling.recommended, lower_since=scaling.lower_since)
