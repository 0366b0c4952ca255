"""The sources of one stream that stand by, and when the stream is handed over to one of them.

    heard, lost or away          --> the best that stands by, from where that audio ends
    heard, a better one is back  --> that one, when it was good for the return time

A source that is away and connected stands by too, so that it comes back the same way. There is one source of
each priority, so there are ten at most: of two with the same priority the newer one replaces the other, heard
or not.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import structlog

from audiocast.ogg.page import Page
from audiocast.stream.clock import Clock, Timer
from audiocast.stream.counters import Counters
from audiocast.stream.errors import SourceError, StreamError, TakenOver
from audiocast.stream.gap import SourceGap
from audiocast.stream.muxer import TimedPacket
from audiocast.stream.source import Source
from audiocast.stream.standby.arrivals import Arrivals
from audiocast.stream.standby.standby import AWAY_SECONDS, SourceSegment, Standby

log = structlog.get_logger()

# How often a stream without a source is looked at.
CHECK_SECONDS = 0.1


class Loop(Protocol):
    """What is played while the stream has no source."""

    def play(self) -> None:
        """Begin, unless it plays already."""


class Stage(Protocol):
    """What is heard of the stream: a hub.

    Attributes:
        stream_id: The stream's id.
        source: The source that is heard; None: none is connected.
        is_on: There is a bitstream to go on with.
        gap: Where the audio of the source ends, and what is made in its place.
    """

    stream_id: str
    source: Source | None

    @property
    def is_on(self) -> bool:
        """See the class."""

    @property
    def gap(self) -> SourceGap:
        """See the class."""

    def switch_to(self, standby: Standby, now: float) -> None:
        """Let a source that stands by be heard, from `Standby.last_pages` on.

        Raises:
            StreamError: It may not be heard.
        """

    def dismiss_later(self, source: Source, error: SourceError) -> None:
        """End a source that is not heard, in the next turn of the loop."""


class Standbys:
    """See the module.

    Args:
        stage: The stream's hub.
        clock: Time and timers.
        counters: Added to.
        return_seconds: How long a better source is good before it is heard again.
    """

    def __init__(self, stage: Stage, clock: Clock, counters: Counters, return_seconds: float) -> None:
        self._stage = stage
        self._clock = clock
        self._counters = counters
        self._return_seconds = return_seconds
        self._standbys: dict[Source, Standby] = {}
        self._timer: Timer | None = None
        self._loop: Loop | None = None

    def __len__(self) -> int:
        return len(self._standbys)

    def __iter__(self) -> Iterator[Source]:
        return iter(list(self._standbys))

    @property
    def has_any(self) -> bool:
        """There are some."""
        return bool(self._standbys)

    def set_loop(self, loop: Loop) -> None:
        """Play this while there is no source, from the next loss on."""
        self._loop = loop
        self.watch()

    def takes(self, source: Source, segment: SourceSegment, now: float) -> bool:
        """Let a source stand by, if it is not to be heard now; return whether that is so.

        Args:
            source: It begins a segment of its chain.
            segment: That segment.
            now: The clock's seconds.
        """
        standby = self._standbys.get(source)
        if standby is not None:
            standby.begin_segment(segment)
            return True
        heard = self._stage.source
        if source is heard:
            return False
        if source.has_audio:
            # It was dismissed and is on its way out; its next segment must not take the stream back.
            return True
        self._dismiss_replaced(source)
        if heard is None or heard.rank.priority == source.rank.priority:
            return False
        if source.generation > heard.generation:
            # The other's key was replaced, whatever its priority.
            return False
        self.add(Standby(source, segment, Arrivals(now)))
        return True

    def add(self, standby: Standby) -> None:
        """Let a source stand by."""
        self._standbys[standby.source] = standby
        self._counters.standbys += 1
        log.info("source_stands_by", stream_id=self._stage.stream_id, priority=standby.priority)
        self._clock.call_soon(standby.source.rank.tell, True)
        self.watch()

    def remove(self, source: Source) -> bool:
        """Forget a source that is heard now, or gone; return whether it has stood by."""
        if self._standbys.pop(source, None) is None:
            return False
        self._counters.standbys -= 1
        return True

    def note(self, source: Source, page: Page | None, packets: Sequence[TimedPacket], now: float) -> None:
        """Keep a page of a source that stands by, and look whether its time has come."""
        standby = self._standbys.get(source)
        if standby is not None and packets:
            standby.note(page, packets, now)
            self._choose(now)

    def note_loss(self) -> None:
        """Look anew: the source that was heard is gone."""
        self._stop_watch()
        now = self._clock.time()
        self._choose(now)
        self._begin_loop(now)
        self.watch()

    def end(self, error: SourceError) -> None:
        """End all of them, and play no loop file."""
        self._loop = None
        self._stop_watch()
        for source in self:
            self._drop(source, error)

    def _dismiss_replaced(self, source: Source) -> None:
        """End those that stand by with the same priority, or with a key that was replaced."""
        for other in self:
            if other.rank.priority == source.rank.priority or other.generation < source.generation:
                self._counters.takeovers += 1
                self._drop(other, TakenOver("a newer source with a key of this stream has taken its place"))

    def _drop(self, source: Source, error: SourceError) -> None:
        self.remove(source)
        self._stage.dismiss_later(source, error)

    def _choose(self, now: float) -> None:
        """Hand the stream over, if there is a source to be heard instead."""
        while self._stage.is_on and (chosen := self._next(now)) is not None:
            heard = self._stage.source
            is_return = heard is not None and chosen.priority < heard.rank.priority
            try:
                self._stage.switch_to(chosen, now)
            except StreamError as error:
                refusal = error if isinstance(error, SourceError) else TakenOver(str(error))
                self._drop(chosen.source, refusal)
                continue
            self._counters.switches["return" if is_return else "away"] += 1
            log.info(
                "source_heard", stream_id=self._stage.stream_id, priority=chosen.priority, is_return=is_return
            )
            self._clock.call_soon(chosen.source.rank.tell, False)
            return

    def _begin_loop(self, now: float) -> None:
        """Play the loop file, if there is one, when nothing else is heard."""
        heard = self._stage.source
        margin_seconds = 0.0 if heard is None else AWAY_SECONDS
        if self._loop is None or not self._stage.is_on or (heard is not None and heard.rank.is_loop):
            return
        if now >= self._stage.gap.arrivals.used_up_at + margin_seconds and not self._present(now):
            self._loop.play()

    def _present(self, now: float) -> list[Standby]:
        return [each for each in self._standbys.values() if not each.is_away(now)]

    def _next(self, now: float) -> Standby | None:
        """Return the source to be heard instead of the present one; None: there is none, or not yet."""
        heard = self._stage.source
        present = self._present(now)
        gap = self._stage.gap
        left_seconds = gap.arrivals.used_up_at - now
        if heard is None:
            # Until there is something to go on with.
            best = min(present, key=lambda each: each.priority, default=None)
            is_due = best is not None and (left_seconds <= 0 or best.missing_seconds(gap) > 0)
            return best if is_due else None
        if left_seconds <= -AWAY_SECONDS:
            # When the server stood still, what all of them sent is read now, one after the other.
            ready = [each for each in present if each.good_seconds(now) >= CHECK_SECONDS]
        else:
            ready = [
                each
                for each in present
                if each.priority < heard.rank.priority and each.good_seconds(now) >= self._return_seconds
            ]
        return min(ready, key=lambda each: each.priority, default=None)

    def watch(self) -> None:
        """Look again when the audio in hand is used up: no page may come to cause it."""
        if self._timer is None and (self._standbys or self._loop) and self._stage.is_on:
            margin_seconds = 0.0 if self._stage.source is None else AWAY_SECONDS
            due_at = self._stage.gap.arrivals.used_up_at + margin_seconds
            now = self._clock.time()
            self._timer = self._clock.call_at(due_at if due_at > now else now + CHECK_SECONDS, self._check)

    def _check(self) -> None:
        self._timer = None
        now = self._clock.time()
        self._choose(now)
        self._begin_loop(now)
        self.watch()

    def _stop_watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
