"""When a broadcast began and how many listened at most; when it is over, the same of it."""

import time
from typing import NamedTuple


class LastBroadcast(NamedTuple):
    """A broadcast that is over.

    Attributes:
        started_at, ended_at: Unix seconds.
        listener_peak: The most that listened at once; see `BroadcastRecord.peak`.
    """

    started_at: float
    ended_at: float
    listener_peak: int


class BroadcastRecord:
    """Of one stream, one broadcast after the other.

    Attributes:
        started_at: When the present broadcast began, unix seconds; None while nothing is on.
        peak: The most listeners of it at once, of this node or of all together, as far as was noted.
        last: The broadcast before; None: this node knows of none.
    """

    def __init__(self) -> None:
        self.started_at: float | None = None
        self.peak = 0
        self.last: LastBroadcast | None = None

    def start(self) -> None:
        """Begin a broadcast, unless one is on."""
        self.started_at = self.started_at or time.time()

    def note(self, listeners: int) -> None:
        """Note how many listen."""
        if self.started_at is not None and listeners > self.peak:
            self.peak = listeners

    def finish(self) -> None:
        """End the broadcast, if one is on."""
        if self.started_at is not None:
            self.last = LastBroadcast(self.started_at, time.time(), self.peak)
        self.started_at, self.peak = None, 0
