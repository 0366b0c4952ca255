"""How often one event is written to the log in a second. It writes nothing itself.

Strangers cause events: each request that is refused is one. What repeats is worth a number, not a line each.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple


class LogEvent(NamedTuple):
    """What counts as the same event.

    Attributes:
        level: As structlog names it: "debug", "info", "warning", "error" or "critical".
        name: The event's name; of a library's message, the name of its logger.
    """

    level: str
    name: str


class RepeatLimit:
    """Counts events by level and name, and says which are too many. Any thread may call it.

    Args:
        max_per_second: How often one event may be written in a second; 0: no bound.
        clock: Seconds.
    """

    def __init__(self, max_per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_per_second = max_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._second = 0
        # Both are as long as there are names of events in the code, at most.
        self._in_second: Counter[LogEvent] = Counter()
        self._suppressed: Counter[LogEvent] = Counter()

    def is_within(self, event: LogEvent) -> bool:
        """Count an event, and return whether it may be written."""
        if not self._max_per_second:
            return True
        with self._lock:
            second = int(self._clock())
            if second != self._second:
                self._second = second
                self._in_second.clear()
            self._in_second[event] += 1
            if self._in_second[event] <= self._max_per_second:
                return True
            self._suppressed[event] += 1
            return False

    def collect_suppressed(self) -> dict[LogEvent, int]:
        """Return how many of each event were too many since the last call."""
        with self._lock:
            suppressed, self._suppressed = self._suppressed, Counter()
        return suppressed
