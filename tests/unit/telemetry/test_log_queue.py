"""The log's queue: a pipe that nobody reads holds nobody up, and costs a bounded amount of memory."""

import contextlib
import fcntl
import logging
import os
import re
import select
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from audiocast.telemetry import log_queue
from audiocast.telemetry.log_queue import LINES_LOST, LogQueueHandler
from audiocast.telemetry.log_repeats import RepeatLimit

# The least that a pipe holds.
PIPE_BYTES = 4096
LINE = "x" * 99
DEADLINE_SECONDS = 10.0


class Pipe:
    """A pipe whose one end the log writes to, and whose other end is read when a test wants it."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        fcntl.fcntl(self.write_end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._text = b""

    def wait_for(self, text: str) -> str:
        """Read until there is a text, and return all that was read."""
        return self.wait_until(lambda read: text in read)

    def wait_until(self, condition: Callable[[str], bool]) -> str:
        """Read until something is true of all that was read, and return that."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition(self._text.decode()):
            readable, _, _ = select.select([self.read_end], [], [], deadline - time.monotonic())
            assert readable, f"expected more, got the end {self._text[-300:]!r}"
            self._text += os.read(self.read_end, 65_536)
        return self._text.decode()

    def read_to_end_of(self, handler: LogQueueHandler) -> None:
        """Close a handler and read what it writes, so that its thread is gone before the pipe is."""
        closing = threading.Thread(target=handler.close)
        closing.start()
        while closing.is_alive():
            if select.select([self.read_end], [], [], 0.01)[0]:
                os.read(self.read_end, 65_536)
        assert not handler._thread.is_alive()

    def wait_until_full(self) -> None:
        """Wait until a write of a line blocks."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while struct.unpack("i", fcntl.ioctl(self.read_end, termios.FIONREAD, b"0000"))[0] < PIPE_BYTES - 100:
            assert time.monotonic() < deadline, "expected a full pipe"
            time.sleep(0.01)

    def close(self) -> None:
        for end in (self.read_end, self.write_end):
            with contextlib.suppress(OSError):
                os.close(end)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def handler_for(descriptor: int, **options: Any) -> LogQueueHandler:
    def render_warning(event: str, fields: dict[str, Any]) -> str:
        return f"{event} {fields}"

    return LogQueueHandler(descriptor, repeats=RepeatLimit(0), render_warning=render_warning, **options)


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("test", level, "", 0, text, None, None)


def fill(handler: LogQueueHandler, lines: int, level: int = logging.INFO) -> None:
    for _ in range(lines):
        handler.handle(record(LINE, level))


def lost(reason: str) -> float:
    return float(LINES_LOST.labels(reason)._value.get())


def test_lines_come_whole_and_in_order(pipe: Pipe) -> None:
    handler = handler_for(pipe.write_end)
    for number in range(30):
        handler.handle(record(f"line {number}\ud800"))
    handler.close()
    assert pipe.wait_for("line 29").splitlines() == [f"line {number}\\ud800" for number in range(30)]


def test_nobody_waits_for_a_pipe_that_is_not_read(pipe: Pipe) -> None:
    handler = handler_for(pipe.write_end, max_queued_bytes=10_000)
    before = lost("queue_full")
    fill(handler, 1000)
    dropped = lost("queue_full") - before
    # 7,500 bytes of the queue are for lines like these, 4,096 are in the pipe, and one line is on its way.
    assert 1000 - (7500 + 4096) // 100 - 2 <= dropped < 1000
    # Lines may have been dropped, and told of, before the pipe was full.
    pipe.wait_until(lambda text: sum(map(int, re.findall(r"dropped {'lines': (\d+)}", text))) == dropped)
    before_it = pipe.wait_for("").count("log_lines_dropped")
    handler.handle(record("after it"))
    assert pipe.wait_for("after it").count("log_lines_dropped") == before_it
    pipe.read_to_end_of(handler)


def test_warnings_have_room_that_other_lines_do_not_get(pipe: Pipe) -> None:
    handler = handler_for(pipe.write_end, max_queued_bytes=10_000)
    fill(handler, 50)
    pipe.wait_until_full()
    fill(handler, 200)
    before = lost("queue_full")
    fill(handler, 20, logging.WARNING)
    assert lost("queue_full") == before
    fill(handler, 20, logging.WARNING)
    assert lost("queue_full") > before
    pipe.wait_for("log_lines_dropped")
    pipe.read_to_end_of(handler)


def test_the_end_waits_for_what_is_queued_but_not_for_ever(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_queue, "FLUSH_SECONDS", 0.2)
    handler = handler_for(pipe.write_end)
    fill(handler, 100)
    start = time.monotonic()
    handler.close()
    handler.close()
    assert time.monotonic() - start < DEADLINE_SECONDS
    # The pipe holds 40 lines. The others come when somebody reads.
    handler._thread.join(0)
    assert handler._thread.is_alive()
    text = pipe.wait_for((LINE + "\n") * 100)
    assert text == (LINE + "\n") * 100
    handler._thread.join(DEADLINE_SECONDS)
    assert not handler._thread.is_alive()


def test_a_pipe_that_is_full_and_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.write_end, False)
    handler = handler_for(pipe.write_end)
    fill(handler, 100)
    pipe.wait_for((LINE + "\n") * 100)
    handler.close()


def test_errors_of_writing_are_counted_and_told_when_it_works_again(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lost("write_failed")
    with open("/dev/full", "wb") as full:
        handler = handler_for(full.fileno())
        fill(handler, 3)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while lost("write_failed") - before < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.dup2(pipe.write_end, full.fileno())
        handler.handle(record("works again"))
        text = pipe.wait_for("log_lines_dropped {'lines': 3}")
        assert text.splitlines()[0] == "works again"
        handler.close()
