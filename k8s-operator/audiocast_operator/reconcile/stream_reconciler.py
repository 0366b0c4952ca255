"""The Streams of an AudioCast: a Secret with URL and key for each, suspension, and a status.

Streams work without the operator. What is known about a live stream is asked of the pods each time and not
kept here.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from audiocast_operator.clients.kube import STREAM, Kube
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.secrets import build_ingest_secret
from audiocast_operator.manifests.urls import build_stream_urls
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.models.stream import StreamSpec, StreamStatus
from audiocast_operator.names import ingest_secret
from audiocast_operator.protocol.ingest_key import build_ingest_key
from audiocast_operator.protocol.member_status import StreamReport
from audiocast_operator.reconcile.memory import CastMemory

log = structlog.get_logger()

# At most one status write in this time for each Stream, since listeners come and go all the time.
STATUS_SECONDS = 15.0

# A Secret that somebody has changed or deleted is applied again after this time.
SECRET_SECONDS = 300.0

ON_THE_AIR = frozenset({"live", "held"})


class StreamReconciler:
    """Reconciles the Streams of all AudioCasts.

    Args:
        kube: The Kubernetes API.
        members: The pods' internal port.
        monotonic: Returns the seconds of a monotonic clock.
    """

    def __init__(self, kube: Kube, members: MembersClient, *, monotonic: Callable[[], float]) -> None:
        self._kube = kube
        self._members = members
        self._monotonic = monotonic
        self._written_at: dict[str, float] = {}

    async def reconcile(
        self, cast: Owner, spec: AudioCastSpec, pods: Sequence[PodState], secret: str, memory: CastMemory
    ) -> None:
        """Bring the Streams of an AudioCast to what their specs want.

        Args:
            cast: The AudioCast.
            spec: Its spec.
            pods: Its pods.
            secret: The secret that makes keys and signs requests; empty: nothing is done yet.
            memory: The memory of the AudioCast, which this changes.
        """
        streams = [each for each in await self._list(cast.namespace) if _cast_of(each) == cast.name]
        if not secret:
            return
        endpoints = [pod.endpoint for pod in pods if pod.reported is not None]
        answers = await self._members.fetch_streams(endpoints, secret) if streams else []
        on_air = merge_reports(report for answer in answers for report in answer)
        wanted: dict[str, StreamSpec] = {}
        for raw in sorted(streams, key=_age):
            stream = _parse_spec(raw)
            if stream is None or stream.id in wanted:
                await self._write(raw, _status(raw, phase="Invalid" if stream is None else "Conflict"))
                continue
            wanted[stream.id] = stream
            if not stream.suspended and _was_suspended(raw):
                # The operator may have restarted since it suspended the stream.
                memory.suspensions_sent.setdefault(stream.id, set())
            await self._apply_secret(cast, spec, raw, stream, secret, memory)
            await self._write(raw, self._status(cast, spec, raw, stream, on_air.get(stream.id)))
        await self._suspend(wanted, pods, on_air, secret, memory)
        memory.forget_streams({raw["metadata"]["uid"] for raw in streams})

    async def orphan(self, namespace: str, cast_name: str) -> None:
        """Write the phase Orphaned to all Streams of an AudioCast that does not exist."""
        for raw in await self._list(namespace):
            if _cast_of(raw) == cast_name:
                await self._write(raw, _status(raw, phase="Orphaned"))

    async def _list(self, namespace: str) -> list[Json]:
        streams = await self._kube.find_all(STREAM, namespace)
        return [each for each in streams if not each["metadata"].get("deletionTimestamp")]

    async def _apply_secret(
        self, cast: Owner, spec: AudioCastSpec, raw: Json, stream: StreamSpec, secret: str, memory: CastMemory
    ) -> None:
        owner, urls = Owner.from_object(raw), build_stream_urls(cast, spec, stream.id)
        key = build_ingest_key(secret, stream)
        content = hashlib.sha256(f"{urls.ingest}\0{key}".encode()).hexdigest()
        now = self._monotonic()
        written, at = memory.secrets_written.get(owner.uid, ("", now))
        if written != content or now - at > SECRET_SECONDS:
            await self._kube.apply(build_ingest_secret(owner, cast.name, urls, key))
            memory.secrets_written[owner.uid] = (content, now)

    def _status(
        self, cast: Owner, spec: AudioCastSpec, raw: Json, stream: StreamSpec, report: StreamReport | None
    ) -> StreamStatus:
        urls = build_stream_urls(cast, spec, stream.id)
        status = _status(raw, phase="Suspended" if stream.suspended else "Offline")
        status.ingest_url, status.listen_url, status.stream_url = urls.ingest, urls.listen, urls.stream
        status.secret_name = ingest_secret(raw["metadata"]["name"])
        if report is not None and not stream.suspended:
            status.phase = "Live"
            status.listeners = report.listeners
            status.owner = report.owner or ""
            status.since = datetime.fromtimestamp(int(report.started_at), UTC) if report.started_at else None
        return status

    async def _write(self, raw: Json, status: StreamStatus) -> None:
        """Write a status that has changed. If one was written just now, a later tick will write this one."""
        written, metadata, now = status.as_json(), raw["metadata"], self._monotonic()
        self._written_at = {uid: at for uid, at in self._written_at.items() if now - at < STATUS_SECONDS}
        if written != raw.get("status") and metadata["uid"] not in self._written_at:
            self._written_at[metadata["uid"]] = now
            await self._kube.write_status(STREAM, metadata["namespace"], metadata["name"], written)

    async def _suspend(
        self,
        wanted: dict[str, StreamSpec],
        pods: Sequence[PodState],
        on_air: dict[str, StreamReport],
        secret: str,
        memory: CastMemory,
    ) -> None:
        """End suspended streams at every pod, and reopen those that are no longer suspended.

        The server keeps no list of them. So a pod gets the request again after a restart, and when it has
        forgotten the stream and put it on the air.
        """
        suspended = {stream_id for stream_id, stream in wanted.items() if stream.suspended}
        reachable = [pod for pod in pods if pod.reported is not None]
        for stream_id in sorted(suspended):
            sent = memory.suspensions_sent.setdefault(stream_id, set())
            for pod in reachable:
                if pod.process_id not in sent or stream_id in on_air:
                    log.info("stream_suspended", stream_id=stream_id, pod=pod.name)
                    if await self._members.end_stream(pod.endpoint, secret, stream_id):
                        sent.add(pod.process_id)
        for stream_id in sorted(memory.suspensions_sent.keys() - suspended):
            title = wanted[stream_id].title if stream_id in wanted else ""
            del memory.suspensions_sent[stream_id]
            for pod in reachable:
                log.info("stream_resumed", stream_id=stream_id, pod=pod.name)
                await self._members.reopen_stream(pod.endpoint, secret, stream_id, title)


def merge_reports(reports: Iterable[StreamReport]) -> dict[str, StreamReport]:
    """Return one report for each stream on the air: its owner's, with the listeners of all pods."""
    merged: dict[str, StreamReport] = {}
    for report in reports:
        if report.state not in ON_THE_AIR:
            continue
        known = merged.get(report.stream_id)
        best = report if known is None or (report.is_owner and not known.is_owner) else known
        listeners = report.listeners + (known.listeners if known else 0)
        merged[report.stream_id] = best.model_copy(update={"listeners": listeners})
    return merged


def _cast_of(raw: Json) -> str:
    return str(raw.get("spec", {}).get("audioCast", ""))


def _age(raw: Json) -> tuple[str, str]:
    """Return a key that sorts the oldest Stream first; of two with the same id the oldest counts."""
    return str(raw["metadata"]["creationTimestamp"]), str(raw["metadata"]["name"])


def _was_suspended(raw: Json) -> bool:
    return bool(raw.get("status", {}).get("phase") == "Suspended")


def _parse_spec(raw: Json) -> StreamSpec | None:
    try:
        return StreamSpec.model_validate(raw.get("spec") or {})
    except ValidationError as error:
        log.warning("bad_stream_spec", stream=raw["metadata"]["name"], reason=str(error)[:300])
        return None


def _status(raw: Json, *, phase: str) -> StreamStatus:
    return StreamStatus.model_validate(
        {"observedGeneration": raw["metadata"].get("generation", 0), "phase": phase}
    )
