"""A clock that tests turn by hand: an event loop's time and timers, without a loop and without waiting."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

# asyncio too runs a timer that is due within its clock's resolution.
RESOLUTION_SECONDS = 1e-9

# More turns than any test needs: a callback that schedules itself again and again without waiting is caught.
MAX_TURNS = 20_000


class Call:
    """A call that was asked for."""

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.cancelled = False
        self._callback = callback
        self._args = args

    def cancel(self) -> None:
        self.cancelled = True

    def run(self) -> None:
        if not self.cancelled:
            self._callback(*self._args)


class FakeClock:
    """Fits `audiocast.stream.clock.Clock`.

    Args:
        now: Where it starts, seconds; monotonic clocks start anywhere.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self._now = now
        self._soon: list[Call] = []
        self._timers: list[tuple[float, int, Call]] = []
        self._order = count()

    def time(self) -> float:
        return self._now

    def skip(self, seconds: float) -> None:
        """Let time pass within a call, as work does; timers are late by as much."""
        self._now += seconds

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> Call:
        self._soon.append(Call(callback, args))
        return self._soon[-1]

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any) -> Call:
        call = Call(callback, args)
        # In a real loop time goes on between two turns, so even "now" is a little later.
        heappush(self._timers, (max(when, self._now + RESOLUTION_SECONDS), next(self._order), call))
        return call

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Call:
        return self.call_at(self._now + delay, callback, *args)

    @property
    def due(self) -> int:
        """How many calls are still to come."""
        calls = self._soon + [call for _, _, call in self._timers]
        return sum(not call.cancelled for call in calls)

    def turn(self) -> None:
        """Run one turn of the loop: what was asked for before it began. Time stands still."""
        soon, self._soon = self._soon, []
        for call in soon:
            call.run()

    def settle(self) -> None:
        """Run turns until nobody wants another one. Time stands still."""
        for _ in range(MAX_TURNS):
            if not self._soon:
                return
            self.turn()
        raise AssertionError("expected the calls to come to an end, got one more in each turn")

    def advance(self, seconds: float) -> None:
        """Let time pass, with every timer on its moment."""
        target = self._now + seconds
        self.settle()
        for _ in range(MAX_TURNS):
            if not self._timers or self._timers[0][0] > target + RESOLUTION_SECONDS:
                self._now = max(self._now, target)
                return
            when, _, call = heappop(self._timers)
            self._now = max(self._now, when)
            call.run()
            self.settle()
        raise AssertionError(f"expected timers to be rare, got {MAX_TURNS} of them within {seconds} s")
