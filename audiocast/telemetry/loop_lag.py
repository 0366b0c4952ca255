"""How late the event loop is: the number that shows whether the process has enough of a core."""

import asyncio
import math
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Histogram

INTERVAL_SECONDS = 0.25
BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class LoopLag:
    """Measures the event loop's lag four times a second.

    Args:
        metrics: Registry of the histogram.
        on_measure: Called with the loop's time and each lag in seconds.
    """

    def __init__(self, metrics: CollectorRegistry, on_measure: Callable[[float, float], None]) -> None:
        self._on_measure = on_measure
        self._histogram = Histogram(
            "audiocast_loop_lag_seconds",
            "How much later than asked for the event loop made a call.",
            buckets=BOUNDS_SECONDS,
            registry=metrics,
        )
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf
        self._clock = time.monotonic
        self._measured_seconds = 0.0

    def stalled_seconds(self) -> float:
        """Return for how long the loop has stood still since the start: all lags together.

        The lag that is going to be measured next is part of it, so it is right for all that the loop calls
        when it goes on, in whatever order.
        """
        late_seconds = self._clock() - self._due
        return self._measured_seconds + late_seconds if late_seconds > 0 else self._measured_seconds

    def start(self) -> None:
        """Start, in the running loop."""
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._schedule(loop, loop.time())

    def stop(self) -> None:
        """Stop; no call of `on_measure` follows."""
        if self._timer is not None:
            self._timer.cancel()
            self._due = math.inf

    def _measure(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        lag_seconds = max(0.0, now - self._due)
        self._measured_seconds += lag_seconds
        self._histogram.observe(lag_seconds)
        self._on_measure(now, lag_seconds)
        self._schedule(loop, now)

    def _schedule(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        self._due = now + INTERVAL_SECONDS
        self._timer = loop.call_at(self._due, self._measure, loop)
