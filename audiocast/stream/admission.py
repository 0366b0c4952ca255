"""Whether one more listener fits: open listeners lose nothing to new ones.

Three bounds: how many listeners, how many bytes a second go out, how late the event loop is. The last two are
means over a second or so, so that the burst of one join, or one late turn, refuses no listener.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from audiocast.stream.counters import Counters
from audiocast.stream.errors import ServerFull

# Two seconds of measures, a quarter of a second apart.
MEASURES = 8

BITS = 8


class Reason(StrEnum):
    """Why a listener was turned away."""

    LISTENERS = "listeners"
    WAITING = "waiting"
    EGRESS = "egress"
    LAG = "lag"


class Admission:
    """Bounds of one node.

    Args:
        counters: Listeners and sent bytes are read from it.
        max_listeners: Open listeners, sessions of HLS, and requests of no session that wait for the next part
            of a stream that is on.
        max_waiting: Listeners that wait for a stream that is not on; they take no place of those above.
        max_egress_bps: Bits per second to listeners; 0: no bound.
        max_lag_seconds: How late the event loop may be; 0: no bound.
    """

    def __init__(
        self,
        counters: Counters,
        *,
        max_listeners: int,
        max_waiting: int,
        max_egress_bps: float,
        max_lag_seconds: float,
    ) -> None:
        self._counters = counters
        self.max_listeners = max_listeners
        self.max_waiting = max_waiting
        self.max_egress_bps = max_egress_bps
        self._max_lag_seconds = max_lag_seconds
        self._measures: deque[tuple[float, int, float]] = deque(maxlen=MEASURES)
        self.entered = 0
        self.waiting = 0
        self.turned_away = dict.fromkeys(Reason, 0)

    @property
    def egress_bps(self) -> float:
        """Bits per second that go out to listeners now."""
        if len(self._measures) < 2:
            return 0.0
        (first_at, first_bytes, _), (last_at, last_bytes, _) = self._measures[0], self._measures[-1]
        return (last_bytes - first_bytes) * BITS / (last_at - first_at)

    @property
    def lag_seconds(self) -> float:
        """Mean lateness of the event loop."""
        return sum(lag for _, _, lag in self._measures) / len(self._measures) if self._measures else 0.0

    def measure(self, now: float, lag_seconds: float) -> None:
        """Add a measure; called a few times a second.

        Args:
            now: The clock's seconds.
            lag_seconds: How much later than asked for the event loop made this call.
        """
        self._measures.append((now, self._counters.sent_bytes, lag_seconds))

    def check(self) -> None:
        """Check that one more listener fits.

        Raises:
            ServerFull: It does not; counted by its reason.
        """
        counters = self._counters
        if counters.listeners + counters.hls_sessions + self.entered >= self.max_listeners:
            self._turn_away(Reason.LISTENERS, f"expected at most {self.max_listeners} listeners")
        self._check_load()

    @contextmanager
    def entering(self) -> Iterator[None]:
        """Count a listener that is about to be served, for the time of the block; see `check`."""
        self.check()
        self.entered += 1
        try:
            yield
        finally:
            self.entered -= 1

    @contextmanager
    def awaiting(self) -> Iterator[None]:
        """Count a listener that waits for a stream that is not on, for the time of the block.

        Raises:
            ServerFull: Too many wait already, or the server has too much to do.
        """
        self._check_load()
        if self.waiting >= self.max_waiting:
            self._turn_away(Reason.WAITING, f"expected at most {self.max_waiting} listeners that wait")
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    def _check_load(self) -> None:
        if self.max_egress_bps and self.egress_bps >= self.max_egress_bps:
            self._turn_away(
                Reason.EGRESS, f"expected at most {self.max_egress_bps / 1e6:g} Mbit/s to listeners"
            )
        if self._max_lag_seconds and self.lag_seconds >= self._max_lag_seconds:
            self._turn_away(Reason.LAG, "this server has too much to do just now")

    def _turn_away(self, reason: Reason, why: str) -> None:
        self.turned_away[reason] += 1
        raise ServerFull(f"{why}; try again in a moment")
