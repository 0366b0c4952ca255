"""Numbers and times as a report writes them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from audiocast.report.result import ReportResult, ReportRow

COLUMNS = ("listening_hours", "sessions", "uniques", "average", "peak", "megabytes")


def moment(milliseconds: int, zone: str) -> str:
    """Return a time as its zone has it, ISO 8601 with seconds."""
    return datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(zone)).isoformat(timespec="seconds")


def columns(rows: Sequence[ReportRow]) -> tuple[str, ...]:
    """Return the names of the columns of a table: without the bytes where no row has them."""
    return COLUMNS if any(row.bytes is not None for row in rows) else COLUMNS[:-1]


def cells(row: ReportRow) -> list[str]:
    """Return the columns of a row; empty where a number cannot be."""
    return [
        f"{row.hours:.2f}",
        str(row.sessions),
        "" if row.uniques is None else str(row.uniques),
        f"{row.average:.2f}",
        str(row.peak),
        "" if row.bytes is None else f"{row.bytes / 1e6:.1f}",
    ]


def remarks(result: ReportResult) -> list[str]:
    """Return what a reader of the numbers has to know beside them."""
    said = []
    if result.lost_sessions:
        hours = result.lost_milliseconds / 3_600_000
        said.append(
            f"{result.lost_sessions} sessions ({hours:.2f} hours) have no record: their members were killed,"
            " or go on. They count up to the last line that told of them."
        )
    if result.bad_lines:
        said.append(f"{result.bad_lines} of {result.lines} lines could not be used.")
    return said
