"""Adds listens up: a row for each day, stream, way, agent and country, and the set of clients."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from audiocast.report.client_set import ClientSet
from audiocast.report.event_spool import EventSpool
from audiocast.report.log_files import LinesRead
from audiocast.report.lost_listens import LostListenFinder, LostListens
from audiocast.report.period import QUARTER, Period
from audiocast.report.plays import StreamPlays, added
from audiocast.report.records import UNKNOWN, LoggedListen, LoggedTrack, Record
from audiocast.report.result import DIMENSIONS, ReportResult, ReportRow
from audiocast.report.sweep import END, MAX_INDEX, START, TRACK, Crowd, Listeners, Sweep, event

# Of each kind; what comes after these is added up under one name. A log may have been written by anybody.
MOST_NAMES = {"stream": 50_000, "way": 20, "agent": 100, "country": 300}
OTHERS = "(others)"

CountryOf = Callable[[str], str]


@dataclass(slots=True)
class _Sum:
    milliseconds: int = 0
    sessions: int = 0
    bytes: int = 0
    clients: ClientSet = field(default_factory=ClientSet)
    crowd: Crowd = field(default_factory=Crowd)


class Tally:
    """Takes records, and gives the numbers of a report.

    Args:
        period: What is outside of it does not count.
        streams: Only these; empty: all.
        country: Gives the country of a client; None: nobody asks.
        longest_play: How long a track can be on, milliseconds; 0: nobody asks for performances.
        spool: Where starts and ends wait for their order.
    """

    def __init__(
        self,
        period: Period,
        *,
        streams: Collection[str] = (),
        country: CountryOf | None = None,
        longest_play: int = 0,
        spool: EventSpool | None = None,
    ) -> None:
        self._period = period
        self._streams = frozenset(streams)
        self._country = country
        self._longest_play = longest_play
        self._spool = spool or EventSpool()
        self._finder = LostListenFinder()
        self._sums: dict[str, dict[str, _Sum]] = {name: {} for name in DIMENSIONS}
        self._total = _Sum()
        self._lost = _Sum()
        self._plays: dict[str, StreamPlays] = {}
        self._listeners: list[Listeners] = []
        self._indexes: dict[tuple[str, ...], int] = {}
        self._clients: dict[str, int] = {}
        self._start: int | None = None
        self._end = 0

    def add(self, record: Record) -> None:
        """Add a record; those of each member come in the order of their writing."""
        for lost in self._finder.see(record):
            self._add_lost(lost)
        if isinstance(record, LoggedListen):
            self._add_listen(record)
        elif isinstance(record, LoggedTrack) and self._longest_play and self._is_wanted(record.stream_id):
            name = self._name("stream", record.stream_id)
            if name != OTHERS:
                self._plays_of(name).add(record)

    def finish(self, read: LinesRead) -> ReportResult:
        """Return the numbers; the tally is used up."""
        for lost in self._finder.finish():
            self._add_lost(lost)
        for stream, plays in self._plays.items():
            for at in plays.changes():
                self._spool.add(event(at, TRACK, self._index((stream, UNKNOWN, UNKNOWN, UNKNOWN))))
        sweep = Sweep()
        sweep.walk(self._spool.sorted(), self._listeners)
        start = self._period.start if self._period.start is not None else self._start or 0
        end = self._period.end if self._period.end is not None else self._end
        rows = {
            dimension: self._rows(self._sums[dimension], end - start)
            for dimension in ("stream", "way", "agent", "country")
            if dimension != "country" or self._country
        }
        self._total.crowd.peak = sweep.peak
        return ReportResult(
            start,
            max(end, start),
            self._period.zone.key,
            _row("total", self._total, end - start),
            sweep.peak_at,
            self._times(sweep, start, end) | rows,
            sweep.peaks,
            self._lost.sessions,
            self._lost.milliseconds,
            added(list(self._plays.values())),
            read.lines,
            read.bad,
        )

    def _add_lost(self, lost: LostListens) -> None:
        for length in lost.lengths:
            listen = LoggedListen(
                "", lost.stream_id, lost.way, UNKNOWN, "", lost.end - length, lost.end, bytes=0
            )
            if counted := self._add_listen(listen):
                self._lost.sessions += 1
                self._lost.milliseconds += counted[1] - counted[0]

    def _add_listen(self, listen: LoggedListen) -> tuple[int, int] | None:
        """Count a listen; return the part of it that is in the period."""
        inside = self._period.clip(listen.start, listen.end) if self._is_wanted(listen.stream_id) else None
        if inside is None:
            return None
        start, end = inside
        names = (
            self._name("stream", listen.stream_id),
            self._name("way", listen.way),
            self._name("agent", listen.agent),
            self._name("country", self._country(listen.client) if self._country else UNKNOWN),
        )
        day, hour = self._period.place(start // QUARTER)
        sums = [
            *(self._sums[dimension][name] for dimension, name in zip(DIMENSIONS[2:], names, strict=True)),
            self._sums["day"].setdefault(day, _Sum()),
            self._sums["hour"].setdefault(f"{hour:02}", _Sum()),
            self._total,
        ]
        # Of a listen that is cut, as much as of its time.
        share = (end - start) / (listen.end - listen.start) if end > start else 1
        client = self._clients.setdefault(listen.client, len(self._clients)) if listen.client else None
        for each in sums:
            each.sessions += 1
            each.milliseconds += end - start
            each.bytes += round(listen.bytes * share)
            if client is not None:
                each.clients.add(client)
        self._start = start if self._start is None else min(self._start, start)
        self._end = max(self._end, end)
        if end > start:
            index = self._index(names)
            self._spool.add(event(start, START, index))
            self._spool.add(event(end, END, index))
        return inside

    def _is_wanted(self, stream_id: str) -> bool:
        return not self._streams or stream_id in self._streams

    def _name(self, dimension: str, name: str) -> str:
        """Return the row that a name belongs to; there is one afterwards."""
        sums = self._sums[dimension]
        if name not in sums:
            if len(sums) >= MOST_NAMES[dimension]:
                name = OTHERS
            sums.setdefault(name, _Sum())
        return name

    def _plays_of(self, stream: str) -> StreamPlays:
        return self._plays.setdefault(stream, StreamPlays(self._longest_play))

    def _index(self, names: tuple[str, ...]) -> int:
        """Return the place of the listeners with these names."""
        known = self._indexes.get(names)
        if known is not None:
            return known
        others = (OTHERS,) * len(names)
        if len(self._listeners) >= MAX_INDEX and names != others:
            # Streams, ways, agents and countries have a bound each; together they could be more.
            return self._index(others)
        for dimension, name in zip(DIMENSIONS[2:], names, strict=True):
            self._sums[dimension].setdefault(name, _Sum())
        self._indexes[names] = len(self._listeners)
        self._listeners.append(
            Listeners(
                tuple(
                    self._sums[dimension][name].crowd
                    for dimension, name in zip(DIMENSIONS[2:], names, strict=True)
                ),
                self._plays_of(names[0]) if self._longest_play and names[0] != OTHERS else None,
            )
        )
        return self._indexes[names]

    def _rows(self, sums: dict[str, _Sum], length: int) -> list[ReportRow]:
        rows = [_row(name, each, length) for name, each in sums.items() if each.sessions]
        return sorted(rows, key=lambda row: (-row.milliseconds, row.name))

    def _times(self, sweep: Sweep, start: int, end: int) -> dict[str, list[ReportRow]]:
        """Return the rows of days and hours: sessions by their beginning, time and peaks as they were."""
        days, hours = self._period.lengths(start, end)
        rows: dict[str, list[ReportRow]] = {}
        for dimension, lengths in (("day", days), ("hour", {f"{hour:02}": ms for hour, ms in hours.items()})):
            sums = self._sums[dimension]
            for each in sums.values():
                each.milliseconds = 0
            for quarter, time in sweep.times.items():
                day, hour = self._period.place(quarter)
                each = sums.setdefault(day if dimension == "day" else f"{hour:02}", _Sum())
                each.milliseconds += time
                each.crowd.peak = max(each.crowd.peak, sweep.peaks[quarter])
            rows[dimension] = [
                _row(name, each, lengths.get(name, 0), has_bytes=False) for name, each in sorted(sums.items())
            ]
        return rows


def _row(name: str, added_up: _Sum, length: int, *, has_bytes: bool = True) -> ReportRow:
    return ReportRow(
        name,
        added_up.milliseconds,
        added_up.sessions,
        len(added_up.clients) if added_up.clients or not added_up.sessions else None,
        added_up.milliseconds / length if length > 0 else 0.0,
        added_up.crowd.peak,
        added_up.bytes if has_bytes else None,
    )
