"""What `audiocast-stream` says on standard error while it runs: a line that changes, plain lines, or JSON.

It only looks at snapshots. On a terminal one line shows how it stands; elsewhere a line is written when
something has changed, so that a log stays short.
"""

import json
import shutil
import time
from typing import Protocol, TextIO

from tk_streamer.engine.session import Phase
from tk_streamer.engine.station import Snapshot
from tk_streamer.trouble import Trouble

METER_CHARACTERS = 12
METER_FLOOR_DBFS = -60.0

_PHASES = {
    Phase.STOPPED: "stopped",
    Phase.CONNECTING: "connecting",
    Phase.ON_AIR: "ON AIR",
    Phase.RECONNECTING: "OFF AIR, reconnecting",
    Phase.STOPPING: "stopping",
    Phase.FAILED: "failed",
}


class Report(Protocol):
    """Shows snapshots."""

    def show(self, snapshot: Snapshot) -> None:
        """Show how it stands; called several times a second."""

    def end(self, snapshot: Snapshot) -> None:
        """Show how it has ended."""


class LineReport:
    """A line for each change.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: tuple[object, ...] = ()

    def show(self, snapshot: Snapshot) -> None:
        """See `Report`."""
        shown = (snapshot.phase, snapshot.trouble and snapshot.trouble.code)
        if shown != self._shown:
            self._shown = shown
            self._write(describe_state(snapshot))

    def end(self, snapshot: Snapshot) -> None:
        """See `Report`."""
        self.show(snapshot)
        self._write(describe_totals(snapshot))

    def _write(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class TerminalReport(LineReport):
    """One line that changes, and above it the lines of `LineReport`."""

    def show(self, snapshot: Snapshot) -> None:
        """See `Report`."""
        super().show(snapshot)
        columns = shutil.get_terminal_size().columns
        line = f"{_PHASES[snapshot.phase]}  {describe_level(snapshot)}  {describe_totals(snapshot)}"
        self._stream.write(f"\r\x1b[K{line[: columns - 1]}")
        self._stream.flush()

    def _write(self, text: str) -> None:
        # Over the line that changes, which the next `show` draws anew.
        super()._write(f"\r\x1b[K{text}")


class JsonReport:
    """A JSON object a line: each change, and how it stands every so many seconds.

    Args:
        stream: Where to.
    """

    EVERY_SECONDS = 10.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: tuple[object, ...] = ()
        self._next_at = 0.0

    def show(self, snapshot: Snapshot) -> None:
        """See `Report`."""
        shown = (snapshot.phase, snapshot.trouble and snapshot.trouble.code)
        if shown != self._shown:
            self._shown = shown
            self._write("phase", snapshot)
        elif time.monotonic() >= self._next_at:
            self._write("progress", snapshot)

    def end(self, snapshot: Snapshot) -> None:
        """See `Report`."""
        self.show(snapshot)
        self._write("ended", snapshot)

    def _write(self, event: str, snapshot: Snapshot) -> None:
        self._next_at = time.monotonic() + self.EVERY_SECONDS
        said: dict[str, object] = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "event": event,
            "phase": snapshot.phase,
            "stream_id": snapshot.ticket and snapshot.ticket.stream_id,
            "listen_url": snapshot.ticket and snapshot.ticket.listen_url,
            "bytes_sent": snapshot.bytes_sent,
            "seconds_sent": round(snapshot.seconds_sent, 2),
            "dropped_seconds": round(snapshot.dropped_seconds, 2),
            "filled_seconds": round(snapshot.filled_seconds, 2),
            "peak_dbfs": _json_level(snapshot.peak_dbfs),
            "rms_dbfs": _json_level(snapshot.rms_dbfs),
            "input_lost": snapshot.input_lost,
            "listeners": snapshot.listeners,
            "trouble": _json_trouble(snapshot.trouble),
        }
        print(json.dumps(said, ensure_ascii=False), file=self._stream, flush=True)


def describe_state(snapshot: Snapshot) -> str:
    """Say in words where it stands and why."""
    text = _PHASES[snapshot.phase]
    if snapshot.phase is Phase.ON_AIR and snapshot.input_name:
        text += f": {snapshot.input_name}"
    if snapshot.trouble is not None:
        text += f": {snapshot.trouble}"
    if snapshot.retry_in_seconds is not None:
        text += f" Trying again in {snapshot.retry_in_seconds:.1f} s."
    return text


def describe_totals(snapshot: Snapshot) -> str:
    """Say what was sent, and what was not."""
    minutes, seconds = divmod(int(snapshot.seconds_sent), 60)
    text = f"{minutes // 60}:{minutes % 60:02}:{seconds:02} sent, {snapshot.bytes_sent / 1e6:.1f} MB"
    if snapshot.dropped_seconds >= 0.1:
        text += f", {snapshot.dropped_seconds:.1f} s dropped"
    if snapshot.filled_seconds >= 0.1:
        text += f", {snapshot.filled_seconds:.1f} s of silence put in"
    if snapshot.listeners is not None:
        text += f", {snapshot.listeners} listening"
    return text


def describe_level(snapshot: Snapshot) -> str:
    """Draw a meter: power filled, peak as a number, a mark for clipping in the last two seconds."""
    share = 1 - max(METER_FLOOR_DBFS, snapshot.rms_dbfs) / METER_FLOOR_DBFS
    filled = round(share * METER_CHARACTERS)
    peak = f"{max(METER_FLOOR_DBFS, snapshot.peak_dbfs):5.1f} dB"
    is_clipped = snapshot.clipped_at is not None and time.time() - snapshot.clipped_at < 2
    return f"[{'#' * filled:{METER_CHARACTERS}}] {peak}{' CLIP' if is_clipped else ''}"


def _json_level(dbfs: float) -> float | None:
    """JSON has no infinity."""
    return round(dbfs, 1) if dbfs > float("-inf") else None


def _json_trouble(trouble: Trouble | None) -> dict[str, str] | None:
    if trouble is None:
        return None
    return {
        "code": trouble.code,
        "message": trouble.message,
        "remedy": trouble.remedy,
        "detail": trouble.detail,
    }
