"""`audiocast-stream` as a user starts it: a process, its lines, its signals."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import IO, Self

SECONDS = 60.0


class BroadcastProcess:
    """Runs while the `with` block does, then is asked to end and waited for.

    Args:
        server_url: Where to broadcast.
        arguments: Further ones of the command line.
        environment: On top of this process's own.
    """

    def __init__(
        self, server_url: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = [sys.executable, "-m", "tk_streamer", "--server", server_url, *arguments]
        self._environment = {**os.environ, "PYTHONUTF8": "1", **(environment or {})}
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._link = ""
        self._grown = threading.Condition()
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read_link, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_lines, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running.poll() is None:
            self._running.terminate()
        self.wait()

    @property
    def text(self) -> str:
        """Everything that it has written to standard error so far."""
        with self._grown:
            return "".join(self._lines)

    @property
    def output(self) -> str:
        """Everything that it has written to standard output so far."""
        with self._grown:
            return self._link

    def stream_id(self) -> str:
        """Wait for the link, and give the id in it."""
        self._wait_until(lambda: "\n" in self._link, "a link")
        return self._link.strip().rpartition("/listen/")[2]

    def wait_for(self, pattern: str) -> None:
        """Wait until what it has written to standard error matches."""
        self._wait_until(lambda: re.search(pattern, "".join(self._lines)) is not None, repr(pattern))

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._running.send_signal(number)

    def wait(self) -> int:
        """Wait until it has ended, and give the exit code."""
        exit_code = self._running.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return exit_code

    @property
    def _running(self) -> "subprocess.Popen[str]":
        assert self._process is not None
        return self._process

    def _wait_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        with self._grown:
            while not condition():
                said = "".join(self._lines)
                assert self._readers[1].is_alive(), f"it ended without {what}:\n{said}"
                assert time.monotonic() < deadline, f"no {what} in:\n{said}"
                self._grown.wait(0.1)

    def _read_link(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._grown:
                    self._link += line
                    self._grown.notify_all()

    def _read_lines(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._grown:
                    self._lines.append(line)
                    self._grown.notify_all()
