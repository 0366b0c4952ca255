"""What is written of the audience, and when: a line for each ended listen, and some that reports need beside.

- `listen`: one has ended.
- `open`: every so often, how long those that are open are so far; of a process that was killed nothing else
  is left of them.
- `started`, `stopped`: of a process. Without the second one, it was killed.
- `track`: the stream's owner shows another track, or none any more: then both texts are empty.

Icecast's format has the first kind alone.
"""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from prometheus_client import CollectorRegistry

from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.listen import ListenRecord
from audiocast.stream.clock import Clock, Timer
from audiocast.telemetry.audience_log.client_names import ClientNames
from audiocast.telemetry.audience_log.day_files import DayFiles
from audiocast.telemetry.audience_log.line_writer import Entry, LineWriter
from audiocast.telemetry.audience_log.lines import icecast_listen, json_line, json_listen
from audiocast.telemetry.audience_log.tracks import TrackChanges

# How often new tracks are looked for; each line has the moment at which its track began.
TRACK_SECONDS = 2.0

Format = Literal["json", "icecast"]


@dataclass(frozen=True, slots=True)
class AudienceLogOptions:
    """How the log is written.

    Attributes:
        path: See `DayFiles`.
        format: JSON lines, or Icecast's access log.
        address: See `ClientNames`.
        flush_seconds: How often `open` lines are written.
        node: Name of this member.
        worker: See `DayFiles`.
        secret: See `ClientNames`.
    """

    path: str
    format: Format
    address: str
    flush_seconds: float
    node: str
    worker: str
    secret: str


class AudienceLog:
    """See the module.

    Args:
        options: See there.
        audience: Whose listens are written.
        tracks: Tells of new tracks.
        clock: Time and timers.
        metrics: Where to count lost lines.
    """

    def __init__(
        self,
        options: AudienceLogOptions,
        audience: Audience,
        tracks: TrackChanges,
        clock: Clock,
        metrics: CollectorRegistry,
    ) -> None:
        self._options = options
        self._audience = audience
        self._tracks = tracks
        self._clock = clock
        self._names = ClientNames(options.address, options.secret)
        self._writer = LineWriter(DayFiles(options.path, options.worker), metrics)
        self._timers: dict[str, Timer] = {}
        audience.on_record = self.note_listen

    def start(self) -> None:
        """Write that the process has started, and what is open and what is played from time to time."""
        self._put("started", time.time())
        self._timers["open"] = self._clock.call_later(self._options.flush_seconds, self._write_open)
        self._timers["tracks"] = self._clock.call_later(TRACK_SECONDS, self._write_tracks)

    def stop(self) -> None:
        """Write that the process has stopped, after all that it has to say."""
        for timer in self._timers.values():
            timer.cancel()
        self._put("stopped", time.time())
        self._writer.close()

    def note_listen(self, record: ListenRecord) -> None:
        """Write a listen that has ended."""
        if self._options.format == "json":
            render = partial(json_listen, record, self._options.node, self._names)
        else:
            render = partial(icecast_listen, record, self._names)
        self._writer.put(Entry(record.ended_at, render))

    def end_tracks(self) -> None:
        """Write the tracks that have begun, and from now on none.

        That titles go with a server that stops is no news of what is shown.
        """
        if (timer := self._timers.pop("tracks", None)) is not None:
            timer.cancel()
        self._put_tracks()

    def _write_tracks(self) -> None:
        self._timers["tracks"] = self._clock.call_later(TRACK_SECONDS, self._write_tracks)
        self._put_tracks()

    def _put_tracks(self) -> None:
        for stream_id, at, title, artist in self._tracks.look():
            self._put("track", at, stream_id=stream_id, title=title, artist=artist)

    def _write_open(self) -> None:
        self._timers["open"] = self._clock.call_later(self._options.flush_seconds, self._write_open)
        now = time.time()
        for group in self._audience.open_groups():
            self._put(
                "open",
                now,
                stream_id=group.stream_id,
                way=group.way.value,
                listeners=group.listeners,
                seconds=round(group.seconds, 3),
            )

    def _put(self, event: str, at: float, **fields: Any) -> None:
        if self._options.format == "json":
            line = {"event": event, "at": round(at, 3), "node": self._options.node, **fields}
            self._writer.put(Entry(at, partial(json_line, line)))
