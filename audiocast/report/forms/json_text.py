"""The report for programs."""

import json
from typing import Any

from audiocast.report.forms.words import moment
from audiocast.report.result import ReportResult, ReportRow


def json_text(result: ReportResult) -> str:
    """Return the report as a JSON object; null where a number cannot be. Ends with a line break."""
    report = {
        "from": moment(result.start, result.zone),
        "to": moment(result.end, result.zone),
        "timezone": result.zone,
        "lines": result.lines,
        "bad_lines": result.bad_lines,
        "total": _row(result.total)
        | {"peak_at": None if result.peak_at is None else moment(result.peak_at, result.zone)},
        "without_record": {
            "sessions": result.lost_sessions,
            "listening_seconds": result.lost_milliseconds / 1000,
        },
        "by": {name: [{"name": row.name} | _row(row) for row in rows] for name, rows in result.rows.items()},
        "performances": [
            {"artist": row.artist, "title": row.title, "performances": row.performances}
            for row in result.performances
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _row(row: ReportRow) -> dict[str, Any]:
    return {
        "listening_hours": round(row.hours, 6),
        "listening_seconds": row.milliseconds / 1000,
        "sessions": row.sessions,
        "uniques": row.uniques,
        "average": round(row.average, 4),
        "peak": row.peak,
        "bytes": row.bytes,
    }
