"""The report for a terminal."""

from collections.abc import Sequence

from audiocast.report.forms.words import cells, columns, moment, remarks
from audiocast.report.result import ReportResult, ReportRow


def table_text(result: ReportResult) -> str:
    """Return the whole report; ends with a line break."""
    lines = [f"{moment(result.start, result.zone)} to {moment(result.end, result.zone)} ({result.zone})", ""]
    lines += _table("", [result.total])
    if result.peak_at is not None:
        lines.append(f"The peak was reached first at {moment(result.peak_at, result.zone)}.")
    for name, rows in result.rows.items():
        if rows:
            lines += ["", *_table(name, rows)]
    if result.performances:
        lines += ["", "performances  track"]
        lines += [f"{row.performances:12}  {row.artist} - {row.title}" for row in result.performances]
    lines += ["", *said] if (said := remarks(result)) else []
    return "\n".join(lines) + "\n"


def _table(name: str, rows: Sequence[ReportRow]) -> list[str]:
    heads = [name, *(column.replace("_", " ") for column in columns(rows))]
    body = [[row.name, *cells(row)][: len(heads)] for row in rows]
    widths = [max(len(line[place]) for line in [heads, *body]) for place in range(len(heads))]
    return [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in [heads, *body]
    ]
