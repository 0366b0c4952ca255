"""Listens of a member that was killed: they have no records, only the member's last word of what was open.

A member tells every minute what is open. Its last such line counts, less what listens that it counts have in
records of their own, up to the line's time. So nothing is counted twice, and what is missing is less than the
time between two lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from audiocast.report.records import LoggedListen, LoggedOpen, ProcessMark, Record


@dataclass(frozen=True, slots=True)
class LostListens:
    """Listens of one stream and way that have no records.

    Attributes:
        stream_id, way: As in the line that told of them.
        end: Its time, milliseconds of unix time.
        lengths: How long each had gone on, milliseconds; only their sum is known, so all are equal.
    """

    stream_id: str
    way: str
    end: int
    lengths: tuple[int, ...]


class LostListenFinder:
    """Follows the records of all members, each one's in the order of their writing."""

    def __init__(self) -> None:
        # node -> (stream, way) -> what was open, less what has a record
        self._open: dict[str, dict[tuple[str, str], LoggedOpen]] = {}

    def see(self, record: Record) -> Iterator[LostListens]:
        """Note a record; yield what is known to be lost by it."""
        if isinstance(record, LoggedOpen):
            self._open.setdefault(record.node, {})[record.stream_id, record.way] = record
        elif isinstance(record, LoggedListen):
            self._note_ended(record)
        elif isinstance(record, ProcessMark):
            left = self._open.pop(record.node, {})
            if record.is_start:
                yield from _lost(left)

    def finish(self) -> Iterator[LostListens]:
        """Yield what was open when the logs ended: at members that were killed, or that go on."""
        for left in self._open.values():
            yield from _lost(left)
        self._open.clear()

    def _note_ended(self, listen: LoggedListen) -> None:
        opened = self._open.get(listen.node, {})
        last = opened.get((listen.stream_id, listen.way))
        # Its record comes after the line, so it was open then if it had begun.
        if last is None or listen.start > last.at:
            return
        opened[listen.stream_id, listen.way] = LoggedOpen(
            last.node,
            last.stream_id,
            last.way,
            last.at,
            max(last.listeners - 1, 0),
            max(last.milliseconds - (min(listen.end, last.at) - listen.start), 0),
        )


def _lost(left: dict[tuple[str, str], LoggedOpen]) -> Iterator[LostListens]:
    for last in left.values():
        if last.listeners:
            each, more = divmod(last.milliseconds, last.listeners)
            lengths = (each + 1,) * more + (each,) * (last.listeners - more)
            yield LostListens(last.stream_id, last.way, last.at, lengths)
