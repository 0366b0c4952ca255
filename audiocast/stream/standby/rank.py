"""Which of two sources of a stream is heard: the one of the better priority, of equals the newer one."""

from collections.abc import Callable
from dataclasses import dataclass

BEST_PRIORITY = 0
WORST_PRIORITY = 9

# Worse than that of any key.
LOOP_PRIORITY = 10


def _tell_nobody(is_standby: bool) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class SourceRank:
    """The rank of a source.

    Attributes:
        priority: 0 is the best. That of the source's key, or `LOOP_PRIORITY`.
        tell: Called when the source begins to stand by, with True, and when it is heard after that, with
            False. Never called from within a method of the source.
    """

    priority: int = BEST_PRIORITY
    tell: Callable[[bool], None] = _tell_nobody

    @property
    def is_loop(self) -> bool:
        """The source plays the stream's loop file: it never stands by, but ends and begins anew."""
        return self.priority >= LOOP_PRIORITY


def parse_priority(claimed: object) -> int:
    """Return the priority that a key claims; the worst one when it claims what this version does not know."""
    if isinstance(claimed, int) and BEST_PRIORITY <= claimed <= WORST_PRIORITY:
        return int(claimed)
    return WORST_PRIORITY


USUAL_RANK = SourceRank()
