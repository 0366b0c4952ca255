"""All streams of this node, bounded: what is worth less makes room for what is worth more.

A hub that is in use (on, with a source, with watchers, awaited) is never forgotten. What was promised to the
keys of the others outlives them (`audiocast.stream.hub_state`).
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from audiocast.stream.access.private_streams import PrivateStreams
from audiocast.stream.broadcaster.given_covers import GivenCovers
from audiocast.stream.clock import Clock, Waiters
from audiocast.stream.counters import Counters
from audiocast.stream.errors import (
    BroadcastEnded,
    ServerFull,
    ShuttingDown,
    SourceStalled,
    StreamSuspended,
)
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import (
    MAX_PROMISES,
    NO_PROMISE,
    Ends,
    HubLimits,
    HubState,
    Promise,
    Promises,
    Rule,
    Suspensions,
)
from audiocast.stream.keys import Claims, Record, Visibility
from audiocast.stream.read_pacer import ReadPacer
from audiocast.stream.standby.loop_folder import LoopFolder

# How many hubs are looked at to find one that can be forgotten: the work for a new stream has a bound.
PROBED_HUBS = 64


class Registry:
    """Hubs by stream id, the least recently opened first.

    Args:
        clock: Time and timers, for the hubs.
        limits: For each hub.
        max_streams: Streams that are on at the same time. Those that are not in use are remembered until
            there are twice as many, and beside them as many titles of streams without a hub.

    Attributes:
        promises: Of the streams that have no hub any more.
        loops: The files that streams play while they have no source.
        ends: What broadcasters have ended, and reopened since.
        private_streams: Those that this process knows of.
        covers: The pictures that broadcasters have given.
        record: Which streams this server records.
        on_live: Each is called with a hub that is on, when that is so and whenever it changes.
    """

    def __init__(self, *, clock: Clock, limits: HubLimits, max_streams: int) -> None:
        self.counters = Counters()
        self.clock = clock
        self.feed_scheduler = FeedScheduler(clock)
        self.read_pacer = ReadPacer(clock, self.feed_scheduler)
        self.record = Record.NONE
        self.on_live: list[Callable[[Hub], None]] = []
        self.promises, self.ends = Promises(), Ends()
        self.loops, self.private_streams = LoopFolder(limits.loop_folder), PrivateStreams()
        self._suspensions = Suspensions()
        self._ended_by_rule: set[str] = set()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._limits, self._max_streams = limits, max_streams
        self._hubs: dict[str, Hub] = {}
        self._on: dict[str, Hub] = {}
        self.covers = GivenCovers(self._on.__contains__)
        self._announced: OrderedDict[str, Claims] = OrderedDict()
        self._waiters = Waiters()

    def __iter__(self) -> Iterator[Hub]:
        return iter(list(self._hubs.values()))

    def get(self, stream_id: str) -> Hub | None:
        """Return a stream's hub, if there is one."""
        return self._hubs.get(stream_id)

    def get_known(self, stream_id: str) -> Hub | None:
        """Return a stream's hub; for one that was announced or forgotten, a hub that is not kept."""
        if stream_id in self._hubs or stream_id in self._announced or stream_id in self.promises:
            return self.get_or_waiting(stream_id)
        return None

    def get_or_waiting(self, stream_id: str) -> Hub:
        """Return a stream's hub; for a stream without a hub a waiting one, which is not kept."""
        return self._hubs.get(stream_id) or self._new(stream_id, "")

    def promise_of(self, stream_id: str) -> Promise:
        """Return what holds for a stream's keys, whether or not it has a hub."""
        hub = self._hubs.get(stream_id)
        return hub.promise if hub is not None else self.promises.get(stream_id)

    def admit(self, stream_id: str, generation: int) -> None:
        """Check that a source with a key of this generation may come, and change nothing. See `Hub.admit`."""
        self.get_or_waiting(stream_id).admit(generation)

    def live(self) -> list[Hub]:
        """Return the hubs of the streams that are on."""
        return list(self._on.values())

    def announce(self, stream_id: str, claims: Claims) -> None:
        """Remember title and visibility of a stream whose source may come; its key has them too."""
        self.private_streams.note(stream_id, is_private=claims.visibility is Visibility.PRIVATE)
        if stream_id not in self._hubs:
            self._announced.pop(stream_id, None)
            self._announced[stream_id] = claims
            if len(self._announced) > 2 * self._max_streams:
                self._announced.popitem(last=False)

    def check_room(self, stream_id: str) -> None:
        """Check that a stream may go on, or is on.

        Raises:
            ServerFull: Too many streams are on, and none of them makes room.
        """
        if stream_id not in self._on and len(self._on) >= self._max_streams and self._least_wanted() is None:
            raise self._full()

    def open(self, stream_id: str, title: str = "") -> Hub:
        """Return the hub of a stream, a new one if there is none."""
        hub = self._hubs.pop(stream_id, None)
        if hub is None:
            self._forget_one()
            hub = self._new(stream_id, title)
            self._announced.pop(stream_id, None)
            self.promises.drop(stream_id)
            hub.on_change.add(self._waker(hub))
        self._hubs[stream_id] = hub
        return hub

    def end(self, stream_id: str, generation: int) -> None:
        """End what is on, and let sources with the same key come again.

        Raises:
            audiocast.stream.errors.BadKey: A newer key than that of `generation` was used.
            audiocast.stream.errors.StreamEnded: It is ended for good.
        """
        hub = self.get_or_waiting(stream_id)
        hub.admit(generation)
        if hub.is_on or hub.source is not None:
            hub.end(BroadcastEnded("the broadcast was ended; with the same key it may begin again"))

    def close(self, stream_id: str, generation: int) -> None:
        """End a stream for good, whether or not it has a hub.

        Raises:
            audiocast.stream.errors.BadKey: A newer key than that of `generation` was used.
            audiocast.stream.errors.StreamEnded: It is ended already.
        """
        hub = self.get_or_waiting(stream_id)
        hub.admit(generation)
        self._close(stream_id, hub)
        self._ended_by_rule.discard(stream_id)
        self.ends.note(stream_id, generation)

    def learn_generation(self, stream_id: str, generation: int) -> None:
        """Refuse keys below a generation from now on: another member has a source with such a key."""
        known = self.promise_of(stream_id)
        learned = known.with_generation(generation)
        if learned == known:
            return
        hub = self._hubs.get(stream_id)
        if hub is not None:
            hub.learn(learned)
        else:
            self.promises.keep(stream_id, learned)

    def hold_to(self, stream_id: str, rule: Rule, *, is_told: bool = True) -> None:
        """Hold what whoever runs the server says of a stream, in place of what they said before.

        An end that they know of holds for as long as they say so. One that this process has learned from its
        broadcaster holds until the stream is reopened or a newer key is used, whatever they say; and so does
        a reopening, which is newer than what they say.

        Args:
            stream_id: The stream, whether or not it has a hub.
            rule: What they say.
            is_told: They say it to this process. Of a stream of which they have, what they leave for all
                processes to read is older, and not held any more.
        """
        if is_told:
            self._told[stream_id] = None
            if len(self._told) > MAX_PROMISES:
                self._told.popitem(last=False)
        elif stream_id in self._told:
            return
        self.learn_generation(stream_id, rule.generation)
        self._hold_to_end(stream_id, is_ended=rule.is_ended)
        self.private_streams.hold_revoked(stream_id, rule.links_revoked_at_ms)
        hub = self._hubs.get(stream_id)
        if hub is not None:
            hub.listen_sessions.revoke_before(rule.links_revoked_at_ms)
        if not rule.is_suspended:
            self._suspensions.discard(stream_id)
            return
        self._suspensions.add(stream_id)
        self.covers.drop(stream_id)
        if hub is not None and (hub.is_on or hub.source is not None):
            hub.end(StreamSuspended("the stream was suspended by whoever runs the server"))

    def reopen(self, stream_id: str, claims: Claims) -> None:
        """Let sources of a stream come again after its end; see `Hub.reopen`."""
        self.covers.drop(stream_id)
        if stream_id in self.ends or stream_id in self._ended_by_rule:
            self._ended_by_rule.discard(stream_id)
            self.ends.note_reopening(stream_id)
        self._reopen(stream_id, claims)
        self.announce(stream_id, claims)

    async def wait(self, stream_id: str, timeout_seconds: float) -> Hub | None:
        """Wait for a stream to be on; return its hub, or None after `timeout_seconds`."""
        hub = self._hubs.get(stream_id)
        if hub is None or not hub.is_on:
            await self._waiters.wait(stream_id, timeout_seconds)
            hub = self._hubs.get(stream_id)
        return hub if hub is not None and hub.is_on else None

    def end_all(self) -> None:
        """End every stream that is on, because this server stops."""
        for hub in self.live():
            hub.end(ShuttingDown("the server stops; connect again in a moment with the same key"))

    def _hold_to_end(self, stream_id: str, *, is_ended: bool) -> None:
        """End a stream that is said to be, or take back an end that was no more than said."""
        is_closed = self.promise_of(stream_id).is_closed
        if is_ended:
            if not is_closed and not self.ends.is_reopened(stream_id):
                self._ended_by_rule.add(stream_id)
                self._close(stream_id, self.get_or_waiting(stream_id))
        elif stream_id in self._ended_by_rule:
            self._ended_by_rule.discard(stream_id)
            if is_closed:
                self._reopen(stream_id, Claims())

    def _reopen(self, stream_id: str, claims: Claims) -> None:
        hub = self._hubs.get(stream_id)
        if hub is not None:
            hub.reopen(claims.title)
            visibility = claims.visibility or hub.claims.visibility
            hub.claims = replace(
                hub.claims,
                visibility=visibility,
                presentation=claims.presentation,
                starts_at=claims.starts_at,
                access_code=claims.access_code,
            )
        else:
            generation = self.promises.get(stream_id).generation
            self.promises.keep(stream_id, Promise(generation, is_closed=False))

    def _close(self, stream_id: str, hub: Hub) -> None:
        hub.close()
        self.covers.drop(stream_id)
        if stream_id not in self._hubs:
            self._announced.pop(stream_id, None)
            self.promises.keep(stream_id, hub.promise)

    def _new(self, stream_id: str, title: str) -> Hub:
        announced = self._announced.get(stream_id, Claims())
        hub = Hub(
            stream_id,
            title=title or announced.title,
            clock=self.clock,
            counters=self.counters,
            limits=self._limits,
            promise=self.promises.get(stream_id),
            make_room=self._make_room,
            suspensions=self._suspensions,
            private_streams=self.private_streams,
        )
        hub.claims = announced
        return hub

    def _make_room(self) -> None:
        """Have place for one more stream that is on; called by a hub before it goes on.

        Raises:
            ServerFull: There is none.
        """
        if len(self._on) < self._max_streams:
            return
        idle = self._least_wanted()
        if idle is None:
            raise self._full()
        idle.end(SourceStalled("expected audio, got none; a stream with audio has the place now"))

    def _least_wanted(self) -> Hub | None:
        """Return a stream that is on, but has neither audio nor anybody who takes it; None: there is none."""
        return next((hub for hub in self._on.values() if hub.is_spare), None)

    def _full(self) -> ServerFull:
        return ServerFull(f"expected at most {self._max_streams} streams at a time; try again later")

    def _forget_one(self) -> None:
        """Have place for one more hub: forget one that is not in use, and keep what was promised to its keys.

        Hubs in use are beyond the bound: each costs somebody a connection.
        """
        if len(self._hubs) < 2 * self._max_streams:
            return
        unused = []
        for hub in list(islice(self._hubs.values(), PROBED_HUBS)):
            if self._is_in_use(hub):
                # Not looked at again before all others.
                self._hubs[hub.stream_id] = self._hubs.pop(hub.stream_id)
            else:
                unused.append(hub)
        if unused:
            hub = min(unused, key=lambda hub: (hub.promise != NO_PROMISE, hub.state is HubState.ENDED))
            del self._hubs[hub.stream_id]
            self.covers.drop(hub.stream_id)
            if hub.promise != NO_PROMISE:
                self.promises.keep(hub.stream_id, hub.promise)

    def _is_in_use(self, hub: Hub) -> bool:
        # One of those who are told of changes is the registry itself.
        return hub.is_on or hub.users > 0 or len(hub.on_change) > 1

    def _waker(self, hub: Hub) -> Callable[[], None]:
        def wake() -> None:
            if not hub.is_on:
                self._on.pop(hub.stream_id, None)
                return
            self._on[hub.stream_id] = hub
            for tell in self.on_live:
                tell(hub)
            self._waiters.wake(hub.stream_id)

        return wake
