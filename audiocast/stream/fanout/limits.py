"""How listeners are served."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FanoutLimits:
    """How listeners are served.

    Attributes:
        flush_interval_seconds: How long pages gather for listeners that are not live; among many of them up
            to nearly half as long again.
        lag_seconds: A listener further behind is moved to the newest page.
        stall_seconds: A listener that takes nothing for this long is closed.
    """

    flush_interval_seconds: float = 0.1
    lag_seconds: float = 10.0
    stall_seconds: float = 20.0
