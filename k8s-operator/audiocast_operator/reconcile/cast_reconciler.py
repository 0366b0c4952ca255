"""The one reconcile of an AudioCast: it reads what there is, decides, takes the next step, writes the status.

Everything leads here: a change of the spec, an event of a child, the timer. A reconcile can run at any moment
and any number of times. What it does depends on what it finds, not on what has called it. The pods come
first; a step that fails does not hold the others. The status is written once, after all of them.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, POD, STATEFULSET, Kube
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.decide.autoscale import Scaling, autoscale
from audiocast_operator.decide.conditions import Failures
from audiocast_operator.decide.plan import OngoingDrain, Plan, Situation, make_plan
from audiocast_operator.decide.pod_state import internal_address, ordinal_of, parse_pod
from audiocast_operator.decide.window import is_window_open
from audiocast_operator.errors import OperatorError
from audiocast_operator.manifests.owner import Json, Owner, controller_uid
from audiocast_operator.metrics import PROBLEMS
from audiocast_operator.models.audio_cast import AudioCastSpec, AudioCastStatus
from audiocast_operator.names import selector_labels
from audiocast_operator.reconcile.cast_status import build_status, build_stopped_status
from audiocast_operator.reconcile.children import Children
from audiocast_operator.reconcile.claims import Ownership
from audiocast_operator.reconcile.memory import CastMemory
from audiocast_operator.reconcile.observed import ObservedCast, PodSecret, parse_spec, update_revision
from audiocast_operator.reconcile.problems import Problems
from audiocast_operator.reconcile.secret_reconciler import SecretReconciler
from audiocast_operator.reconcile.stream_reconciler import StreamReconciler

log = structlog.get_logger()


class _PodsDone(NamedTuple):
    """The step of the pods.

    Attributes:
        replicas: How many pods the StatefulSet asks for now.
        status: Makes the status, of the failures in all steps.
    """

    replicas: int
    status: Callable[[Failures], AudioCastStatus]


class CastReconciler:
    """Reconciles all AudioCasts. It must not run twice at once for the same one.

    Args:
        kube: The Kubernetes API.
        members: The pods' internal port.
        streams: Reconciles the Streams of an AudioCast.
        cluster_domain: Domain of Kubernetes' DNS, as in "cluster.local".
        operator_namespace: Where the operator runs; empty: beside each AudioCast.
        monotonic: Returns the seconds of a monotonic clock.
        common_problems: Returns what the operator cannot do for any AudioCast now.
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
        common_problems: Callable[[], Sequence[OperatorError]],
    ) -> None:
        self._kube = kube
        self._members = members
        self._streams = streams
        self._common_problems = common_problems
        claims = Ownership(kube)
        self._claims = claims
        self._children = Children(
            claims, cluster_domain=cluster_domain, operator_namespace=operator_namespace
        )
        self._secrets = SecretReconciler(kube, claims)
        self._monotonic = monotonic
        self._memories: dict[tuple[str, str], CastMemory] = {}

    async def reconcile(self, namespace: str, name: str) -> None:
        """Bring an AudioCast and its Streams a step nearer to what their specs want.

        Raises:
            OperatorError: The heaviest of what went wrong. The status says so, too, where it can be written.
        """
        problems = Problems(f"{namespace}/{name}")
        raw = await problems.attempt(self._kube.get(AUDIOCAST, namespace, name))
        if problems.worst is not None:
            PROBLEMS.put((namespace, name), "AudioCast", problems.reasons)
            raise problems.worst
        if raw is None or raw["metadata"].get("deletionTimestamp"):
            self._memories.pop((namespace, name), None)
            PROBLEMS.forget((namespace, name))
            await self._streams.orphan(namespace, name)
            return
        memory = self._memories.setdefault((namespace, name), CastMemory())
        problems.found.extend(self._common_problems())
        status = await problems.attempt(self._steps(raw, memory, problems))
        if status is None:
            status = build_stopped_status(raw, problems.failures, _now())
        await problems.attempt(self._write(raw, status))
        PROBLEMS.put((namespace, name), "AudioCast", problems.reasons)
        if problems.worst is not None:
            raise problems.worst

    async def _steps(self, raw: Json, memory: CastMemory, problems: Problems) -> AudioCastStatus | None:
        """Take all steps; return the status, None when what there is could not be read."""
        now = _now()
        cast = Owner.from_object(raw)
        spec = problems.check(lambda: _checked_spec(raw, now))
        if spec is None:
            return None
        streams = await problems.attempt(self._streams.find(cast))
        if streams is not None:
            # Before the pods, which read it when they start.
            await problems.attempt(self._streams.write_rules(cast, streams, memory))
        observed = await problems.attempt(self._observe(raw, cast, spec, now))
        secret = await problems.attempt(
            self._secrets.reconcile(
                cast,
                spec,
                observed.pods if observed else (),
                replicas=observed.replicas if observed else -1,
                now=now,
            )
        )
        done = None
        if observed is not None:
            done = await problems.attempt(self._reconcile_pods(observed, secret, memory, problems, now))
        if not spec.paused:
            generation = int(raw["metadata"].get("generation", 0))
            before = len(problems.found)
            replicas = done.replicas if done else None
            prune = memory.pruned_generation != generation
            for step in self._children.steps(cast, spec, replicas=replicas, prune=prune):
                await problems.attempt(step)
            if len(problems.found) == before:
                memory.pruned_generation = generation
        pods = observed.pods if observed else None
        current = secret.current if secret else ""
        if streams is not None:
            await problems.attempt(self._streams.reconcile(cast, spec, pods, current, memory, streams))
        return done.status(problems.failures) if done is not None else None

    async def _observe(self, raw: Json, cast: Owner, spec: AudioCastSpec, now: datetime) -> ObservedCast:
        statefulset = await self._claims.get(cast, STATEFULSET, cast.name) or {}
        raw_pods = await self._kube.find_all(POD, cast.namespace, selector_labels(cast.name))
        uid = statefulset.get("metadata", {}).get("uid", "")
        ordinals = {
            each["metadata"]["name"]: ordinal_of(each["metadata"]["name"], cast.name)
            for each in raw_pods
            if uid and controller_uid(each) == uid
        }
        ours = [each for each in raw_pods if ordinals.get(each["metadata"]["name"]) is not None]
        reports = await self._members.fetch_statuses(
            {each["metadata"]["name"]: internal_address(each) for each in ours}
        )
        pods = []
        for each in ours:
            name = each["metadata"]["name"]
            pods.append(parse_pod(each, ordinals[name] or 0, reports.get(name), now))
        return ObservedCast(
            cast=cast,
            spec=spec,
            before=AudioCastStatus.model_validate(raw.get("status") or {}),
            generation=int(raw["metadata"].get("generation", 0)),
            statefulset=statefulset,
            pods=[pod for pod in pods if pod is not None],
        )

    async def _reconcile_pods(
        self,
        observed: ObservedCast,
        secret: PodSecret | None,
        memory: CastMemory,
        problems: Problems,
        now: datetime,
    ) -> _PodsDone:
        """Bring the pods a step nearer."""
        scaling = self._scaling(observed, memory, now)
        wanted = scaling.wanted if scaling else observed.spec.replicas or 0
        statefulset = observed.statefulset
        # Pods change with it alone: without it there is no knowing which of them are to be replaced.
        usable = None if observed.spec.paused else secret
        if usable is not None:
            replicas = max(observed.replicas, wanted)
            applied = await problems.attempt(
                self._children.apply_statefulset(observed.cast, observed.spec, usable, replicas)
            )
            statefulset = applied or statefulset
        plan = make_plan(self._situation(observed, statefulset, wanted, now))
        if usable is not None and statefulset:
            await self._execute(plan, observed, usable, statefulset, problems)

        def status(failures: Failures) -> AudioCastStatus:
            return build_status(observed, plan, secret, scaling, failures, wanted=wanted, now=now)

        return _PodsDone(plan.replicas, status)

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
        self, plan: Plan, observed: ObservedCast, secret: PodSecret, statefulset: Json, problems: Problems
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
            await problems.attempt(self._kube.evict(cast.namespace, pod.name, pod.uid))
        if plan.replicas != statefulset["spec"]["replicas"]:
            log.info("scaled", cast=cast.name, replicas=plan.replicas)
            await problems.attempt(
                self._children.apply_statefulset(cast, observed.spec, secret, plan.replicas)
            )

    async def _write(self, raw: Json, status: AudioCastStatus) -> None:
        written = status.as_json()
        if written != raw.get("status"):
            metadata = raw["metadata"]
            await self._kube.write_status(AUDIOCAST, metadata["namespace"], metadata["name"], written)


def _checked_spec(raw: Json, now: datetime) -> AudioCastSpec:
    """Return the spec of an AudioCast.

    Raises:
        BadSpec: It cannot be carried out.
    """
    spec = parse_spec(raw)
    is_window_open(spec.drain.window, now)
    return spec


def _now() -> datetime:
    """Return the present time in whole seconds, as times in a status are written."""
    return datetime.now(UTC).replace(microsecond=0)
