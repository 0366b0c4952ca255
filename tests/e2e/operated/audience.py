"""Listeners that connect again when their connection ends, as players do, and what each of them missed."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from tests.support.audio.numbered_audio import number_of
from tests.support.http.listener import Listener
from tests.support.processes.background import Background

AGAIN_SECONDS = 0.25
POLL_SECONDS = 0.05
PREROLL_SECONDS = 3.5


@dataclass(slots=True)
class Visit:
    """One connection of a listener.

    Attributes:
        server: That it came to.
        numbers: Of the packets that it got, without silence of the server's own.
        arrivals: When something came, seconds of `time.monotonic`.
    """

    server: str
    numbers: list[int] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Missed:
    """What the listeners missed together.

    Attributes:
        listeners: How many there were.
        cuts: Connections that servers have ended.
        most_cuts: Of one listener by one server, which shows who was cut twice by one drain.
        lost: Packets that did not come to a listener that stayed.
        lost_moving: Packets between two connections of a listener.
        longest_pause_seconds: Without a byte, connections anew included.
    """

    listeners: int
    cuts: int
    most_cuts: int
    lost: int
    lost_moving: int
    longest_pause_seconds: float


class Audience(Background):
    """Listens while the `with` block runs.

    Args:
        ways: Returns the ports of the servers that a Service leads to now, by their names.
        stream_id: What they listen to.
        count: How many there are.
    """

    def __init__(self, ways: Callable[[], Mapping[str, int]], stream_id: str, count: int) -> None:
        self._ways = ways
        self._path = f"/stream/{stream_id}?latency=low&preroll={PREROLL_SECONDS}"
        self._visits: list[list[Visit]] = [[] for _ in range(count)]
        self._heard = [0] * count
        super().__init__(*(partial(self._listen, number) for number in range(count)))

    def wait_until_all_hear(self, seconds: float, deadline_seconds: float) -> None:
        """Wait for some seconds, and then until each listener has heard something more."""
        time.sleep(seconds)
        before = list(self._heard)
        until = time.monotonic() + deadline_seconds
        while any(now <= then for now, then in zip(self._heard, before, strict=True)):
            assert time.monotonic() < until, f"not all hear something within {deadline_seconds} s"
            time.sleep(POLL_SECONDS)

    def missed(self) -> Missed:
        """Return what they missed; after the `with` block."""
        cuts = [[visit.server for visit in visits[:-1]] for visits in self._visits]
        return Missed(
            listeners=len(self._visits),
            cuts=sum(map(len, cuts)),
            most_cuts=max(servers.count(each) for servers in cuts for each in servers) if any(cuts) else 0,
            lost=sum(_holes(visit.numbers) for visits in self._visits for visit in visits),
            lost_moving=sum(_lost_between(visits) for visits in self._visits),
            longest_pause_seconds=max(map(_longest_pause, self._visits)),
        )

    def _listen(self, number: int) -> None:
        visits = self._visits[number]
        while not self.is_over.is_set():
            ways = self._ways()
            if not ways:
                self.is_over.wait(AGAIN_SECONDS)
                continue
            names = sorted(ways)
            # At first all servers have as many; then chance decides, as in a Service.
            server = names[number % len(names)] if not visits else random.choice(names)
            visit = Visit(server)
            try:
                listener = Listener(ways[server], self._path)
            except OSError:
                self.is_over.wait(AGAIN_SECONDS)
                continue
            visits.append(visit)
            with listener:
                heard = self._heard[number]
                while listener.end is None and not self.is_over.wait(POLL_SECONDS):
                    self._heard[number] = heard + listener.size_bytes
            if listener.body.startswith(b"OggS"):
                visit.numbers = [each for each in map(number_of, listener.capture().packets) if each]
            visit.arrivals = [at for at, _ in listener.arrivals]
            self.is_over.wait(AGAIN_SECONDS)


def _holes(numbers: list[int]) -> int:
    return sum(after - before - 1 for before, after in pairwise(numbers) if after > before + 1)


def _lost_between(visits: list[Visit]) -> int:
    heard = [visit.numbers for visit in visits if visit.numbers]
    return sum(max(0, after[0] - before[-1] - 1) for before, after in pairwise(heard))


def _longest_pause(visits: list[Visit]) -> float:
    arrivals = [at for visit in visits for at in visit.arrivals]
    return max((after - before for before, after in pairwise(arrivals)), default=float("inf"))
