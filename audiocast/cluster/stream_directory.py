"""What the whole cluster knows of streams: every member's own answer, put together.

A stream's state is its owner's; its listeners are everybody's. What others said is good for a second: many
pages that ask cost one round. A member that does not answer costs its time-out once, and is out of the view.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from audiocast.cluster.node import Node
from audiocast.stream.now_playing import HISTORY_TRACKS

State = dict[str, Any]

GOOD_SECONDS = 1.0
MAX_KEPT = 10_000

OWN_FIELDS = ("history", "is_owner", "listener_peak")
"""What members tell each other and not the public."""


class Answers:
    """Asks the other members.

    Args:
        node: This member.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._kept: dict[str, tuple[float, asyncio.Future[list[State]]]] = {}

    async def one(self, stream_id: str, mine: State | None) -> State | None:
        """Give a stream's state; None when nobody knows it.

        Args:
            stream_id: Checked, as it goes into a path.
            mine: What this member knows.
        """
        others: list[State] = []
        if not self._node.is_alone:
            others = await self._ask(stream_id, lambda: self._others(f"/internal/streams/{stream_id}"))
        return merge([*([mine] if mine is not None else []), *others])

    async def all(self, mine: list[State]) -> list[State]:
        """Give the streams that are on anywhere.

        Args:
            mine: Those of this member.
        """
        others: list[State] = []
        if not self._node.is_alone:
            others = await self._ask("", lambda: self._others("/internal/streams"))
        return merge_all([*mine, *others])

    async def _others(self, target: str) -> list[State]:
        answers = await self._node.tell_all("GET", target)
        return [state for answer in answers for state in _states(answer)]

    async def _ask(self, name: str, ask: Callable[[], Awaitable[list[State]]]) -> list[State]:
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(name)
        if kept is None or kept[0] <= now:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            kept = self._kept[name] = (now + GOOD_SECONDS, asyncio.ensure_future(ask()))
        return await asyncio.shield(kept[1])


def merge(states: Iterable[Mapping[str, Any]]) -> State | None:
    """Give one state of what members say of the same stream; None when none knows it."""
    known = list(states)
    if not known:
        return None
    best = max(known, key=_authority)
    listeners = sum(int(state.get("listeners") or 0) for state in known)
    peak = max(listeners, *(int(state.get("listener_peak") or 0) for state in known))
    draining = any(state.get("draining") for state in known)
    history = merge_history(best.get("history") or [], [state.get("history") or [] for state in known])
    return {
        **best,
        "history": history,
        "listeners": listeners,
        "listener_peak": peak,
        "draining": draining,
    }


def merge_history(best: list[State], histories: Iterable[list[State]]) -> list[State]:
    """Give the tracks of a stream, the newest first.

    From the first track that the owner knows, its word alone counts: an edge that has just come takes a track
    for new. What was before the owner came, others may know.

    Args:
        best: The owner's.
        histories: Everybody's.
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


def merge_all(states: Iterable[Mapping[str, Any]]) -> list[State]:
    """Give all streams, each once, those that are on the longest first."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for state in states:
        by_id.setdefault(str(state.get("stream_id")), []).append(state)
    merged = [whole for each in by_id.values() if (whole := merge(each)) is not None]
    return sorted(merged, key=lambda whole: (whole.get("started_at") or 0, str(whole.get("stream_id"))))


def public(state: State) -> State:
    """Give a state as everybody may see it."""
    return {name: value for name, value in state.items() if name not in OWN_FIELDS}


def _states(answer: object) -> list[State]:
    if not isinstance(answer, dict):
        return []
    found = answer.get("streams", [answer.get("state")])
    return [state for state in found if isinstance(state, dict)]


def _song(track: State) -> tuple[str, str]:
    return track["title"], track["artist"]


def _authority(state: Mapping[str, Any]) -> tuple[bool, int, float]:
    """Whose word counts: the owner's, then whoever has it on, then whoever has begun it last."""
    rank = {"live": 3, "held": 2, "ended": 1}.get(str(state.get("state")), 0)
    return bool(state.get("is_owner")), rank, float(state.get("started_at") or 0)
