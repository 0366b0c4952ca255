"""Who listened at once: one walk over all starts and ends in the order of their time.

It is exact to the millisecond. A listen that ends when another one begins was not there with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from audiocast.report.period import QUARTER
from audiocast.report.plays import StreamPlays

# What happens at the same time happens in this order.
END = 0
TRACK = 1
START = 2

# An event is one number of 64 bits: its time, its kind, and what it is of.
_KIND_BITS = 2
INDEX_BITS = 20
MAX_INDEX = (1 << INDEX_BITS) - 1


def event(at: int, kind: int, index: int) -> int:
    """Return the number of an event; numbers are in the order in which events happen.

    Args:
        at: Milliseconds of unix time, from 1970 to 2109.
        kind: END, TRACK or START.
        index: The place of its `Listeners`, up to `MAX_INDEX`.
    """
    return (at << _KIND_BITS | kind) << INDEX_BITS | index


@dataclass(slots=True)
class Crowd:
    """The listeners of one stream, way, agent or country: how many now, and at the most."""

    now: int = 0
    peak: int = 0


@dataclass(frozen=True, slots=True)
class Listeners:
    """Listens that belong to the same crowds.

    Attributes:
        crowds: Of their stream, first, their way, agent and country.
        plays: Those of their stream; None: nobody asks for them.
    """

    crowds: tuple[Crowd, ...]
    plays: StreamPlays | None


@dataclass
class Sweep:
    """The result of a walk.

    Attributes:
        peak: The most listeners at once.
        peak_at: When it was reached first, milliseconds of unix time.
        times: Listening time of each quarter of an hour, milliseconds.
        peaks: The most listeners at once in it.
    """

    peak: int = 0
    peak_at: int | None = None
    times: dict[int, int] = field(default_factory=dict)
    peaks: dict[int, int] = field(default_factory=dict)

    def walk(self, events: Iterable[int], listeners: list[Listeners]) -> None:
        """Follow events, which are in their order."""
        now = last = 0
        for at, kind, index in _decoded(events):
            if now and at > last:
                self._note_time(last, at, now)
            last = at
            here = listeners[index]
            if kind == TRACK:
                if here.plays:
                    here.plays.note_change(here.crowds[0].now)
                continue
            if kind == END:
                now -= 1
                for crowd in here.crowds:
                    crowd.now -= 1
                continue
            now += 1
            for crowd in here.crowds:
                crowd.now += 1
                if crowd.now > crowd.peak:
                    crowd.peak = crowd.now
            if here.plays:
                here.plays.note_start(at)
            if now > self.peak:
                self.peak, self.peak_at = now, at

    def _note_time(self, start: int, end: int, now: int) -> None:
        """So many have listened from one time to another; nobody came or went in between."""
        for quarter in range(start // QUARTER, (end - 1) // QUARTER + 1):
            length = min((quarter + 1) * QUARTER, end) - max(quarter * QUARTER, start)
            self.times[quarter] = self.times.get(quarter, 0) + length * now
            if now > self.peaks.get(quarter, 0):
                self.peaks[quarter] = now


def _decoded(events: Iterable[int]) -> Iterator[tuple[int, int, int]]:
    for number in events:
        rest = number >> INDEX_BITS
        yield rest >> _KIND_BITS, rest & 3, number & MAX_INDEX
