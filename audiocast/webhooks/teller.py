"""Looks at streams and makes events of what has changed, at the member that owns a stream, and nowhere else.

A stream that is on is looked at when it changes, and now and then: who owns it, and how many listen, no call
says. Who owns a stream anew tells once more what the owner before may not have sent: what is so now, with the
ids that it had. After the source is gone, the last owner tells what becomes of the stream.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

import structlog

from audiocast.stream.errors import BroadcastEnded, ShuttingDown, StreamEnded, TakenOver
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubState
from audiocast.stream.keys import Visibility
from audiocast.stream.registry import Registry
from audiocast.webhooks.broadcast_facts import ENDED, HELD, LIVE, BroadcastFacts, track_word
from audiocast.webhooks.event import MILESTONES, Event, EventType, event_id, iso_time

log = structlog.get_logger()

# The end of a broadcast is listed so long that every member has heard of it.
ENDED_LISTED_SECONDS = 60.0
MAX_ENDED = 10_000

# An encoder that is refused asks again every few seconds; the same refusal is told once in this time.
SAME_REFUSAL_SECONDS = 60.0
MAX_REFUSALS = 10_000


# With these a source is dismissed and none is refused: whoever did it knows.
ORDERLY_ENDS = frozenset(each.code for each in (BroadcastEnded, ShuttingDown, StreamEnded, TakenOver))


class OwnMember(Protocol):
    """This member, as the node is."""

    is_alone: bool

    def owns(self, stream_id: str) -> bool:
        """See `Node.owns`."""


class Elsewhere(Protocol):
    """What other members tell; see `successor`."""

    def facts_of(self, stream_id: str) -> BroadcastFacts | None:
        """See `Successor.facts_of`."""

    def is_owned_elsewhere(self, stream_id: str) -> bool:
        """See `Successor.is_owned_elsewhere`."""

    def note_ended(self, stream_id: str, facts: BroadcastFacts) -> None:
        """See `Successor.note_ended`."""

    @property
    def has_successor(self) -> bool:
        """See `Successor.has_successor`."""


@dataclass(slots=True, eq=False)
class _Watched:
    """A stream that is on here.

    Attributes:
        facts: Of the broadcast, while this member tells of it.
        look: What the hub calls when it has changed.
        repeats_track: The track that is on may not have been sent.
    """

    hub: Hub
    look: Callable[[], None]
    facts: BroadcastFacts | None = None
    repeats_track: bool = False


class Teller:
    """Tells of all streams of this member.

    Args:
        streams: The streams.
        node: This member.
        elsewhere: What other members tell.
        tell: Called with each event.
        link: Returns the listen link of a stream; None: this server does not know its own address.
    """

    def __init__(
        self,
        streams: Registry,
        node: OwnMember,
        elsewhere: Elsewhere,
        tell: Callable[[Event], None],
        link: Callable[[str], str | None],
    ) -> None:
        self._streams = streams
        self._node = node
        self._elsewhere = elsewhere
        self._tell = tell
        self._link = link
        self._watched: dict[str, _Watched] = {}
        self._ended: dict[str, tuple[float, BroadcastFacts]] = {}
        self._refusals: dict[tuple[str, str], float] = {}

    def facts(self) -> Mapping[str, str]:
        """Return the facts of the broadcasts that this member tells of, as texts, for the other members."""
        ended = {stream_id: str(facts) for stream_id, (_, facts) in self._ended.items()}
        told = {
            each: str(watched.facts) for each, watched in self._watched.items() if watched.facts is not None
        }
        return {**ended, **told}

    def note_live(self, hub: Hub) -> None:
        """Begin to watch a stream that is on, unless it is watched already."""
        watched = self._watched.get(hub.stream_id)
        if watched is None or watched.hub is not hub:
            if watched is not None:
                self._forget(watched)
            self._watch(hub)

    def look_at_all(self) -> None:
        """Look at every stream that is on, or was."""
        for hub in self._streams.live():
            self.note_live(hub)
        for watched in list(self._watched.values()):
            self._look(watched)
        old = self._streams.clock.time() - ENDED_LISTED_SECONDS
        for stream_id in [each for each, (at, _) in self._ended.items() if at < old]:
            del self._ended[stream_id]

    def owned(self) -> list[Hub]:
        """Return the streams that this member tells of, and that are on."""
        return [each.hub for each in self._watched.values() if each.facts is not None]

    def note_listeners(self, hub: Hub, listeners: int) -> None:
        """Tell which milestones the listeners of a stream have passed.

        Args:
            hub: The stream.
            listeners: At all members together.
        """
        watched = self._watched.get(hub.stream_id)
        if watched is None or watched.facts is None or not hub.is_on:
            return
        for milestone in MILESTONES:
            if watched.facts.milestone < milestone <= listeners:
                watched.facts = watched.facts._replace(milestone=milestone)
                data = {"milestone": milestone, "listeners": listeners}
                self._tell_of(watched, EventType.LISTENERS_MILESTONE, milestone, data)

    def note_refusal(self, stream_id: str, code: str, message: str) -> None:
        """Tell that a source with a good key was refused here, unless that was told a moment ago."""
        now = self._streams.clock.time()
        key = stream_id, code
        if (
            code in ORDERLY_ENDS
            or now - self._refusals.get(key, -SAME_REFUSAL_SECONDS) < SAME_REFUSAL_SECONDS
        ):
            return
        self._refusals.pop(key, None)
        self._refusals[key] = now
        if len(self._refusals) > MAX_REFUSALS:
            del self._refusals[next(iter(self._refusals))]
        watched = self._watched.get(stream_id)
        facts = watched.facts if watched is not None else None
        at = time.time()
        sequence = max(round(at * 1e6), facts.sequence + 1 if facts is not None else 0)
        if watched is not None and facts is not None:
            watched.facts = facts._replace(sequence=sequence)
        hub = self._streams.get_or_waiting(stream_id)
        broadcast = facts.broadcast_id(stream_id) if facts is not None else None
        data = {**self._common(hub, broadcast), "code": code, "message": message}
        name = event_id(stream_id, EventType.SOURCE_REFUSED, uuid4())
        self._tell(Event(EventType.SOURCE_REFUSED, stream_id, name, at, sequence, data))

    def tell_orphan(self, stream_id: str, facts: BroadcastFacts) -> None:
        """Tell that a broadcast has ended whose owner is gone, and its source too."""
        hub = self._streams.get_or_waiting(stream_id)
        sequence = max(facts.sequence + 1, round(time.time() * 1e6))
        self._end(hub, facts._replace(sequence=sequence), {"reason": "owner_lost"})

    def stop(self) -> None:
        """Watch no more."""
        for watched in list(self._watched.values()):
            self._forget(watched)

    def _watch(self, hub: Hub) -> None:
        watched = _Watched(hub, look=lambda: None)
        watched.look = partial(self._look, watched)
        self._watched[hub.stream_id] = watched
        hub.on_change.add(watched.look)
        self._look(watched)

    def _forget(self, watched: _Watched) -> None:
        watched.hub.on_change.discard(watched.look)
        if self._watched.get(watched.hub.stream_id) is watched:
            del self._watched[watched.hub.stream_id]

    def _look(self, watched: _Watched) -> None:
        try:
            self._look_at(watched)
        except Exception:
            # The stream's audio goes on behind this call, and the news of all others.
            log.exception("webhooks_failed", stream_id=watched.hub.stream_id)

    def _look_at(self, watched: _Watched) -> None:
        hub = watched.hub
        if not self._is_ours(watched) or self._is_left_to_others(hub):
            watched.facts = None
        elif hub.is_on and watched.facts is None:
            self._begin(watched)
        elif watched.facts is not None:
            self._compare(watched)
        if not hub.is_on:
            self._forget(watched)

    def _is_ours(self, watched: _Watched) -> bool:
        stream_id = watched.hub.stream_id
        if self._node.is_alone or self._node.owns(stream_id):
            return True
        # Without a source nobody is the owner; the last one was, until another one is.
        return watched.facts is not None and not self._elsewhere.is_owned_elsewhere(stream_id)

    def _is_left_to_others(self, hub: Hub) -> bool:
        """Return whether a broadcast goes on, or is said to have ended, at the members that stay."""
        return not hub.is_on and hub.end_reason == ShuttingDown.code and self._elsewhere.has_successor

    def _begin(self, watched: _Watched) -> None:
        """Tell of a stream from now on: of one that begins, or of one that another member has told of."""
        hub = watched.hub
        known = self._elsewhere.facts_of(hub.stream_id)
        before = self._ended.pop(hub.stream_id, (0.0, None))[1]
        last = max((each.sequence for each in (known, before) if each is not None), default=0)
        if known is not None and known.state != ENDED:
            watched.facts = known
            watched.repeats_track = True
        else:
            began = hub.source_id or f"{round((hub.started_at or 0) * 1e6):x}-0"
            watched.facts = BroadcastFacts(str(began), last)
        if watched.facts.state == LIVE or hub.state is HubState.LIVE:
            self._tell_live(watched)
        else:
            self._tell_held(watched)
        if watched.facts.milestone:
            milestone = watched.facts.milestone
            data = {"milestone": milestone, "listeners": max(milestone, hub.listeners)}
            self._tell_of(watched, EventType.LISTENERS_MILESTONE, milestone, data)
        self._compare(watched)

    def _compare(self, watched: _Watched) -> None:
        hub, facts = watched.hub, watched.facts
        assert facts is not None
        if not hub.is_on:
            self._tell_end(watched, hub.end_reason)
            return
        if hub.state is HubState.HELD and facts.state == LIVE:
            watched.facts = facts._replace(holds=facts.holds + 1)
            self._tell_held(watched)
        elif hub.state is HubState.LIVE and facts.state == HELD:
            self._tell_live(watched)
        self._compare_track(watched)

    def _compare_track(self, watched: _Watched) -> None:
        hub, facts = watched.hub, watched.facts
        playing = hub.titles.now_playing
        if facts is None or playing is None or not (playing.title or playing.artist):
            return
        word = track_word(playing)
        if word != facts.track:
            watched.facts = facts = facts._replace(tracks=facts.tracks + 1, track=word)
        elif not watched.repeats_track:
            return
        watched.repeats_track = False
        data = {"track": {"title": playing.title, "artist": playing.artist}}
        self._tell_of(watched, EventType.TRACK_CHANGED, facts.tracks, data)

    def _tell_live(self, watched: _Watched) -> None:
        assert watched.facts is not None
        facts = watched.facts = watched.facts._replace(state=LIVE)
        data = {"started_at": _iso(watched.hub.started_at), "was_held": facts.holds > 0}
        self._tell_of(watched, EventType.STREAM_LIVE, facts.holds, data)

    def _tell_held(self, watched: _Watched) -> None:
        assert watched.facts is not None
        facts = watched.facts = watched.facts._replace(state=HELD)
        reason = "source_lost" if watched.hub.source is None else "source_quiet"
        self._tell_of(watched, EventType.STREAM_HELD, facts.holds, {"reason": reason})

    def _tell_end(self, watched: _Watched, reason: str) -> None:
        facts, watched.facts = watched.facts, None
        assert facts is not None
        facts = facts._replace(sequence=max(facts.sequence + 1, round(time.time() * 1e6)))
        record, hub = watched.hub.record, watched.hub
        began, peak = record.started_at, record.peak
        if began is None and record.last is not None:
            began, _, peak = record.last
        self._end(hub, facts, {"reason": reason, "started_at": _iso(began), "listener_peak": peak})

    def _end(self, hub: Hub, facts: BroadcastFacts, data: Mapping[str, Any]) -> None:
        stream_id = hub.stream_id
        facts = facts._replace(state=ENDED)
        self._ended[stream_id] = self._streams.clock.time(), facts
        if len(self._ended) > MAX_ENDED:
            del self._ended[next(iter(self._ended))]
        self._elsewhere.note_ended(stream_id, facts)
        name = facts.event_id(stream_id, EventType.STREAM_ENDED, 0)
        whole = {**self._common(hub, facts.broadcast_id(stream_id)), **data}
        self._tell(Event(EventType.STREAM_ENDED, stream_id, name, time.time(), facts.sequence, whole))

    def _tell_of(
        self, watched: _Watched, event_type: EventType, number: int, data: Mapping[str, Any]
    ) -> None:
        """Tell an event of the broadcast that is on."""
        assert watched.facts is not None
        at = time.time()
        facts = watched.facts = watched.facts._replace(
            sequence=max(watched.facts.sequence + 1, round(at * 1e6))
        )
        stream_id = watched.hub.stream_id
        name = facts.event_id(stream_id, event_type, number)
        whole = {**self._common(watched.hub, facts.broadcast_id(stream_id)), **data}
        self._tell(Event(event_type, stream_id, name, at, facts.sequence, whole))

    def _common(self, hub: Hub, broadcast: str | None) -> dict[str, Any]:
        return {
            "title": hub.title,
            "broadcast_id": broadcast,
            "visibility": hub.claims.visibility or Visibility.UNLISTED,
            "listen_url": self._link(hub.stream_id),
        }


def _iso(at: float | None) -> str | None:
    return iso_time(at) if at is not None else None
