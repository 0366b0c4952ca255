"""The audience of one member: its open listens by stream and way, and sums of all that were.

What a listener costs here is one call when it begins and one when it ends; sums of open listens are kept so
that none of them is looked at to tell how long all are. Streams are looked at once a minute.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from audiocast.stream.audience.curve import SECONDS_PER_MINUTE
from audiocast.stream.audience.listen import Listen, ListenRecord, Way, Who
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.audience.stream_audience import AudienceSnapshot, StreamAudience
from audiocast.stream.clock import Clock, Timer

# Streams whose last day is remembered, beside those that have listeners: 6 KB each.
MAX_REMEMBERED = 2_000

NO_AUDIENCE = AudienceSnapshot(now=0, peak=0, listened_seconds=0.0, since_minute=0, curve=[])


class OpenGroup(NamedTuple):
    """The open listens of one stream and way.

    Attributes:
        stream_id, way: Which.
        listeners: How many.
        seconds: How long they are in all so far.
    """

    stream_id: str
    way: Way
    listeners: int
    seconds: float


class Audience:
    """See the module.

    Args:
        clock: Time and timers.
        unix_seconds: Returns the time of day.

    Attributes:
        on_record: Called with each listen that has ended.
        ended_seconds: Of the listens that have ended, by way.
        sessions: How many have ended, by way and reason.
    """

    def __init__(self, clock: Clock, unix_seconds: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._unix_seconds = unix_seconds
        self._streams: OrderedDict[str, StreamAudience] = OrderedDict()
        self._shown_seconds = dict.fromkeys(Way, 0.0)
        self._timer: Timer | None = None
        self.on_record: Callable[[ListenRecord], None] = lambda _: None
        self.ended_seconds = dict.fromkeys(Way, 0.0)
        self.sessions = {(way, end): 0 for way in Way for end in ListenEnd}

    def start(self) -> None:
        """Keep the curves of streams from now on."""
        now = self._unix_seconds()
        self._timer = self._clock.call_later(SECONDS_PER_MINUTE - now % SECONDS_PER_MINUTE, self._end_minute)

    def stop(self, end: ListenEnd) -> None:
        """End the listens that neither fan-outs nor sessions have ended, and keep no curves any more."""
        if self._timer is not None:
            self._timer.cancel()
        now = self._clock.time()
        still_open = [
            listen
            for stream in self._streams.values()
            for each in stream.ways.values()
            for listen in each.listens
        ]
        for listen in still_open:
            listen.finish(end, now, 0)

    def listen(
        self, stream_id: str, way: Way, who: Who, *, aim_seconds: float, label: str | None = None
    ) -> Listen:
        """Return a listen that begins later; see `Listen`."""
        return Listen(
            stream_id,
            way,
            who,
            aim_seconds=aim_seconds,
            label=label,
            on_begin=self._begin,
            on_end=self._end,
        )

    def extend(self, listen: Listen) -> None:
        """Note that a listen of which only requests are seen goes on till now."""
        now = self._clock.time()
        self._streams[listen.stream_id].ways[listen.way].extend(now - listen.ended_at)
        listen.ended_at = now

    def count(self, stream_id: str, way: Way) -> int:
        """Return the open listens of a stream by one way."""
        stream = self._streams.get(stream_id)
        return len(stream.ways[way].listens) if stream is not None else 0

    def describe(self, stream_id: str) -> AudienceSnapshot:
        """Return the last day of a stream at this member."""
        stream = self._streams.get(stream_id)
        return stream.describe(self._clock.time()) if stream is not None else NO_AUDIENCE

    def open_groups(self) -> Iterator[OpenGroup]:
        """Return what is open now, by stream and way."""
        now = self._clock.time()
        for stream_id, stream in self._streams.items():
            for way, each in stream.ways.items():
                if each.listens:
                    yield OpenGroup(stream_id, way, len(each.listens), each.seconds(now))

    def seconds_by_way(self) -> dict[Way, float]:
        """Return how long all listens were, those that are open up to now; it never becomes less."""
        sums = dict(self.ended_seconds)
        for group in self.open_groups():
            sums[group.way] += group.seconds
        # A listener that has left may be noticed a little later.
        self._shown_seconds = {way: max(sums[way], self._shown_seconds[way]) for way in Way}
        return self._shown_seconds

    def _begin(self, listen: Listen) -> None:
        stream = self._streams.get(listen.stream_id)
        if stream is None:
            stream = self._streams[listen.stream_id] = StreamAudience(self._minute())
            self._forget_one()
        stream.ways[listen.way].add(listen)
        stream.note_peak()

    def _end(self, listen: Listen, end: ListenEnd, sent_bytes: int) -> None:
        stream = self._streams[listen.stream_id]
        stream.ways[listen.way].remove(listen)
        seconds = listen.ended_at - listen.began_at
        stream.ended_seconds += seconds
        self.ended_seconds[listen.way] += seconds
        self.sessions[listen.way, end] += 1
        self.on_record(
            ListenRecord(
                stream_id=listen.stream_id,
                way=listen.way,
                who=listen.who,
                aim_seconds=listen.aim_seconds,
                label=listen.label,
                ended_at=self._unix_seconds() - (self._clock.time() - listen.ended_at),
                seconds=seconds,
                sent_bytes=sent_bytes,
                end=end,
            )
        )

    def _minute(self) -> int:
        return int(self._unix_seconds() // SECONDS_PER_MINUTE)

    def _end_minute(self) -> None:
        self.start()
        # The timer may be a little early by the time of day.
        minute, now = (
            int((self._unix_seconds() - SECONDS_PER_MINUTE / 2) // SECONDS_PER_MINUTE),
            self._clock.time(),
        )
        for stream_id, stream in list(self._streams.items()):
            stream.end_minute(minute, now)
            if stream.is_forgettable:
                del self._streams[stream_id]

    def _forget_one(self) -> None:
        """Forget the oldest stream without listeners when there are too many."""
        if len(self._streams) > MAX_REMEMBERED:
            idle = next((key for key, stream in self._streams.items() if not stream.count), None)
            if idle is not None:
                del self._streams[idle]
