"""The report for a spreadsheet: one row for each row of each table, by the names of both."""

import csv
import io

from audiocast.report.result import ReportResult, ReportRow

HEADS = ("by", "name", "listening_hours", "sessions", "uniques", "average", "peak", "bytes")

# What makes a formula of a cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(result: ReportResult) -> str:
    """Return the report as CSV (RFC 4180), the first line with the names of its columns."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADS)
    writer.writerow(_cells("total", result.total))
    for by, rows in result.rows.items():
        for row in rows:
            writer.writerow(_cells(by, row))
    for track in result.performances:
        writer.writerow(
            ["track", plain(f"{track.artist} - {track.title}"), "", track.performances, "", "", "", ""]
        )
    return text.getvalue()


def plain(text: str) -> str:
    """Return text that a spreadsheet takes for text, whatever it begins with."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(by: str, row: ReportRow) -> list[object]:
    # Empty where a number cannot be.
    return [
        by,
        plain(row.name),
        f"{row.hours:.6f}",
        row.sessions,
        "" if row.uniques is None else row.uniques,
        f"{row.average:.4f}",
        row.peak,
        "" if row.bytes is None else row.bytes,
    ]
