"""The listens of one stream at this member: those that are open, by way, and the last day of all."""

from typing import NamedTuple

from audiocast.stream.audience.curve import MINUTES, Curve
from audiocast.stream.audience.listen import Listen, Way

MINUTES_PER_HOUR = 60


class AudienceSnapshot(NamedTuple):
    """The audience of a stream at one member.

    Attributes:
        now: Open listens.
        peak: The most at once in the last day.
        listened_seconds: Of all listens in the last day.
        since_minute: When that begins, Unix minutes: the first listen, or a day ago.
        curve: See `Curve.points`.
    """

    now: int
    peak: int
    listened_seconds: float
    since_minute: int
    curve: list[tuple[int, float]]


class OpenListens:
    """The open listens of one stream and way, and how long they are in all, without looking at each.

    Attributes:
        listens: In no order.
    """

    def __init__(self, way: Way) -> None:
        self.listens: set[Listen] = set()
        self._is_by_request = way is Way.HLS
        self._began_sum = 0.0
        self._heard_sum = 0.0

    def add(self, listen: Listen) -> None:
        """Count one that begins."""
        self.listens.add(listen)
        self._began_sum += listen.began_at

    def remove(self, listen: Listen) -> None:
        """Count one that has ended no more."""
        self.listens.discard(listen)
        self._began_sum -= listen.began_at
        self._heard_sum -= listen.ended_at - listen.began_at
        if not self.listens:
            # Sums of many numbers are never quite right.
            self._began_sum = self._heard_sum = 0.0

    def extend(self, seconds: float) -> None:
        """Note that one of which only requests are seen has become longer."""
        self._heard_sum += seconds

    def seconds(self, now: float) -> float:
        """Return how long all are by now, the clock's seconds; those of HLS to their last requests."""
        if self._is_by_request:
            return max(0.0, self._heard_sum)
        return max(0.0, now * len(self.listens) - self._began_sum)


class StreamAudience:
    """See the module.

    Args:
        minute: The present one, Unix minutes.

    Attributes:
        ways: Open listens by way.
        ended_seconds: Of all listens that have ended.
    """

    def __init__(self, minute: int) -> None:
        self.ways = {way: OpenListens(way) for way in Way}
        self.ended_seconds = 0.0
        self._first_minute = minute
        self._curve = Curve()
        self._curve_seconds = 0.0
        self._peak = 0
        self._hour_peaks: dict[int, int] = {}

    @property
    def count(self) -> int:
        """Open listens."""
        return sum([len(each.listens) for each in self.ways.values()])

    @property
    def is_forgettable(self) -> bool:
        """Nobody listens, and nobody has for a day."""
        return not self.count and len(self._curve) >= MINUTES and self._curve.is_silent

    def note_peak(self) -> None:
        """Note that there is one more listen."""
        self._peak = max(self._peak, self.count)

    def end_minute(self, minute: int, now: float) -> None:
        """Add a minute that is over to the curve.

        Args:
            minute: Unix minutes.
            now: The clock's seconds.
        """
        seconds = max(self._curve_seconds, self._seconds(now))
        self._curve.append(minute, seconds - self._curve_seconds)
        self._curve_seconds = seconds
        hour = minute // MINUTES_PER_HOUR
        self._hour_peaks[hour] = max(self._hour_peaks.get(hour, 0), self._peak)
        self._hour_peaks = {each: peak for each, peak in self._hour_peaks.items() if each > hour - 24}
        self._peak = self.count

    def describe(self, now: float) -> AudienceSnapshot:
        """Return the last day, as of now, the clock's seconds."""
        running_seconds = max(0.0, self._seconds(now) - self._curve_seconds)
        return AudienceSnapshot(
            now=self.count,
            peak=max(self._peak, *self._hour_peaks.values(), 0),
            listened_seconds=self._curve.listened_seconds + running_seconds,
            since_minute=self._curve.first_minute or self._first_minute,
            curve=self._curve.points(),
        )

    def _seconds(self, now: float) -> float:
        return self.ended_seconds + sum([each.seconds(now) for each in self.ways.values()])
