"""The log's way out of the process: a bounded queue, and a thread of its own that writes.

Whoever reads the log may stop: a terminal after Ctrl-S, a log driver that is stuck, a full disk. A write then
blocks for as long, and the event loop, which has everybody's audio, must not be what waits. What does not fit
into the queue is dropped and counted.

`logging.handlers.QueueListener` is not used: it has no bound on its wait at the end.
"""

import contextvars
import logging
import os
import queue
import select
import threading
import time
from collections.abc import Callable
from typing import Any

from prometheus_client import Counter

from audiocast.telemetry.log_repeats import LogEvent, RepeatLimit

# Some four thousand lines. It is what a log that nobody reads costs in memory.
MAX_QUEUED_BYTES = 1_048_576

# Lines below a warning leave this share of the queue to warnings and errors.
RESERVED_FOR_WARNINGS = 0.25

# How long the process waits at its end for those who read the log.
FLUSH_SECONDS = 2.0

# What was suppressed is summed up so often.
SUMMARY_SECONDS = 10.0

POLL_SECONDS = 1.0

# A process has one log, so the count is the process's too. Each server registers it with its own metrics.
LINES_LOST = Counter(
    "audiocast_log_lines_lost_total",
    "Log lines that were not written: the same event too often in a second, no room, or an error of writing.",
    ["reason"],
    registry=None,
)
REASONS = ("repeated", "queue_full", "write_failed")
for reason in REASONS:
    LINES_LOST.labels(reason)

# Renders a warning that the handler writes about itself: the event's name, and its fields.
RenderWarning = Callable[[str, dict[str, Any]], str]


class LogQueueHandler(logging.Handler):
    """Queues each record as a line, and never waits. Its thread writes the lines.

    Args:
        descriptor: Where to write to. It stays open.
        repeats: Which events are too many.
        render_warning: Makes the lines that say how many were dropped or suppressed.
        max_queued_bytes: Bound of the queue.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        repeats: RepeatLimit,
        render_warning: RenderWarning,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._repeats = repeats
        self._render_warning = render_warning
        self._max_queued_bytes = max_queued_bytes
        # None ends the thread.
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # Each number has one writer: of the first two, whoever holds the handler's lock; of the others, the
        # thread.
        self._queued_bytes = 0
        self._dropped_lines = 0
        self._finished_bytes = 0
        self._failed_lines = 0
        self._reported_lines = 0
        self._next_summary = time.monotonic() + SUMMARY_SECONDS
        self._is_closed = False
        # A daemon, since the process must be able to end while a write blocks.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._write_lines,), name="log", daemon=True
        )
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, or count it. Logging calls it under the handler's lock."""
        if not self._repeats.is_within(_event_of(record)):
            LINES_LOST.labels("repeated").inc()
            return
        line = _encoded(self.format(record))
        bound = self._max_queued_bytes
        if record.levelno < logging.WARNING:
            bound -= int(bound * RESERVED_FOR_WARNINGS)
        if self._queued_bytes - self._finished_bytes + len(line) > bound:
            self._dropped_lines += 1
            LINES_LOST.labels("queue_full").inc()
            return
        self._queued_bytes += len(line)
        self._lines.put(line)

    def close(self) -> None:
        """Write what is queued, within `FLUSH_SECONDS`. Logging calls it when the process ends."""
        if not self._is_closed:
            self._is_closed = True
            self._lines.put(None)
            self._thread.join(FLUSH_SECONDS)
        super().close()

    def _write_lines(self) -> None:
        is_open = True
        while is_open:
            try:
                line = self._lines.get(timeout=POLL_SECONDS)
            except queue.Empty:
                line = b""
            if line:
                is_written = self._write(line)
                self._finished_bytes += len(line)
                if is_written:
                    self._report_losses()
            is_open = line is not None
            if not is_open or time.monotonic() >= self._next_summary:
                self._summarize()

    def _write(self, line: bytes) -> bool:
        """Write a line, or count it. Return whether it is written."""
        try:
            _write_all(self._descriptor, line)
        except OSError:
            self._failed_lines += 1
            LINES_LOST.labels("write_failed").inc()
            return False
        return True

    def _report_losses(self) -> None:
        """Write how many lines were lost, once there is room again."""
        lost = self._dropped_lines + self._failed_lines - self._reported_lines
        if lost and self._queued_bytes - self._finished_bytes < self._max_queued_bytes / 2:
            self._reported_lines += lost
            self._write_warning("log_lines_dropped", {"lines": lost})

    def _summarize(self) -> None:
        self._next_summary = time.monotonic() + SUMMARY_SECONDS
        for event, lines in self._repeats.collect_suppressed().items():
            fields = {"suppressed_event": event.name, "suppressed_level": event.level, "lines": lines}
            self._write_warning("log_lines_suppressed", fields)

    def _write_warning(self, event: str, fields: dict[str, Any]) -> None:
        self._write(_encoded(self._render_warning(event, fields)))


def _event_of(record: logging.LogRecord) -> LogEvent:
    name = record.msg.get("event") if isinstance(record.msg, dict) else record.name
    return LogEvent(record.levelname.lower(), str(name))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, and block until they are taken.

    `sys.stderr` has a lock of its own, on which the interpreter would fail at its end while a write blocks.

    Raises:
        OSError: The system does not take them.
    """
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            # Another process with the same pipe has made it non-blocking.
            select.select([], [descriptor], [], POLL_SECONDS)
