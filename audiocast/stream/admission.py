"""Whether one more listener fits. Those who listen already lose nothing to those who come.

Three bounds: how many listeners, how many bytes a second go out, how late the event loop is. The last two are
means over a second or so, so that the burst of one join, or one late turn, turns nobody away.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from audiocast.stream.counters import Counters
from audiocast.stream.errors import ServerFull

MEASURES = 8
"""Two seconds of them, a quarter of a second apart."""

BITS = 8


class Reason(StrEnum):
    """Why somebody was turned away."""

    LISTENERS = "listeners"
    EGRESS = "egress"
    LAG = "lag"


class Admission:
    """Bounds of one node.

    Args:
        counters: Of the node.
        max_listeners: At a time.
        max_egress_bps: Bits a second to listeners; 0: no bound.
        max_lag_seconds: How late the event loop may be; 0: no bound.
    """

    def __init__(
        self, counters: Counters, *, max_listeners: int, max_egress_bps: float, max_lag_seconds: float
    ) -> None:
        self._counters = counters
        self.max_listeners = max_listeners
        self.max_egress_bps = max_egress_bps
        self._max_lag_seconds = max_lag_seconds
        self._measures: deque[tuple[float, int, float]] = deque(maxlen=MEASURES)
        self.waiting = 0
        self.turned_away = dict.fromkeys(Reason, 0)

    @property
    def egress_bps(self) -> float:
        """What goes out to listeners now."""
        if len(self._measures) < 2:
            return 0.0
        (first_at, first_bytes, _), (last_at, last_bytes, _) = self._measures[0], self._measures[-1]
        return (last_bytes - first_bytes) * BITS / (last_at - first_at)

    @property
    def lag_seconds(self) -> float:
        """How late the event loop is now."""
        return sum(lag for _, _, lag in self._measures) / len(self._measures) if self._measures else 0.0

    def measure(self, now: float, lag_seconds: float) -> None:
        """Take a measure, a few times a second.

        Args:
            now: The clock's seconds.
            lag_seconds: How much later than asked for the event loop made this call.
        """
        self._measures.append((now, self._counters.sent_bytes, lag_seconds))

    def check(self) -> None:
        """Let a listener in, or say why not.

        Raises:
            ServerFull: It does not fit now.
        """
        if self._counters.listeners + self.waiting >= self.max_listeners:
            self._turn_away(Reason.LISTENERS, f"expected at most {self.max_listeners} listeners")
        if self.max_egress_bps and self.egress_bps >= self.max_egress_bps:
            self._turn_away(
                Reason.EGRESS, f"expected at most {self.max_egress_bps / 1e6:g} Mbit/s to listeners"
            )
        if self._max_lag_seconds and self.lag_seconds >= self._max_lag_seconds:
            self._turn_away(Reason.LAG, "this server has too much to do just now")

    @contextmanager
    def entering(self) -> Iterator[None]:
        """Count somebody who waits to be served; see `check`."""
        self.check()
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    def _turn_away(self, reason: Reason, why: str) -> None:
        self.turned_away[reason] += 1
        raise ServerFull(f"{why}; try again in a moment")
