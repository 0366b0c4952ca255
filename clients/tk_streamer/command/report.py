"""What `audiocast-stream` writes to standard error while it runs: a line that changes, plain lines, or JSON.

On a terminal one line shows the status; elsewhere a line is written when something has changed, so that a log
stays short.
"""

import json
import shutil
import time
from typing import Protocol, TextIO

from tk_streamer.audio.loudness import SILENCE_LUFS
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus
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
    """Shows the status of a broadcast."""

    def show(self, status: BroadcastStatus) -> None:
        """Show a status; called several times per second."""

    def show_code(self, code: str) -> None:
        """Show what listeners of a private stream type; called once."""

    def end(self, status: BroadcastStatus) -> None:
        """Show the last status."""


class LineReport:
    """Writes a line for each change.

    Args:
        stream: Where the lines go; not closed here.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: tuple[object, ...] = ()

    def show(self, status: BroadcastStatus) -> None:
        """See `Report`."""
        shown = (status.phase, status.trouble and status.trouble.code)
        if shown != self._shown:
            self._shown = shown
            self._write(describe_state(status))

    def show_code(self, code: str) -> None:
        """See `Report`."""
        self._write(f"Private: listeners need this code, or a link of their own: {code}")

    def end(self, status: BroadcastStatus) -> None:
        """See `Report`."""
        self.show(status)
        if status.bytes_sent:
            self._write(describe_totals(status))

    def _write(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class TerminalReport(LineReport):
    """Draws one line that changes, and above it the lines of `LineReport`."""

    def show(self, status: BroadcastStatus) -> None:
        """See `Report`."""
        super().show(status)
        columns = shutil.get_terminal_size().columns
        line = f"{_PHASES[status.phase]}  {describe_level(status)}  {describe_totals(status)}"
        self._stream.write(f"\r\x1b[K{line[: columns - 1]}")
        self._stream.flush()

    def end(self, status: BroadcastStatus) -> None:
        """See `Report`."""
        super().end(status)
        self._stream.write("\r\x1b[K")
        self._stream.flush()

    def _write(self, text: str) -> None:
        # Over the line that changes; the next `show` draws that one again.
        super()._write(f"\r\x1b[K{text}")


class JsonReport:
    """Writes a line with a JSON object at each change, and every `EVERY_SECONDS`.

    Args:
        stream: Where the lines go; not closed here.
    """

    EVERY_SECONDS = 10.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: tuple[object, ...] = ()
        self._next_at = 0.0

    def show(self, status: BroadcastStatus) -> None:
        """See `Report`."""
        shown = (status.phase, status.trouble and status.trouble.code)
        if shown != self._shown:
            self._shown = shown
            self._write("phase", status)
        elif time.monotonic() >= self._next_at:
            self._write("progress", status)

    def show_code(self, code: str) -> None:
        """See `Report`."""
        print(json.dumps({"event": "access_code", "access_code": code}), file=self._stream, flush=True)

    def end(self, status: BroadcastStatus) -> None:
        """See `Report`."""
        self.show(status)
        self._write("ended", status)

    def _write(self, event: str, status: BroadcastStatus) -> None:
        self._next_at = time.monotonic() + self.EVERY_SECONDS
        record: dict[str, object] = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "event": event,
            "phase": status.phase,
            "stream_id": status.credentials and status.credentials.stream_id,
            "listen_url": status.credentials and status.credentials.listen_url,
            "local_url": (status.credentials and status.credentials.local_url) or None,
            "bytes_sent": status.bytes_sent,
            "seconds_sent": round(status.seconds_sent, 2),
            "dropped_seconds": round(status.dropped_seconds, 2),
            "filled_seconds": round(status.filled_seconds, 2),
            "peak_dbfs": _json_level(status.level.peak_dbfs),
            "rms_dbfs": _json_level(status.level.rms_dbfs),
            "momentary_lufs": _json_level(status.level.momentary_lufs),
            "short_term_lufs": _json_level(status.level.short_term_lufs),
            "limited_db": round(status.level.limited_db, 1),
            "input_lost": status.is_input_lost,
            "listeners": status.listeners,
            "trouble": _json_trouble(status.trouble),
        }
        print(json.dumps(record, ensure_ascii=False), file=self._stream, flush=True)


def describe_state(status: BroadcastStatus) -> str:
    """Return the phase in words, and the reason for it."""
    text = _PHASES[status.phase]
    if status.phase is Phase.ON_AIR and status.input_name:
        text += f": {status.input_name}"
    if status.trouble is not None:
        text += f": {status.trouble}"
    if status.retry_in_seconds is not None:
        text += f" Trying again in {status.retry_in_seconds:.1f} s."
    return text


def describe_totals(status: BroadcastStatus) -> str:
    """Return in words what was sent, and what was not."""
    minutes, seconds = divmod(int(status.seconds_sent), 60)
    text = f"{minutes // 60}:{minutes % 60:02}:{seconds:02} sent, {status.bytes_sent / 1e6:.1f} MB"
    if status.dropped_seconds >= 0.1:
        text += f", {status.dropped_seconds:.1f} s dropped"
    if status.filled_seconds >= 0.1:
        text += f", {status.filled_seconds:.1f} s of silence put in"
    if status.listeners is not None:
        text += f", {status.listeners} listening"
    return text


def describe_level(status: BroadcastStatus) -> str:
    """Draw a meter: the power as a bar, peak and loudness as numbers, a mark for clipping just now."""
    share = 1 - max(METER_FLOOR_DBFS, status.level.rms_dbfs) / METER_FLOOR_DBFS
    filled = round(share * METER_CHARACTERS)
    peak = f"{max(METER_FLOOR_DBFS, status.level.peak_dbfs):5.1f} dB"
    loudness = f"{max(SILENCE_LUFS, status.level.short_term_lufs):5.1f} LUFS"
    clipped_at = status.level.clipped_at
    is_clipped = clipped_at is not None and time.time() - clipped_at < 2
    limited = f" LIMITED {status.level.limited_db:.0f} dB" if status.level.limited_db >= 1 else ""
    mark = " CLIP" if is_clipped else limited
    return f"[{'#' * filled:{METER_CHARACTERS}}] {peak}  {loudness}{mark}"


def _json_level(dbfs: float) -> float | None:
    """Return the level, or None for silence: JSON has no infinity."""
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
