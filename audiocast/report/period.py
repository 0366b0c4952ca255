"""The time that a report is of, and the days and hours in it as a time zone has them."""

import functools
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from audiocast.report.records import FIRST_SECOND, LAST_SECOND

# All time zones since 1972 differ from UTC by a multiple of it, so none of their hours begins inside one.
QUARTER = 900_000


class BadTime(ValueError):
    """A text is no date and no time."""


@dataclass(frozen=True)
class Period:
    """A time, and the zone whose days and hours are counted.

    Attributes:
        start, end: Milliseconds of unix time; what is outside is cut off. None: as far as the logs go.
        zone: The time zone.
    """

    start: int | None
    end: int | None
    zone: ZoneInfo

    def place(self, quarter: int) -> tuple[str, int]:
        """Return the day, as YYYY-MM-DD, and the hour that a quarter of an hour (of unix time) is in."""
        return _place(quarter, self.zone)

    def clip(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the part of a listen that is inside; None if nothing is."""
        first = start if self.start is None else max(start, self.start)
        last = end if self.end is None else min(end, self.end)
        if first < last:
            return first, last
        # One that was over in the same millisecond.
        is_inside = start == end == first and (self.end is None or end < self.end)
        return (first, first) if is_inside else None

    def lengths(self, start: int, end: int) -> tuple[dict[str, int], dict[int, int]]:
        """Return how much of each day, and of each hour of the day, is between two times; milliseconds."""
        days: dict[str, int] = {}
        hours: dict[int, int] = {}
        for quarter in range(start // QUARTER, -(-end // QUARTER)):
            day, hour = _place(quarter, self.zone)
            length = min((quarter + 1) * QUARTER, end) - max(quarter * QUARTER, start)
            days[day] = days.get(day, 0) + length
            hours[hour] = hours.get(hour, 0) + length
        return days, hours


@functools.lru_cache(4_096)
def _place(quarter: int, zone: ZoneInfo) -> tuple[str, int]:
    local = datetime.fromtimestamp(quarter * QUARTER / 1000, zone)
    return local.date().isoformat(), local.hour


def parse_time(text: str, zone: ZoneInfo, *, is_end: bool = False) -> int:
    """Return milliseconds of unix time.

    Args:
        text: A date, or date and time as ISO 8601 has it.
        zone: Where it is so late, unless the text says it.
        is_end: A date means the end of that day.

    Raises:
        BadTime: It is neither.
    """
    try:
        if len(text) == len("2026-11-30"):
            day = date.fromisoformat(text) + timedelta(days=1 if is_end else 0)
            moment = datetime.combine(day, time(), zone)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        seconds = moment.timestamp()
    except (ValueError, OverflowError) as error:
        raise BadTime(f"expected a date or a time as 2026-11-30T18:00, got {text[:40]!r}") from error
    if not FIRST_SECOND <= seconds <= LAST_SECOND:
        raise BadTime(f"expected a time from 2000 to 2100, got {text[:40]!r}")
    return round(seconds * 1000)
