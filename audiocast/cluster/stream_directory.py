"""What the whole cluster knows of streams: every member's snapshot of a stream, merged into one.

A stream's state is its owner's; its listeners are those of all members. What other members answered is good
for a second, so that many pages that ask cost one round. Streams that no member lists are asked for at a
bounded rate (`peers`), and when nobody knows one, that is good for longer. A member that does not answer
costs its time-out once, and is out of the view.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from audiocast.cluster.covers.cover_messages import CoverInfo
from audiocast.cluster.node import Node
from audiocast.cluster.protocol import (
    GENERATION,
    LIST_STREAMS,
    MemberStreamRequest,
    PeerRequest,
    StreamAnswer,
    StreamListAnswer,
)
from audiocast.stream.broadcaster.presentation import Presentation
from audiocast.stream.keys import Visibility
from audiocast.stream.now_playing import HISTORY_TRACKS, NowPlaying, clean_text

# What one member, or the cluster, knows of a stream: the public API's fields, and `OWN_FIELDS`.
StreamSnapshot = dict[str, Any]
Track = dict[str, Any]

GOOD_SECONDS = 1.0

# That no member knows a stream. When one gets it, it lists it, and the stream is asked for at once.
UNKNOWN_SECONDS = 3.0

ON_THE_AIR = ("live", "held")
MAX_KEPT = 10_000

# How many listeners the stream's key allows; of the member that has the source.
MAX_LISTENERS = "max_listeners"

# What members tell each other and not the public.
OWN_FIELDS = (
    "access_code",
    GENERATION,
    MAX_LISTENERS,
    "cover",
    "history",
    "is_owner",
    "last_refusal",
    "token_tag",
)


class StreamDirectory:
    """Asks the other members, and merges their answers with this member's own.

    Args:
        node: This member.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._unknown: dict[str, float] = {}
        self._kept: dict[str, tuple[float, asyncio.Future[list[StreamSnapshot]]]] = {}

    async def find(self, stream_id: str, mine: StreamSnapshot | None) -> StreamSnapshot | None:
        """Return what the cluster knows of a stream; None when no member knows it.

        Args:
            stream_id: A checked id: it goes into a path.
            mine: What this member knows.
        """
        request = MemberStreamRequest(stream_id).build()
        if (
            self._node.is_alone
            or (mine is not None and mine.get("state") in ON_THE_AIR)
            or self._node.peers.is_listed(stream_id)
        ):
            others = await self._ask(stream_id, request, _snapshot)
        else:
            others = await self._ask_about_unlisted(stream_id, request)
        return merge([*([mine] if mine is not None else []), *others])

    async def list_live(self, mine: list[StreamSnapshot]) -> list[StreamSnapshot]:
        """Return the streams that are on the air anywhere.

        Args:
            mine: The streams that are on the air here.
        """
        return on_the_air(merge_all([*mine, *await self.others_live()]))

    async def others_live(self) -> list[StreamSnapshot]:
        """Return what each other member knows of the streams that are on the air there."""
        return await self._ask("", LIST_STREAMS, _snapshots)

    async def _ask(
        self, key: str, request: PeerRequest, parse: Callable[[object], list[StreamSnapshot]]
    ) -> list[StreamSnapshot]:
        if self._node.is_alone:
            return []
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(key)
        if kept is None or kept[0] <= now:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            answers = asyncio.ensure_future(self._ask_all(request, parse))
            kept = self._kept[key] = (now + GOOD_SECONDS, answers)
        return await asyncio.shield(kept[1])

    async def _ask_about_unlisted(self, stream_id: str, request: PeerRequest) -> list[StreamSnapshot]:
        now = asyncio.get_running_loop().time()
        if self._unknown.get(stream_id, 0.0) > now:
            return []
        kept = self._kept.get(stream_id)
        if kept is None or kept[0] <= now:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            answers = asyncio.ensure_future(self._find_unlisted(stream_id, request))
            kept = self._kept[stream_id] = (now + GOOD_SECONDS, answers)
        return await asyncio.shield(kept[1])

    async def _find_unlisted(self, stream_id: str, request: PeerRequest) -> list[StreamSnapshot]:
        answers = await self._node.peers.ask_about_unlisted(request)
        found = [snapshot for answer in answers or [] for snapshot in _snapshot(answer)]
        if not found:
            # When a member lists it, it is to be asked for at once.
            self._kept.pop(stream_id, None)
        if answers is not None and not found:
            if len(self._unknown) >= MAX_KEPT:
                self._unknown.clear()
            self._unknown[stream_id] = asyncio.get_running_loop().time() + UNKNOWN_SECONDS
        return found

    async def _ask_all(
        self, request: PeerRequest, parse: Callable[[object], list[StreamSnapshot]]
    ) -> list[StreamSnapshot]:
        return [snapshot for answer in await self._node.broadcast(request) for snapshot in parse(answer)]


