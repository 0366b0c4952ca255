"""A program that a demo has started: what it says, when it ends, and how to end it.

It reports to a queue and decides nothing.
"""

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import IO, TypeAlias

STOP_SECONDS = 15.0
LAST_LINES = 12

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class DemoFailed(Exception):
    """The demo cannot go on; the message is for people."""


@dataclass(frozen=True)
class StopAsked:
    """A signal came."""


@dataclass(frozen=True)
class Said:
    """A line of a child's standard output."""

    child: "Child"
    line: str


@dataclass(frozen=True)
class Ended:
    """A child is no more, and all that it said has been read."""

    child: "Child"


# SimpleQueue, because its `put` is safe in a signal handler.
Events: TypeAlias = "SimpleQueue[StopAsked | Said | Ended]"


class Child:
    """One of the programs.

    Args:
        name: For messages.
        command: What to run.
        environment: On top of this process's own.
        events: Where it reports.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], events: Events
    ) -> None:
        self.name = name
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._events = events
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # A Ctrl-C at the terminal is for the whole foreground group, and the order of the end is decided
            # here.
            process_group=0,
        )
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait."""
        if self._process.poll() is None:
            self._process.terminate()

    def end(self) -> int:
        """Wait until it has ended, insist after `STOP_SECONDS`, and give the exit code."""
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def obituary(self) -> str:
        """Say how it ended and what it said last."""
        lines = "\n".join(f"  {line}" for line in self.last_lines) or "  (it said nothing)"
        return f"The {self.name} ended with exit code {self.exit_code}. Its last lines:\n{lines}"

    def _watch(self) -> None:
        stdout, stderr = self._process.stdout, self._process.stderr
        assert stdout is not None
        assert stderr is not None
        reader = threading.Thread(target=self._read_stdout, args=(stdout,), daemon=True)
        reader.start()
        with stderr:
            for line in stderr:
                self.last_lines.append(_COLOURS.sub("", line.rstrip()))
        reader.join()
        self._process.wait()
        self._events.put(Ended(self))

    def _read_stdout(self, stdout: IO[str]) -> None:
        with stdout:
            for line in stdout:
                self._events.put(Said(self, line.rstrip()))
