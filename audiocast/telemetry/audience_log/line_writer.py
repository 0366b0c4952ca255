"""Lines on their way out of the process: a bounded queue, and a thread of its own that makes and writes them.

A disk may be full, or stuck for minutes: the event loop, which has everybody's audio, only puts what there is
to write into the queue. What does not fit, and what cannot be written, is counted, and said once until it can
be written again.
"""

import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Counter

from audiocast.telemetry.audience_log.day_files import DayFiles
from audiocast.telemetry.audience_log.lines import day_of

log = structlog.get_logger()

# Each is some 400 bytes in memory. A server that stops ends all listens at once.
MAX_QUEUED = 50_000

# How many go into one write.
MAX_BATCH = 500

# How long the process waits at its end for the disk.
FLUSH_SECONDS = 2.0

REASONS = ("queue_full", "write_failed")

HINT = "audio goes on; listens of this time are missing in the audience log"


class Entry(NamedTuple):
    """A line that is not made yet.

    Attributes:
        at: Unix seconds; its day is that of the file.
        render: Returns the line. Called in the writing thread.
    """

    at: float
    render: Callable[[], bytes]


class LineWriter:
    """See the module.

    Args:
        files: Written to and closed by the thread.
        metrics: Where to count lost lines.
        max_queued: Bound of the queue.
    """

    def __init__(self, files: DayFiles, metrics: CollectorRegistry, *, max_queued: int = MAX_QUEUED) -> None:
        self._files = files
        self._lost = Counter(
            "audiocast_audience_log_lines_lost_total",
            "Lines of the audience log that were not written: no room in the queue, or an error of writing.",
            ["reason"],
            registry=metrics,
        )
        for reason in REASONS:
            self._lost.labels(reason)
        # None ends the thread.
        self._entries: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._max_queued = max_queued
        # Each has one writer: the event loop, and the thread.
        self._queued = 0
        self._finished = 0
        self._is_closed = False
        self._has_failed = False
        self._is_full = False
        # A daemon, since the process must be able to end while a write blocks.
        self._thread = threading.Thread(target=self._write_all, name="audience-log", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Queue a line, or count it as lost. Never waits."""
        if self._is_closed or self._queued - self._finished >= self._max_queued:
            self._lost.labels("queue_full").inc()
            if not self._is_full:
                self._is_full = True
                log.warning("audience_log_full", lines=self._max_queued, hint=HINT)
            return
        self._is_full = False
        self._queued += 1
        self._entries.put(entry)

    def close(self, seconds: float = FLUSH_SECONDS) -> None:
        """Write what is queued, within so many seconds."""
        if self._is_closed:
            return
        self._is_closed = True
        self._entries.put(None)
        self._thread.join(seconds)
        left = self._queued - self._finished
        if left:
            log.warning("audience_log_cut", lines=left, hint=HINT)

    def _write_all(self) -> None:
        is_open = True
        while is_open:
            batch: list[Entry] = []
            entry = self._entries.get()
            while entry is not None:
                batch.append(entry)
                if len(batch) >= MAX_BATCH:
                    break
                try:
                    entry = self._entries.get_nowait()
                except queue.Empty:
                    break
            else:
                is_open = False
            self._write_batch(batch)
        self._files.close()

    def _write_batch(self, batch: list[Entry]) -> None:
        by_day: dict[str, list[bytes]] = {}
        for at, render in batch:
            by_day.setdefault(day_of(at), []).append(render())
        for day, lines in by_day.items():
            try:
                self._files.write(b"".join(lines), day)
            except OSError as error:
                self._lost.labels("write_failed").inc(len(lines))
                if not self._has_failed:
                    self._has_failed = True
                    log.error(
                        "audience_log_failed", file=str(self._files.name(day)), reason=str(error), hint=HINT
                    )
            else:
                if self._has_failed:
                    self._has_failed = False
                    log.info("audience_log_resumed", file=str(self._files.name(day)))
        self._finished += len(batch)