def merge(snapshots: Iterable[Mapping[str, Any]]) -> StreamSnapshot | None:
    """Return one snapshot of what members know of the same stream; None when there is none."""
    known = list(snapshots)
    if not known:
        return None
    best = max(known, key=_authority)
    listeners = sum(int(each.get("listeners") or 0) for each in known)
    peak = max(listeners, *(int(each.get("listener_peak") or 0) for each in known))
    draining = any(each.get("draining") for each in known)
    refusals = [refusal for each in known if isinstance(refusal := each.get("last_refusal"), dict)]
    starts = [starts_at for each in (best, *known) if (starts_at := each.get("starts_at"))]
    said = [visibility for each in (best, *known) if (visibility := each.get("visibility"))]
    covers = [cover for each in (best, *known) if (cover := CoverInfo.parse(each.get("cover"))) is not None]
    presented = next(filter(Presentation.parse, (best, *known)), best)
    history = merge_history(best.get("history") or [], [each.get("history") or [] for each in known])
    return {
        **best,
        "history": history,
        "cover": max(covers, key=_given_at).as_json() if covers else None,
        "last_refusal": max(refusals, key=_refused_at, default=None),
        "listeners": listeners,
        "listener_peak": peak,
        "last_broadcast": None if best.get("state") in ON_THE_AIR else merge_last_broadcast(known),
        "draining": draining,
        MAX_LISTENERS: max(int(each.get(MAX_LISTENERS) or 0) for each in known),
        "visibility": next(iter(said), None),
        "access_code": next(filter(None, (each.get("access_code") for each in (best, *known))), ""),
        **{name: presented[name] for name in Presentation().as_json() if name in presented},
        "starts_at": next(iter(starts), None),
    }


def merge_history(best: list[Track], histories: Iterable[list[Track]]) -> list[Track]:
    """Return the tracks of a stream, the newest first.

    From the owner's first track on, only the owner's tracks count: an edge that has just come takes a track
    that goes on for a new one. The tracks before come from the member that knows most of them.

    Args:
        best: The owner's tracks.
        histories: The tracks of all members.
    """
    if not best:
        return max(histories, key=len, default=[])
    *newer, oldest = best
    before = max(
        ([track for track in each if track["started_at"] < oldest["started_at"]] for each in histories),
        key=len,
    )
    came_in_the_middle = before and _song(before[0]) == _song(oldest)
    tracks = [*newer, *before] if came_in_the_middle else [*best, *before]
    return tracks[:HISTORY_TRACKS]


