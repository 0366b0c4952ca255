"""How late the event loop is: the number that shows whether the process has enough of a core."""

import asyncio
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

    def start(self) -> None:
        """Start, in the running loop."""
        loop = asyncio.get_running_loop()
        due = loop.time() + INTERVAL_SECONDS
        self._timer = loop.call_at(due, self._measure, loop, due)

    def stop(self) -> None:
        """Stop; no call of `on_measure` follows."""
        if self._timer is not None:
            self._timer.cancel()

    def _measure(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        lag_seconds = max(0.0, now - due)
        self._histogram.observe(lag_seconds)
        self._on_measure(now, lag_seconds)
        due = now + INTERVAL_SECONDS
        self._timer = loop.call_at(due, self._measure, loop, due)
