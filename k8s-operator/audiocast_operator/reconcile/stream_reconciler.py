"""The Streams of an AudioCast: their Secrets, suspension, and a status.

Streams work without the operator. What is known about a live stream is asked of the pods each time and not
kept here. A Stream that cannot be carried out holds no other one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import structlog
from pydantic import ValidationError

from audiocast_operator.clients.kube import STREAM, Kube
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.decide import conditions
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.decide.stream_facts import (
    StreamFacts,
    facts_before,
    find_facts,
    merge_reports,
    newest_ends,
)
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.urls import build_stream_urls
from audiocast_operator.metrics import PROBLEMS
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.models.condition import Condition
from audiocast_operator.models.stream import StreamSpec, StreamStatus
from audiocast_operator.names import ingest_secret, listen_links_secret
from audiocast_operator.protocol.member_status import StreamReport, StreamRules
from audiocast_operator.reconcile.claims import Ownership
from audiocast_operator.reconcile.memory import CastMemory
from audiocast_operator.reconcile.problems import Problems, told
from audiocast_operator.reconcile.rules_reconciler import RulesReconciler
from audiocast_operator.reconcile.stream_secrets import StreamSecrets
from audiocast_operator.reconcile.stream_webhooks import StreamWebhooks

log = structlog.get_logger()

# At most one status write in this time for each Stream, since listeners come and go all the time.
STATUS_SECONDS = 15.0

# So many Streams are written at once: one by one would be slow, all at once unkind to the API server.
AT_ONCE = 8

Step = Callable[[], Awaitable[str]]


class StreamReconciler:
    """Reconciles the Streams of all AudioCasts.

    Args:
        kube: The Kubernetes API.
        members: The pods' internal port.
        monotonic: Returns the seconds of a monotonic clock.
        now: Returns the Unix time.
    """

    def __init__(
        self,
        kube: Kube,
        members: MembersClient,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._kube = kube
        claims = Ownership(kube)
        self._rules = RulesReconciler(claims, members)
        self._secrets = StreamSecrets(kube, claims, monotonic=monotonic, now=now)
        self._webhooks = StreamWebhooks(kube, claims, monotonic=monotonic)
        self._members = members
        self._monotonic = monotonic
        self._written_at: dict[str, float] = {}

    async def find(self, cast: Owner) -> list[Json]:
        """Return the Streams of an AudioCast, the oldest first.

        Raises:
            OperatorError: They cannot be listed.
        """
        streams = [each for each in await self._list(cast.namespace) if _cast_of(each) == cast.name]
        return sorted(streams, key=_age)

    async def write_rules(self, cast: Owner, streams: Sequence[Json], memory: CastMemory) -> None:
        """Write down what holds for streams, for pods that start: it needs no pod and no secret.

        Raises:
            OperatorError: The ConfigMap cannot be written, or somebody else's has its name.
        """
        rules: dict[str, StreamRules] = {}
        for raw in streams:
            stream = _parse_spec(raw)
            if not isinstance(stream, BadSpec):
                facts = facts_before(_before(raw), memory.facts.get(stream.id))
                rules.setdefault(stream.id, facts.as_rules(stream))
        await self._rules.write(cast, rules, memory, self._monotonic())

    async def reconcile(
        self,
        cast: Owner,
        spec: AudioCastSpec,
        pods: Sequence[PodState] | None,
        secret: str,
        memory: CastMemory,
        streams: Sequence[Json],
    ) -> None:
        """Bring the Streams of an AudioCast to what their specs want.

        Args:
            cast: The AudioCast.
            spec: Its spec.
            pods: Its pods; None: they are not known.
            secret: The secret that makes keys and signs requests; empty: nothing is done yet.
            memory: The memory of the AudioCast, which this changes.
            streams: Its Streams. What one of them lacks, its status says.
        """
        if not secret:
            return
        endpoints = [pod.endpoint for pod in pods or () if pod.reported is not None]
        answers = await self._members.fetch_streams(endpoints, secret) if streams else []
        on_air = merge_reports(report for answer in answers for report in answer.streams)
        ends = newest_ends(report for answer in answers for report in answer.ends)
        wanted: dict[str, StreamSpec] = {}
        rules: dict[str, StreamRules] = {}
        carried: dict[str, StreamSpec] = {}
        steps: list[Step] = []
        for raw in streams:
            stream = _parse_spec(raw)
            if isinstance(stream, BadSpec):
                steps.append(partial(self._refuse, raw, "Invalid", stream))
                continue
            if stream.id in wanted:
                older = BadSpec(f"an older Stream has the id {stream.id}")
                steps.append(partial(self._refuse, raw, "Conflict", older))
                continue
            wanted[stream.id] = carried[raw["metadata"]["uid"]] = stream
            before = facts_before(_before(raw), memory.facts.get(stream.id))
            report = on_air.get(stream.id)
            facts = memory.facts[stream.id] = find_facts(before, stream, report, ends.get(stream.id))
            rules[stream.id] = facts.as_rules(stream)
            if _was_refused(raw):
                # The operator may have restarted since it said so.
                memory.rules_told.setdefault(stream.id, {})
            status = partial(_build_status, cast, spec, raw, stream, report, pods is not None, facts)
            owner, urls = Owner.from_object(raw), build_stream_urls(cast, spec, stream.id)
            parts = (owner, cast.name, urls, stream, secret, memory)
            writes = [
                partial(each, *parts) for each in (self._secrets.apply_ingest, self._secrets.apply_links)
            ]
            read = partial(self._webhooks.read, owner, stream, memory)
            steps.append(partial(self._reconcile_one, raw, writes, status, read))
        await self._rules.announce(rules, pods or (), on_air, secret, memory)
        reasons = await _all_of(steps)
        PROBLEMS.put((cast.namespace, cast.name), "Stream", filter(None, reasons))
        self._forget_writes()
        ids = {str(raw.get("spec", {}).get("id")) for raw in streams}
        memory.forget_streams({raw["metadata"]["uid"] for raw in streams}, ids)
        await self._webhooks.write(cast, carried, memory)

    async def orphan(self, namespace: str, cast_name: str) -> None:
        """Write the phase Orphaned to all Streams of an AudioCast that does not exist."""
        why = BadSpec(f"there is no AudioCast {cast_name}")
        for raw in await self._list(namespace):
            if _cast_of(raw) == cast_name:
                await self._refuse(raw, "Orphaned", why)
        self._forget_writes()

    def _forget_writes(self) -> None:
        """Forget status writes that are too long ago to hold up the next one."""
        now = self._monotonic()
        self._written_at = {each: at for each, at in self._written_at.items() if now - at < STATUS_SECONDS}

    async def _list(self, namespace: str) -> list[Json]:
        streams = await self._kube.find_all(STREAM, namespace)
        return [each for each in streams if not each["metadata"].get("deletionTimestamp")]

    async def _reconcile_one(
        self,
        raw: Json,
        writes: Sequence[Callable[[], Awaitable[None]]],
        build: Callable[[Problems], StreamStatus],
        read_webhooks: Callable[[], Awaitable[None]],
    ) -> str:
        """Write the Secrets and the status of a Stream; return what it lacks, in one word."""
        problems = _problems_of(raw)
        for write in writes:
            await problems.attempt(write())
        status = problems.check(lambda: build(problems)) or _status(raw, phase="Offline")
        # Behind the status: a receiver that cannot be told leaves the key as good as it is.
        await problems.attempt(read_webhooks())
        return await self._write(raw, status, problems)

    async def _refuse(self, raw: Json, phase: str, why: BadSpec) -> str:
        """Write the status of a Stream that cannot be carried out; return why, in one word."""
        problems = _problems_of(raw)
        problems.found.append(why)
        return await self._write(raw, _status(raw, phase=phase), problems)

    async def _write(self, raw: Json, status: StreamStatus, problems: Problems) -> str:
        """Write a status that has changed; return what the Stream lacks, in one word.

        If one was written just now, a later tick will write this one.
        """
        status.conditions = _conditions(raw, problems)
        written, metadata, now = status.as_json(), raw["metadata"], self._monotonic()
        uid = metadata["uid"]
        if (
            written != raw.get("status")
            and now - self._written_at.get(uid, -STATUS_SECONDS) >= STATUS_SECONDS
        ):
            self._written_at[uid] = now
            request = self._kube.write_status(STREAM, metadata["namespace"], metadata["name"], written)
            await problems.attempt(request)
        worst = problems.worst
        if worst is not None:
            log.warning("stream_not_reconciled", stream=problems.name, reason=told(problems.found))
        return worst.reason if worst else ""


async def _all_of(steps: Sequence[Step]) -> list[str]:
    """Take all steps, a few at a time; return their results in order."""
    free = asyncio.Semaphore(AT_ONCE)

    async def in_turn(step: Step) -> str:
        async with free:
            return await step()

    return list(await asyncio.gather(*map(in_turn, steps)))


def _cast_of(raw: Json) -> str:
    return str(raw.get("spec", {}).get("audioCast", ""))


def _age(raw: Json) -> tuple[str, str]:
    """Return a key that sorts the oldest Stream first; of two with the same id the oldest counts."""
    return str(raw["metadata"]["creationTimestamp"]), str(raw["metadata"]["name"])


def _was_refused(raw: Json) -> bool:
    """Return whether pods were told, as far as the status says, to refuse encoders or links."""
    status = raw.get("status", {})
    return status.get("phase") == "Suspended" or "ended" in status or "listenLinksRevokedBefore" in status


def _problems_of(raw: Json) -> Problems:
    return Problems(f"{raw['metadata']['namespace']}/{raw['metadata']['name']}")


def _parse_spec(raw: Json) -> StreamSpec | BadSpec:
    """Return the spec of a Stream, or why it is none."""
    try:
        return StreamSpec.model_validate(raw.get("spec") or {})
    except ValidationError as error:
        log.warning("bad_stream_spec", stream=raw["metadata"]["name"], reason=str(error)[:300])
        [first, *_] = error.errors(include_url=False)
        place = ".".join(str(part) for part in first["loc"])
        return BadSpec(f"spec.{place}: {first['msg']}")


def _status(raw: Json, *, phase: str) -> StreamStatus:
    return StreamStatus.model_validate(
        {
            "observedGeneration": raw["metadata"].get("generation", 0),
            "phase": phase,
            "usedGeneration": _before(raw).used_generation,
            "ended": _before(raw).ended,
        }
    )


def _before(raw: Json) -> StreamStatus:
    """Return the status that was written last."""
    return StreamStatus.model_validate(raw.get("status") or {})


def _build_status(
    cast: Owner,
    spec: AudioCastSpec,
    raw: Json,
    stream: StreamSpec,
    report: StreamReport | None,
    are_pods_known: bool,
    facts: StreamFacts,
    problems: Problems,
) -> StreamStatus:
    status = _status(raw, phase="Suspended" if stream.suspended else "Offline")
    status.used_generation, status.ended = facts
    urls = build_stream_urls(cast, spec, stream.id)
    status.ingest_url, status.listen_url, status.stream_url = urls.ingest, urls.listen, urls.stream
    name = raw["metadata"]["name"]
    status.secret_name = "" if problems.found else ingest_secret(name)
    if stream.is_private:
        has_links = stream.listen_links is not None and not problems.found
        status.listen_links_secret_name = listen_links_secret(name) if has_links else ""
        status.listen_links_revoked_before = stream.listen_links_revoked_before
    if not stream.suspended and are_pods_known:
        _put_report(status, report)
    elif not stream.suspended:
        _keep_report(status, raw)
    return status


def _put_report(status: StreamStatus, report: StreamReport | None) -> None:
    if report is not None:
        status.phase = "Live"
        status.listeners = report.listeners
        status.owner = report.owner or ""
        status.since = datetime.fromtimestamp(int(report.started_at), UTC) if report.started_at else None


def _keep_report(status: StreamStatus, raw: Json) -> None:
    """Keep what the status before has said of the air, since nobody could be asked."""
    before = _before(raw)
    if before.phase == "Live":
        status.phase, status.listeners = before.phase, before.listeners
        status.owner, status.since = before.owner, before.since


def _conditions(raw: Json, problems: Problems) -> list[Condition]:
    worst = problems.worst
    message = told(problems.found) if worst else "the Secret holds the URL and the key"
    ready = conditions.Undated("Ready", worst is None, worst.reason if worst else "SecretWritten", message)
    before = _before(raw).conditions
    now = datetime.now(UTC).replace(microsecond=0)
    return conditions.merge([ready], before, int(raw["metadata"].get("generation", 0)), now)