def merge_last_broadcast(snapshots: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the broadcast that ended last, with what all members know of it; None when none knows one."""
    known = [last for each in snapshots if isinstance(last := each.get("last_broadcast"), dict)]
    if not known:
        return None
    newest = max(known, key=lambda last: float(last["ended_at"]))
    # A member that had listeners later, or no longer, has seen a part of it.
    same = [last for last in known if last["ended_at"] >= newest["started_at"]]
    return {
        "started_at": min(last["started_at"] for last in same),
        "ended_at": newest["ended_at"],
        "listener_peak": max(last["listener_peak"] for last in same),
    }


def merge_all(snapshots: Iterable[Mapping[str, Any]]) -> list[StreamSnapshot]:
    """Return all streams, each once, those that are on the air the longest first."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for snapshot in snapshots:
        by_id.setdefault(str(snapshot.get("stream_id")), []).append(snapshot)
    merged = [whole for each in by_id.values() if (whole := merge(each)) is not None]
    return sorted(merged, key=lambda whole: (whole.get("started_at") or 0, str(whole.get("stream_id"))))


def on_the_air(snapshots: Iterable[StreamSnapshot]) -> list[StreamSnapshot]:
    """Return the streams that are on: a member also tells of those that are only heard there as HLS."""
    return [each for each in snapshots if each.get("state") in ON_THE_AIR]


def public(snapshot: StreamSnapshot) -> StreamSnapshot:
    """Return the fields of a snapshot that everybody may see."""
    shown = {name: value for name, value in snapshot.items() if name not in OWN_FIELDS}
    return {**shown, "visibility": snapshot.get("visibility") or Visibility.UNLISTED}


def is_listed(snapshot: StreamSnapshot) -> bool:
    """Return whether everybody may find the stream in lists; an earlier version's member does not say."""
    return snapshot.get("visibility") == Visibility.PUBLIC


def _snapshot(answer: object) -> list[StreamSnapshot]:
    snapshot = StreamAnswer.parse(answer).snapshot
    return [_cleaned(snapshot)] if snapshot else []


def _snapshots(answer: object) -> list[StreamSnapshot]:
    return [_cleaned(each) for each in StreamListAnswer.parse(answer).snapshots]


def _cleaned(snapshot: Mapping[str, Any]) -> StreamSnapshot:
    """Return a member's snapshot with the texts of broadcasters cleaned: its version may have let more in."""
    cleaned = {**snapshot, "title": clean_text(str(snapshot.get("title") or ""))}
    playing, history = snapshot.get("now_playing"), snapshot.get("history")
    last = snapshot.get("last_broadcast")
    cleaned["last_broadcast"] = _cleaned_broadcast(last) if isinstance(last, dict) else None
    cleaned["starts_at"] = int(snapshot.get("starts_at") or 0) or None
    cleaned["muted"] = snapshot.get("muted") is True
    presentation = Presentation.parse(snapshot)
    cleaned["accent"] = presentation.accent
    if isinstance(history, list):
        cleaned |= {"description": presentation.description, "link": presentation.link}
    cleaned["now_playing"] = _cleaned_song(playing) if isinstance(playing, dict) else None
    if isinstance(history, list):
        cleaned["history"] = [
            {"started_at": float(track.get("started_at") or 0), **_cleaned_song(track)}
            for track in history[:HISTORY_TRACKS]
            if isinstance(track, dict)
        ]
    return cleaned


def _cleaned_broadcast(fields: Mapping[str, Any]) -> dict[str, float]:
    return {
        "started_at": float(fields.get("started_at") or 0),
        "ended_at": float(fields.get("ended_at") or 0),
        "listener_peak": int(fields.get("listener_peak") or 0),
    }


def _cleaned_song(fields: Mapping[str, Any]) -> dict[str, str]:
    playing = NowPlaying(title=str(fields.get("title") or ""), artist=str(fields.get("artist") or ""))
    return {"title": playing.title, "artist": playing.artist}


def _song(track: Track) -> tuple[str, str]:
    return track["title"], track["artist"]


def _refused_at(refusal: Mapping[str, Any]) -> float:
    return float(refusal.get("at") or 0)


def _given_at(cover: CoverInfo) -> float:
    return cover.given_at


def _authority(snapshot: Mapping[str, Any]) -> tuple[bool, int, float]:
    """Order by whose snapshot counts: the owner's, then one on the air, then the one that began last."""
    rank = {"live": 3, "held": 2, "ended": 1}.get(str(snapshot.get("state")), 0)
    return bool(snapshot.get("is_owner")), rank, float(snapshot.get("started_at") or 0)
