"""The numbers of a report, as all its forms show them."""

from dataclasses import dataclass, field
from typing import NamedTuple

MILLISECONDS_OF_HOUR = 3_600_000

# What a report is split by, in the order of its tables.
DIMENSIONS = ("day", "hour", "stream", "way", "agent", "country")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """All listens, or those of one day, hour, stream, way, agent or country.

    Attributes:
        name: Of what; of the hours 00 to 23.
        milliseconds: Listening time.
        sessions: Listens that began in it, or were on when the period began.
        uniques: Different clients among them; None where the logs name none.
        average: Listeners, over all of the period that can belong to it.
        peak: The most listeners at once.
        bytes: Sent; None for days and hours, since a log has one number for each listen.
    """

    name: str
    milliseconds: int
    sessions: int
    uniques: int | None
    average: float
    peak: int
    bytes: int | None

    @property
    def hours(self) -> float:
        """Listening hours (ATH)."""
        return self.milliseconds / MILLISECONDS_OF_HOUR


class TrackPerformances(NamedTuple):
    """How often a track was heard, at least in part, by one listener."""

    artist: str
    title: str
    performances: int


@dataclass(frozen=True)
class ReportResult:
    """What logs add up to.

    Attributes:
        start, end: The period, milliseconds of unix time; both 0 when nobody has listened and none was given.
        zone: The time zone's name.
        total: All listens.
        peak_at: When the peak was reached first, milliseconds of unix time; None without a listen.
        rows: The rows of each of `DIMENSIONS`; "country" is missing where no database was given.
        curve: The most listeners at once in each quarter of an hour (since 1970) that had any.
        lost_sessions, lost_milliseconds: What of the total has no record.
        performances: Of each track, the most heard first.
        lines, bad_lines: Lines in the logs; those that could not be used.
    """

    start: int
    end: int
    zone: str
    total: ReportRow
    peak_at: int | None
    rows: dict[str, list[ReportRow]]
    curve: dict[int, int] = field(default_factory=dict)
    lost_sessions: int = 0
    lost_milliseconds: int = 0
    performances: list[TrackPerformances] = field(default_factory=list)
    lines: int = 0
    bad_lines: int = 0
