"""How many listened in each minute of the last day: four bytes a minute, bounded."""

from array import array

MINUTES = 24 * 60
SECONDS_PER_MINUTE = 60.0


class Curve:
    """The mean of listeners in each minute, oldest first and without holes.

    Attributes:
        first_minute: Of the first one, Unix minutes; 0 while there is none.
    """

    def __init__(self) -> None:
        self.first_minute = 0
        self._means = array("f")

    def __len__(self) -> int:
        return len(self._means)

    def append(self, minute: int, listened_seconds: float) -> None:
        """Add a minute; those that were left out before it had the same.

        Args:
            minute: Unix minutes; not after the last one: the clock was set back, and it is added to that.
            listened_seconds: By all listeners together, since the minute before that was added.
        """
        means = self._means
        if not means:
            self.first_minute = minute
        next_minute = self.first_minute + len(means)
        count = minute - next_minute + 1
        if count <= 0:
            means[-1] += listened_seconds / SECONDS_PER_MINUTE
            return
        if count > MINUTES:
            # The clock was set ahead, or the machine slept.
            del means[:]
            self.first_minute, count = minute, 1
        means.extend([listened_seconds / SECONDS_PER_MINUTE / count] * count)
        surplus = len(means) - MINUTES
        if surplus > 0:
            del means[:surplus]
            self.first_minute += surplus

    def points(self) -> list[tuple[int, float]]:
        """Return each minute, Unix minutes, and its mean."""
        return [(self.first_minute + index, round(mean, 2)) for index, mean in enumerate(self._means)]

    @property
    def listened_seconds(self) -> float:
        """All of them together."""
        return sum(self._means) * SECONDS_PER_MINUTE

    @property
    def is_silent(self) -> bool:
        """Nobody has listened in any of these minutes."""
        return not any(self._means)
