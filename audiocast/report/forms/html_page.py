"""The report as one page: nothing is loaded, nothing runs, and it can be sent by mail."""

from collections.abc import Sequence
from html import escape

from audiocast.report.forms.charts import bars, curve
from audiocast.report.forms.words import cells, columns, moment, remarks
from audiocast.report.period import QUARTER
from audiocast.report.result import ReportResult, ReportRow

# Rows of a table; the other forms have all.
MOST_ROWS = 500

_STYLE = """
:root { color-scheme: light dark; --text: #1a1c20; --ground: #fff; --faint: #5c636e; --line: #d9dde3;
  --bar: #2456c8; --box: #f4f6f9; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaee; --ground: #14161a; --faint: #a0a8b4;
  --line: #343a44; --bar: #7aa5ff; --box: #1e2228; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; color: var(--text);
  background: var(--ground); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { margin: .3rem 0; color: var(--faint); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .7rem;
  margin: 1.4rem 0; }
dl div { background: var(--box); border-radius: .5rem; padding: .7rem .9rem; }
dt { color: var(--faint); font-size: .85rem; } dd { margin: 0; font-size: 1.45rem; font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere;
  min-width: 9rem; unicode-bidi: isolate; }
thead th { color: var(--faint); font-weight: 500; font-size: .85rem; }
tbody th { font-weight: 500; }
svg { width: 100%; height: auto; display: block; }
svg rect, svg path { fill: var(--bar); } svg line { stroke: var(--line); }
svg text { fill: var(--faint); font-size: 11px; }
"""


def html_page(result: ReportResult) -> str:
    """Return the page; ends with a line break."""
    start, end = moment(result.start, result.zone), moment(result.end, result.zone)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        # Names come from strangers. They are escaped; and if one were not, nothing of it would run or load.
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>Listeners, {escape(start[:10])} to {escape(end[:10])}</title><style>{_STYLE}</style></head>",
        "<body><h1>Listeners</h1>",
        f"<p>{escape(start)} to {escape(end)}, {escape(result.zone)}</p>",
        _numbers(result),
        *(f"<p>{escape(remark)}</p>" for remark in remarks(result)),
        *_curve(result),
    ]
    for name, rows in result.rows.items():
        if rows:
            parts.append(f"<h2>By {escape(name)}</h2>")
            if name in ("day", "hour"):
                values = [(row.name, row.hours) for row in rows]
                parts.append(bars(f"Listening hours by {name}", values))
            parts.append(_table(name, rows))
    parts.append(_performances(result))
    return "\n".join(part for part in parts if part) + "\n</body></html>\n"


def _numbers(result: ReportResult) -> str:
    total = result.total
    shown = [
        ("Listening hours", f"{total.hours:,.1f}"),
        ("Sessions", f"{total.sessions:,}"),
        ("Uniques", "–" if total.uniques is None else f"{total.uniques:,}"),
        ("Average listeners", f"{total.average:,.1f}"),
        ("Peak", f"{total.peak:,}"),
        ("Sent", f"{(total.bytes or 0) / 1e9:,.2f} GB"),
    ]
    boxes = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown)
    peak = (
        f"<p>The peak was reached first at {escape(moment(result.peak_at, result.zone))}.</p>"
        if result.peak_at is not None
        else ""
    )
    return f"<dl>{boxes}</dl>{peak}"


def _curve(result: ReportResult) -> list[str]:
    if not result.curve:
        return []
    first, last = min(result.curve), max(result.curve)
    points = [
        (
            moment(quarter * QUARTER, result.zone)[5:16].replace("T", " "),
            max(result.curve.get(each, 0) for each in range(quarter, quarter + step)),
        )
        for step in [max((last - first) // 1_500, 1)]
        for quarter in range(first, last + 1, step)
    ]
    return ["<h2>At once</h2>", curve("The most listeners at once", points)]


def _table(name: str, rows: Sequence[ReportRow]) -> str:
    shown = columns(rows)
    heads = "".join(f"<th>{escape(column.replace('_', ' '))}</th>" for column in (name, *shown))
    body = "".join(
        f"<tr><th>{escape(row.name)}</th>"
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in cells(row)[: len(shown)])}</tr>"
        for row in rows[:MOST_ROWS]
    )
    return _wide(heads, body, len(rows))


def _performances(result: ReportResult) -> str:
    if not result.performances:
        return ""
    body = "".join(
        f"<tr><th>{escape(row.artist)} – {escape(row.title)}</th><td>{row.performances}</td></tr>"
        for row in result.performances[:MOST_ROWS]
    )
    heads = "<th>track</th><th>performances</th>"
    return f"<h2>Performances</h2>{_wide(heads, body, len(result.performances))}"


def _wide(heads: str, body: str, rows: int) -> str:
    more = f"<p>{rows - MOST_ROWS} more; the CSV form has all.</p>" if rows > MOST_ROWS else ""
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>{more}'
