"""The one reconcile of an AudioCast: looks at what there is, decides, takes the next step, tells.

Everything that happens leads here: a change of the spec, a child's event, the timer. It can be called at any
moment and any number of times; what it does depends on what it finds, not on why it was called.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, POD, STATEFULSET, Kube
from audiocast_operator.clients.members import Members
from audiocast_operator.decide import conditions
from audiocast_operator.decide.autoscale import Scaling, autoscale
from audiocast_operator.decide.plan import Drain, Plan, Situation, plan
from audiocast_operator.decide.pod_state import internal_address, read_pod
from audiocast_operator.decide.window import is_open
from audiocast_operator.errors import BadSpec, OperatorError, Refused
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.models.audio_cast import (
    AudioCastStatus,
)
from audiocast_operator.names import selector_labels
from audiocast_operator.reconcile.cast_status import build_status
from audiocast_operator.reconcile.children import Children
from audiocast_operator.reconcile.found import Found, parse_spec, revision_of
from audiocast_operator.reconcile.memory import CastMemory
from audiocast_operator.reconcile.secret_keeper import KnownSecret, SecretKeeper
from audiocast_operator.reconcile.stream_reconciler import StreamReconciler

log = structlog.get_logger()


class CastReconciler:
    """For all AudioCasts.

    Args:
        kube: The API.
        members: Speaks with pods.
        streams: Looks after the Streams of an AudioCast.
        cluster_domain: Of Kubernetes' DNS.
        monotonic: Gives seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        kube: Kube,
        members: Members,
        streams: StreamReconciler,
        *,
        cluster_domain: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._kube = kube
        self._members = members
        self._streams = streams
        self._children = Children(kube, cluster_domain=cluster_domain)
        self._secrets = SecretKeeper(kube)
        self._monotonic = monotonic
        self._memories: dict[tuple[str, str], CastMemory] = {}

    async def reconcile(self, namespace: str, name: str) -> None:
        """Bring an AudioCast and its Streams a step nearer to what is wanted.

        Raises:
            OperatorError: Something is wrong; it is in the status too, where that can be written.
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
            await self._tell_trouble(raw, conditions.spec_is_bad(str(error)))
            raise
        except Refused as error:
            await self._tell_trouble(raw, conditions.api_refuses(str(error)))
            raise

    async def _step(self, raw: Json, memory: CastMemory) -> None:
        now = _now()
        found = await self._look(raw, now)
        scaling = self._scaling(found, memory, now)
        wanted = scaling.wanted if scaling else found.spec.replicas or 0
        secret = await self._secrets.keep(
            found.cast, found.spec, found.pods, replicas=found.replicas, now=now
        )
        statefulset = found.statefulset
        if not found.spec.paused:
            await self._children.apply(found.cast, found.spec, tidy=memory.tidied != found.generation)
            memory.tidied = found.generation
            replicas = max(found.replicas, wanted)
            statefulset = await self._children.apply_statefulset(found.cast, found.spec, secret, replicas)
        todo = plan(self._situation(found, statefulset, wanted, now))
        if not found.spec.paused:
            await self._do(found, todo, secret, statefulset)
        await self._write(raw, build_status(found, todo, secret, scaling, wanted=wanted, now=now))
        await self._streams.reconcile(found.cast, found.spec, found.pods, secret.current, memory)

    async def _look(self, raw: Json, now: datetime) -> Found:
        cast = Owner.of(raw)
        statefulset = await self._kube.get(STATEFULSET, cast.namespace, cast.name) or {}
        raw_pods = await self._kube.find_all(POD, cast.namespace, selector_labels(cast.name))
        told = await self._members.statuses(
            {each["metadata"]["name"]: internal_address(each) for each in raw_pods}
        )
        pods = [read_pod(each, told.get(each["metadata"]["name"]), now) for each in raw_pods]
        return Found(
            cast=cast,
            spec=parse_spec(raw),
            before=AudioCastStatus.model_validate(raw.get("status") or {}),
            generation=int(raw["metadata"].get("generation", 0)),
            statefulset=statefulset,
            pods=[pod for pod in pods if pod is not None],
        )

    def _scaling(self, found: Found, memory: CastMemory, now: datetime) -> Scaling | None:
        egress_bps = memory.egress.measure(found.pods, self._monotonic())
        if found.spec.autoscaling is None:
            return None
        before = found.before.autoscaling
        return autoscale(
            found.spec.autoscaling,
            found.pods,
            replicas=found.replicas,
            egress_bps=egress_bps,
            lower_since=before.lower_since if before else None,
            now=now,
        )

    def _situation(self, found: Found, statefulset: Json, wanted: int, now: datetime) -> Situation:
        drain = found.before.drain
        return Situation(
            pods=found.pods,
            replicas=int(statefulset.get("spec", {}).get("replicas", 0)),
            wanted=wanted,
            revision=revision_of(statefulset),
            strategy=found.spec.drain.strategy,
            may_roll_out=is_open(found.spec.drain.window, now),
            timeout_seconds=found.spec.drain.timeout_seconds,
            drain=Drain(drain.pod, (now - drain.started_at).total_seconds()) if drain else None,
        )

    async def _do(self, found: Found, todo: Plan, secret: KnownSecret, statefulset: Json) -> None:
        cast = found.cast
        for pod in todo.undo:
            log.info("drain_undone", cast=cast.name, pod=pod.name)
            await self._members.undo_drain(pod.address, secret.current)
        if todo.drain and todo.start:
            pod, reason = todo.drain
            log.info("drain_began", cast=cast.name, pod=pod.name, reason=reason, listeners=pod.listeners)
            await self._members.drain(pod.address, secret.current)
        for pod in todo.delete:
            log.info("pod_replaced", cast=cast.name, pod=pod.name, listeners=pod.listeners)
            await self._kube.evict(cast.namespace, pod.name, pod.uid)
        if todo.replicas != statefulset["spec"]["replicas"]:
            log.info("scaled", cast=cast.name, replicas=todo.replicas)
            await self._children.apply_statefulset(cast, found.spec, secret, todo.replicas)

    async def _tell_trouble(self, raw: Json, said: Sequence[conditions.Said]) -> None:
        """Write what is wrong, beside what was known before."""
        now = _now()
        generation = int(raw["metadata"].get("generation", 0))
        before = AudioCastStatus.model_validate(raw.get("status") or {})
        merged = conditions.merge(said, before.conditions, generation, now)
        try:
            await self._write(
                raw, before.model_copy(update={"conditions": merged, "observed_generation": generation})
            )
        except OperatorError as error:
            log.warning("status_not_written", cast=raw["metadata"]["name"], reason=str(error))

    async def _write(self, raw: Json, status: AudioCastStatus) -> None:
        said = status.as_json()
        if said != raw.get("status"):
            metadata = raw["metadata"]
            await self._kube.write_status(AUDIOCAST, metadata["namespace"], metadata["name"], said)


def _now() -> datetime:
    """Give the time as it stands in a status: in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
