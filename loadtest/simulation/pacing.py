"""How live listeners are paced: sends and delays of the real fan-out, on a clock that stands still.

    python -m loadtest.simulation.pacing [--listeners N ...] [--share S ...] [--send-us US] [--aim-ms MS]

Each send takes a fixed time of a clock that is turned by hand, and nothing else takes any. So what comes out
is what the rule of `audiocast.stream.fanout.lane` does, whatever else the machine has to do. What a listener
costs is its sends times what one of them costs (`loadtest.bench.pass_cost`). What came out: docs/fan-out.md.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count
from statistics import quantiles
from typing import Any, NamedTuple

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.stream.backlog import Backlog
from audiocast.stream.counters import Counters
from audiocast.stream.fanout import lane
from audiocast.stream.fanout.fanout import Fanout
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.fanout.listener import Listener
from audiocast.stream.muxer import OggMuxer
from tests.support.clock.fake_clock import Call, FakeClock

PACKET = b"\xfc" + bytes(239)
PACKET_SAMPLES = 960
PACKET_SECONDS = 0.02
# A page comes so much later than it should, at most.
JITTER_SECONDS = 0.002
# Gathering has grown to its longest by then.
LEARNING_SECONDS = 10.0
SECONDS = 5.0
# Listeners whose delays are taken down: one in so many.
SAMPLED = 20


class Paced(NamedTuple):
    """What came out.

    Attributes:
        sends_a_second: To each listener.
        delay_p50_ms, delay_p99_ms: From a page's arrival to the end of the send that had it.
    """

    sends_a_second: float
    delay_p50_ms: float
    delay_p99_ms: float


class _Loop(FakeClock):
    """A clock that goes on within calls, too; what is due then runs in the next turn, as loops do it."""

    def __init__(self) -> None:
        super().__init__()
        self._due: list[tuple[float, int, Call]] = []
        self._number = count()

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any) -> Call:
        call = Call(callback, args)
        heappush(self._due, (when, next(self._number), call))
        return call

    def run(self, seconds: float) -> None:
        """Let so much time pass, and as much more as the last call takes."""
        ends_at = self.time() + seconds
        while self.time() < ends_at:
            if not self._soon:
                self.skip(max(0.0, self._due[0][0] - self.time()))
            while self._due and self._due[0][0] <= self.time():
                self._soon.append(heappop(self._due)[2])
            self.turn()


class _Socket:
    """Takes everything, in a fixed time.

    Attributes:
        listener: Set if its delays are to be taken down.
    """

    listener: Listener | None = None

    def __init__(self, clock: FakeClock, backlog: Backlog, send_seconds: float, delays: list[float]) -> None:
        self._clock, self._backlog = clock, backlog
        self._send_seconds, self._delays = send_seconds, delays

    def send(self, data: bytes, /) -> int:
        self._clock.skip(self._send_seconds)
        if self.listener is not None:
            now, left = self._clock.time(), len(data)
            for page in self._backlog.pages(self.listener.cursor, self._backlog.end):
                left -= len(page.data)
                if left < 0:
                    break
                self._delays.append(now - page.arrived_at)
        return len(data)

    def close(self) -> None:
        """Nothing is open."""


def paced(listeners: int, *, send_seconds: float, aim_seconds: float, seed: int = 1) -> Paced:
    """Run one stream with so many listeners for `SECONDS`."""
    clock, counters, dice = _Loop(), Counters(), random.Random(seed)
    backlog = Backlog(max_seconds=20, max_bytes=262_144)
    fanout = Fanout(backlog, clock, counters, FanoutLimits())
    muxer = OggMuxer(1, OpusHead(2, 312), OpusTags(""))
    delays: list[float] = []
    for number in range(listeners):
        sink = _Socket(clock, backlog, send_seconds, delays)
        listener = fanout.join(sink, b"head", preroll_seconds=0, aim_seconds=aim_seconds)
        if number % SAMPLED == 0:
            sink.listener = listener

    def publish(number: int, began_at: float) -> None:
        for page in muxer.pages([(PACKET, PACKET_SAMPLES)], clock.time()):
            backlog.append(page)
        fanout.wake()
        due = began_at + (number + 1) * PACKET_SECONDS + dice.random() * JITTER_SECONDS
        clock.call_at(due, publish, number + 1, began_at)

    publish(0, clock.time())
    clock.run(LEARNING_SECONDS)
    delays.clear()
    sends, began_at = counters.sends, clock.time()
    clock.run(SECONDS)
    percentiles = quantiles(delays, n=100)
    sends_a_second = (counters.sends - sends) / listeners / (clock.time() - began_at)
    return Paced(sends_a_second, percentiles[49] * 1000, percentiles[98] * 1000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; return the exit code."""
    options = _parser().parse_args(arguments)
    print("| listeners | share | sends a second | delay p50 / p99, ms |\n" + "| --- " * 4 + "|")
    for listeners in options.listeners:
        for share in options.share:
            lane.LIVE_SHARE = share
            found = paced(listeners, send_seconds=options.send_us / 1e6, aim_seconds=options.aim_ms / 1000)
            print(
                f"| {listeners} | {share:.2f} | {found.sends_a_second:.1f} "
                f"| {found.delay_p50_ms:.0f} / {found.delay_p99_ms:.0f} |"
            )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Pace live listeners on a clock that stands still.")
    parser.add_argument("--listeners", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--share", type=float, nargs="+", default=[lane.LIVE_SHARE])
    parser.add_argument("--send-us", type=float, default=8.0, help="what a send takes")
    parser.add_argument("--aim-ms", type=float, default=80.0, help="what players aim at; 80 is latency=low")
    return parser


if __name__ == "__main__":
    sys.exit(main())
