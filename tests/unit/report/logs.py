"""Lines of audience logs, as members write them, for tests."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audiocast.report.event_spool import EventSpool
from audiocast.report.log_files import LinesRead, read_logs
from audiocast.report.period import Period
from audiocast.report.records import parse_record
from audiocast.report.result import ReportResult, ReportRow
from audiocast.report.tally import Tally

# A Monday, 12:00 UTC.
NOON = 1_796_040_000

Line = dict[str, Any]


def listen(start: float, seconds: float, **fields: object) -> Line:
    """Return a listen that began so many seconds after noon."""
    end = NOON + start + seconds
    return {
        "event": "listen",
        "at": end,
        "started_at": end - seconds,
        "session": "00",
        "node": "one",
        "stream_id": "show",
        "way": "stream",
        "format": "opus",
        "seconds": seconds,
        "bytes": 1000,
        "agent": "VLC",
        "aim_ms": None,
        "end": "left",
        "client": "c1",
        "label": None,
    } | fields


def opened(at: float, listeners: int, seconds: float, **fields: object) -> Line:
    """Return what a member tells of its open listens."""
    return {
        "event": "open",
        "at": NOON + at,
        "node": "one",
        "stream_id": "show",
        "way": "stream",
        "listeners": listeners,
        "seconds": seconds,
    } | fields


def mark(event: str, at: float, node: str = "one") -> Line:
    """Return the begin or the end of a process."""
    return {"event": event, "at": NOON + at, "node": node}


def track(at: float, artist: str, title: str, **fields: object) -> Line:
    """Return the line of another track."""
    return {
        "event": "track",
        "at": NOON + at,
        "node": "one",
        "stream_id": "show",
        "artist": artist,
        "title": title,
    } | fields


def write(path: Path, lines: Iterable[Line]) -> Path:
    """Write a log."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def added_up(
    lines: Iterable[Line],
    *,
    start: int | None = None,
    end: int | None = None,
    zone: str = "UTC",
    longest_play: int = 0,
    streams: tuple[str, ...] = (),
    run_numbers: int = 7,
) -> ReportResult:
    """Return the report of lines that stand in one log; seven events are in memory at once."""
    tally = Tally(
        Period(start, end, ZoneInfo(zone)),
        longest_play=longest_play,
        streams=streams,
        spool=EventSpool(run_numbers),
    )
    for line in lines:
        record = parse_record(json.dumps(line))
        assert record is not None
        tally.add(record)
    return tally.finish(LinesRead())


def of_files(*paths: Path, zone: str = "UTC") -> ReportResult:
    """Return the report of files."""
    tally = Tally(Period(None, None, ZoneInfo(zone)))
    read = LinesRead()
    for record in read_logs(paths, read):
        tally.add(record)
    return tally.finish(read)


def rows(result: ReportResult, dimension: str) -> dict[str, ReportRow]:
    """Return the rows of a table by their names."""
    return {row.name: row for row in result.rows[dimension]}
