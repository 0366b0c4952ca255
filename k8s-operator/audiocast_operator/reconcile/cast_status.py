"""Builds the status of an AudioCast. Pure."""

from datetime import datetime

from audiocast_operator.decide import conditions
from audiocast_operator.decide.autoscale import Scaling
from audiocast_operator.decide.plan import Plan, views_agree
from audiocast_operator.manifests.owner import Json
from audiocast_operator.models.audio_cast import AudioCastStatus, AutoscalingStatus, DrainStatus
from audiocast_operator.names import label_selector, selector_labels
from audiocast_operator.reconcile.observed import ObservedCast, PodSecret

MONITORED = "Monitored"


def build_status(
    observed: ObservedCast,
    plan: Plan,
    secret: PodSecret | None,
    scaling: Scaling | None,
    failures: conditions.Failures,
    *,
    wanted: int,
    now: datetime,
) -> AudioCastStatus:
    """Return the status.

    Args:
        observed: The AudioCast and its pods.
        plan: What the operator does next.
        secret: The Secret that pods should be started with; None when it could not be read or made.
        scaling: The result of autoscaling; None without it.
        failures: What went wrong in this reconcile.
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
        is_rotating=secret is not None and any(pod.secret_hash != secret.hash for pod in pods),
    )
    present = conditions.with_failures(present, failures)
    wants_monitor = observed.spec.monitoring.pod_monitor
    if wants_monitor:
        present.append(conditions.monitored_condition(failures.absent))
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
        secret=secret.status if secret else observed.before.secret,
        conditions=conditions.merge(
            present,
            observed.before.conditions,
            observed.generation,
            now,
            drop=() if wants_monitor else (MONITORED,),
        ),
    )


def build_stopped_status(raw: Json, failures: conditions.Failures, now: datetime) -> AudioCastStatus:
    """Return the status of an AudioCast whose pods nothing could be done for; the rest stays as it was.

    Args:
        raw: The AudioCast.
        failures: What went wrong in this reconcile.
        now: The time of conditions that have changed.
    """
    changes = conditions.stopped_conditions(failures)
    generation = int(raw["metadata"].get("generation", 0))
    before = AudioCastStatus.model_validate(raw.get("status") or {})
    merged = conditions.merge(changes, before.conditions, generation, now)
    return before.model_copy(update={"conditions": merged, "observed_generation": generation})


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
