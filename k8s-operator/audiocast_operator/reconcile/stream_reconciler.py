"""Streams of an AudioCast: a Secret with URL and key for each, off the air while suspended, and who listens.

Streams work without any of this; what is known of a live one is asked of the pods, never kept here.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from audiocast_operator.clients.kube import STREAM, Kube
from audiocast_operator.clients.members import Members
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.manifests.links import build_links
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.secrets import build_ingest_secret
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.models.stream import StreamSpec, StreamStatus
from audiocast_operator.names import ingest_secret
from audiocast_operator.protocol.ingest_key import build_ingest_key
from audiocast_operator.protocol.member_status import StreamState
from audiocast_operator.reconcile.memory import CastMemory

log = structlog.get_logger()

STATUS_SECONDS = 15.0
"""At most one status write in this time for each Stream: listeners come and go all the time."""

SECRET_SECONDS = 300.0
"""A Secret that somebody has changed or deleted is put right after this."""

ON_THE_AIR = frozenset({"live", "held"})


class StreamReconciler:
    """For the Streams of all AudioCasts.

    Args:
        kube: The API.
        members: Speaks with pods.
        monotonic: Gives seconds of a clock that only goes forward.
    """

    def __init__(self, kube: Kube, members: Members, *, monotonic: Callable[[], float]) -> None:
        self._kube = kube
        self._members = members
        self._monotonic = monotonic
        self._written_at: dict[str, float] = {}

    async def reconcile(
        self, cast: Owner, spec: AudioCastSpec, pods: Sequence[PodState], secret: str, memory: CastMemory
    ) -> None:
        """Bring the Streams of an AudioCast to what is wanted.

        Args:
            cast: The AudioCast.
            spec: Of the AudioCast.
            pods: Its pods.
            secret: What keys and requests are made with; empty: there are no pods yet.
            memory: Of the AudioCast.
        """
        found = [each for each in await self._list(cast.namespace) if _cast_of(each) == cast.name]
        if not secret:
            return
        addresses = [pod.address for pod in pods if pod.told is not None]
        told = await self._members.streams(addresses, secret) if found else []
        on_air = merge_states(state for answer in told for state in answer)
        wanted: dict[str, StreamSpec] = {}
        for raw in sorted(found, key=_age):
            stream = _parse_spec(raw)
            if stream is None or stream.id in wanted:
                await self._write(raw, _status(raw, phase="Invalid" if stream is None else "Conflict"))
                continue
            wanted[stream.id] = stream
            if not stream.suspended and _was_suspended(raw):
                # Also by an operator that was there before this one.
                memory.told_suspended.setdefault(stream.id, set())
            await self._keep_secret(cast, spec, raw, stream, secret, memory)
            await self._write(raw, self._status(cast, spec, raw, stream, on_air.get(stream.id)))
        await self._suspend(wanted, pods, on_air, secret, memory)
        memory.forget_streams({raw["metadata"]["uid"] for raw in found})

    async def orphan(self, namespace: str, cast_name: str) -> None:
        """Tell the Streams of an AudioCast that is not there."""
        for raw in await self._list(namespace):
            if _cast_of(raw) == cast_name:
                await self._write(raw, _status(raw, phase="Orphaned"))

    async def _list(self, namespace: str) -> list[Json]:
        found = await self._kube.find_all(STREAM, namespace)
        return [each for each in found if not each["metadata"].get("deletionTimestamp")]

    async def _keep_secret(
        self, cast: Owner, spec: AudioCastSpec, raw: Json, stream: StreamSpec, secret: str, memory: CastMemory
    ) -> None:
        owner, links = Owner.of(raw), build_links(cast, spec, stream.id)
        key = build_ingest_key(secret, stream)
        made_of = hashlib.sha256(f"{links.ingest}\0{key}".encode()).hexdigest()
        now = self._monotonic()
        known, at = memory.secrets_written.get(owner.uid, ("", now))
        if known != made_of or now - at > SECRET_SECONDS:
            await self._kube.apply(build_ingest_secret(owner, cast.name, links, key))
            memory.secrets_written[owner.uid] = (made_of, now)

    def _status(
        self, cast: Owner, spec: AudioCastSpec, raw: Json, stream: StreamSpec, state: StreamState | None
    ) -> StreamStatus:
        links = build_links(cast, spec, stream.id)
        status = _status(raw, phase="Suspended" if stream.suspended else "Offline")
        status.ingest_url, status.listen_url, status.stream_url = links.ingest, links.listen, links.stream
        status.secret_name = ingest_secret(raw["metadata"]["name"])
        if state is not None and not stream.suspended:
            status.phase = "Live"
            status.listeners = state.listeners
            status.owner = state.owner or ""
            status.since = datetime.fromtimestamp(int(state.started_at), UTC) if state.started_at else None
        return status

    async def _write(self, raw: Json, status: StreamStatus) -> None:
        """Write a status that has changed, unless one was written just now; then the next tick will."""
        said, metadata, now = status.as_json(), raw["metadata"], self._monotonic()
        self._written_at = {uid: at for uid, at in self._written_at.items() if now - at < STATUS_SECONDS}
        if said != raw.get("status") and metadata["uid"] not in self._written_at:
            self._written_at[metadata["uid"]] = now
            await self._kube.write_status(STREAM, metadata["namespace"], metadata["name"], said)

    async def _suspend(
        self,
        wanted: dict[str, StreamSpec],
        pods: Sequence[PodState],
        on_air: dict[str, StreamState],
        secret: str,
        memory: CastMemory,
    ) -> None:
        """Close suspended streams at every pod, and open those again that are so no longer.

        The server keeps no list of them: a pod that has started anew, or has forgotten the stream, is told
        again.
        """
        suspended = {stream_id for stream_id, stream in wanted.items() if stream.suspended}
        reachable = [pod for pod in pods if pod.told is not None]
        for stream_id in sorted(suspended):
            told = memory.told_suspended.setdefault(stream_id, set())
            for pod in reachable:
                if pod.life not in told or stream_id in on_air:
                    log.info("stream_suspended", stream_id=stream_id, pod=pod.name)
                    if await self._members.end_stream(pod.address, secret, stream_id):
                        told.add(pod.life)
        for stream_id in sorted(memory.told_suspended.keys() - suspended):
            title = wanted[stream_id].title if stream_id in wanted else ""
            del memory.told_suspended[stream_id]
            for pod in reachable:
                log.info("stream_resumed", stream_id=stream_id, pod=pod.name)
                await self._members.reopen_stream(pod.address, secret, stream_id, title)


def merge_states(states: Iterable[StreamState]) -> dict[str, StreamState]:
    """Give one state for each stream that is on: its owner's, with the listeners of all pods."""
    merged: dict[str, StreamState] = {}
    for state in states:
        if state.state not in ON_THE_AIR:
            continue
        known = merged.get(state.stream_id)
        best = state if known is None or (state.is_owner and not known.is_owner) else known
        listeners = state.listeners + (known.listeners if known else 0)
        merged[state.stream_id] = best.model_copy(update={"listeners": listeners})
    return merged


def _cast_of(raw: Json) -> str:
    return str(raw.get("spec", {}).get("audioCast", ""))


def _age(raw: Json) -> tuple[str, str]:
    """Sort the oldest first: of two with the same id it is the one that counts."""
    return str(raw["metadata"]["creationTimestamp"]), str(raw["metadata"]["name"])


def _was_suspended(raw: Json) -> bool:
    return bool(raw.get("status", {}).get("phase") == "Suspended")


def _parse_spec(raw: Json) -> StreamSpec | None:
    try:
        return StreamSpec.model_validate(raw.get("spec") or {})
    except ValidationError as error:
        log.warning("bad_stream", stream=raw["metadata"]["name"], reason=str(error)[:300])
        return None


def _status(raw: Json, *, phase: str) -> StreamStatus:
    return StreamStatus.model_validate(
        {"observedGeneration": raw["metadata"].get("generation", 0), "phase": phase}
    )
