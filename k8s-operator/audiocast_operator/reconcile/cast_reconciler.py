"""The one reconcile of an AudioCast: it reads what there is, decides, takes the next step, writes the status.

Everything leads here: a change of the spec, an event of a child, the timer. A reconcile can run at any moment
and any number of times. What it does depends on what it finds, not on what has called it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, POD, STATEFULSET, Kube
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.decide import conditions
from audiocast_operator.decide.autoscale import Scaling, autoscale
from audiocast_operator.decide.plan import OngoingDrain, Plan, Situation, make_plan
from audiocast_operator.decide.pod_state import internal_address, parse_pod
from audiocast_operator.decide.window import is_window_open
from audiocast_operator.errors import ApiRefused, BadSpec, OperatorError
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.models.audio_cast import AudioCastStatus
from audiocast_operator.names import selector_labels
from audiocast_operator.reconcile.cast_status import build_status
from audiocast_operator.reconcile.children import Children
from audiocast_operator.reconcile.memory import CastMemory
from audiocast_operator.reconcile.observed import ObservedCast, PodSecret, parse_spec, update_revision
from audiocast_operator.reconcile.secret_reconciler import SecretReconciler
from audiocast_operator.reconcile.stream_reconciler import StreamReconciler

log = structlog.get_logger()


class CastReconciler:
    """Reconciles all AudioCasts. It must not run twice at once for the same one.

    Args:
        kube: The Kubernetes API.
        members: The pods' internal port.
        streams: Reconciles the Streams of an AudioCast.
        cluster_domain: Domain of Kubernetes' DNS, as in "cluster.local".
        operator_namespace: Where the operator runs; empty: beside each AudioCast.
        monotonic: Returns the seconds of a monotonic clock.
    """

    def __init__(
        self,
        kube: Kube,
        members: MembersClient,
        streams: StreamReconciler,
        *,
        cluster_domain: str,
        operator_namespace: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._kube = kube
        self._members = members
        self._streams = streams
        self._children = Children(kube, cluster_domain=cluster_domain, operator_namespace=operator_namespace)
        self._secrets = SecretReconciler(kube)
        self._monotonic = monotonic
        self._memories: dict[tuple[str, str], CastMemory] = {}

    async def reconcile(self, namespace: str, name: str) -> None:
        """Bring an AudioCast and its Streams a step nearer to what their specs want.

        Raises:
            OperatorError: The step failed. The status says so, too, where it can be written.
        """
        raw = await self._kube.get(AUDIOCAST, namespace, name)
        if raw is None or raw["metadata"].get("deletionTimestamp"):
            self._memories.pop((namespace, name), None)
            await self._streams.orphan(namespace, name)
            return
        memory = self._memories.setdefault((namespace, name), CastMemory())
        try:
            await self._step(raw, memory)
        except BadSpec as error:
            await self._write_failure(raw, conditions.bad_spec_conditions(str(error)))
            raise
        except ApiRefused as error:
            await self._write_failure(raw, conditions.refused_conditions(str(error)))
            raise

    async def _step(self, raw: Json, memory: CastMemory) -> None:
        now = _now()
        observed = await self._observe(raw, now)
        scaling = self._scaling(observed, memory, now)
        wanted = scaling.wanted if scaling else observed.spec.replicas or 0
        secret = await self._secrets.reconcile(
            observed.cast, observed.spec, observed.pods, replicas=observed.replicas, now=now
        )
        statefulset = observed.statefulset
        if not observed.spec.paused:
            await self._children.apply(
                observed.cast, observed.spec, prune=memory.pruned_generation != observed.generation
            )
            memory.pruned_generation = observed.generation
            replicas = max(observed.replicas, wanted)
            statefulset = await self._children.apply_statefulset(
                observed.cast, observed.spec, secret, replicas
            )
        plan = make_plan(self._situation(observed, statefulset, wanted, now))
        if not observed.spec.paused:
            await self._execute(plan, observed, secret, statefulset)
        await self._write(raw, build_status(observed, plan, secret, scaling, wanted=wanted, now=now))
        await self._streams.reconcile(observed.cast, observed.spec, observed.pods, secret.current, memory)

    async def _observe(self, raw: Json, now: datetime) -> ObservedCast:
        cast = Owner.from_object(raw)
        statefulset = await self._kube.get(STATEFULSET, cast.namespace, cast.name) or {}
        raw_pods = await self._kube.find_all(POD, cast.namespace, selector_labels(cast.name))
        reports = await self._members.fetch_statuses(
            {each["metadata"]["name"]: internal_address(each) for each in raw_pods}
        )
        pods = [parse_pod(each, reports.get(each["metadata"]["name"]), now) for each in raw_pods]
        return ObservedCast(
            cast=cast,
            spec=parse_spec(raw),
            before=AudioCastStatus.model_validate(raw.get("status") or {}),
            generation=int(raw["metadata"].get("generation", 0)),
            statefulset=statefulset,
            pods=[pod for pod in pods if pod is not None],
        )

    def _scaling(self, observed: ObservedCast, memory: CastMemory, now: datetime) -> Scaling | None:
        egress_bps = memory.egress.measure(observed.pods, self._monotonic())
        if observed.spec.autoscaling is None:
            return None
        before = observed.before.autoscaling
        return autoscale(
            observed.spec.autoscaling,
            observed.pods,
            replicas=observed.replicas,
            egress_bps=egress_bps,
            lower_since=before.lower_since if before else None,
            now=now,
        )

    def _situation(self, observed: ObservedCast, statefulset: Json, wanted: int, now: datetime) -> Situation:
        drain = observed.before.drain
        return Situation(
            pods=observed.pods,
            replicas=int(statefulset.get("spec", {}).get("replicas", 0)),
            wanted=wanted,
            revision=update_revision(statefulset),
            strategy=observed.spec.drain.strategy,
            is_window_open=is_window_open(observed.spec.drain.window, now),
            timeout_seconds=observed.spec.drain.timeout_seconds,
            drain=OngoingDrain(drain.pod, (now - drain.started_at).total_seconds()) if drain else None,
        )

    async def _execute(
        self, plan: Plan, observed: ObservedCast, secret: PodSecret, statefulset: Json
    ) -> None:
        cast = observed.cast
        for pod in plan.undo_drain:
            log.info("drain_undone", cast=cast.name, pod=pod.name)
            await self._members.undo_drain(pod.endpoint, secret.current)
        if plan.drain and plan.is_drain_new:
            pod, reason = plan.drain
            log.info("drain_started", cast=cast.name, pod=pod.name, reason=reason, listeners=pod.listeners)
            await self._members.start_drain(pod.endpoint, secret.current)
        for pod in plan.evict:
            log.info("pod_evicted", cast=cast.name, pod=pod.name, listeners=pod.listeners)
            await self._kube.evict(cast.namespace, pod.name, pod.uid)
        if plan.replicas != statefulset["spec"]["replicas"]:
            log.info("scaled", cast=cast.name, replicas=plan.replicas)
            await self._children.apply_statefulset(cast, observed.spec, secret, plan.replicas)

    async def _write_failure(self, raw: Json, changes: Sequence[conditions.Undated]) -> None:
        """Write the conditions that changed; the rest of the status stays as it was."""
        now = _now()
        generation = int(raw["metadata"].get("generation", 0))
        before = AudioCastStatus.model_validate(raw.get("status") or {})
        merged = conditions.merge(changes, before.conditions, generation, now)
        try:
            await self._write(
                raw, before.model_copy(update={"conditions": merged, "observed_generation": generation})
            )
        except OperatorError as error:
            log.warning("status_not_written", cast=raw["metadata"]["name"], reason=str(error))

    async def _write(self, raw: Json, status: AudioCastStatus) -> None:
        written = status.as_json()
        if written != raw.get("status"):
            metadata = raw["metadata"]
            await self._kube.write_status(AUDIOCAST, metadata["namespace"], metadata["name"], written)


def _now() -> datetime:
    """Return the present time in whole seconds, as times in a status are written."""
    return datetime.now(UTC).replace(microsecond=0)
