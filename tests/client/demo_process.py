"""`cmd/demo.py` as a user starts it: a process, its lines, its signals."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

SCRIPTS = Path(__file__).parents[2] / "cmd"
SECONDS = 60.0


class DemoProcess:
    """Runs while the `with` block does; a stopped one is waited for with a deadline.

    Args:
        arguments: Of the command line.
        settings: Environment names and values, on top of PATH.

    Attributes:
        script: Which one.
    """

    script = "demo.py"

    def __init__(self, *arguments: str, **settings: str) -> None:
        self._command = [sys.executable, str(SCRIPTS / self.script), *arguments]
        self._environment = {"PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1", **settings}
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._grown = threading.Condition()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running.poll() is None:
            self._running.terminate()
        self.wait()

    @property
    def text(self) -> str:
        """Everything that it has written so far."""
        with self._grown:
            return "\n".join(self._lines)

    def wait_for(self, pattern: str) -> str:
        """Wait until a line matches, and give its first group."""
        deadline = time.monotonic() + SECONDS
        with self._grown:
            while (found := re.search(pattern, "\n".join(self._lines))) is None:
                assert self._reader.is_alive(), f"it ended without {pattern!r}:\n" + "\n".join(self._lines)
                assert time.monotonic() < deadline, f"no {pattern!r} in:\n" + "\n".join(self._lines)
                self._grown.wait(0.1)
        return str(found[1])

    def link(self) -> str:
        """Wait until it is on the air, and give the listen link."""
        link = self.wait_for(r"Listen: +(\S+)")
        self.wait_for("(Ctrl-C) stops it")
        return link

    def children(self) -> dict[str, int]:
        """Return the ids of the programs that it has started, by the name of their Python module or file."""
        pids = Path(f"/proc/{self._running.pid}/task/{self._running.pid}/children").read_text().split()
        commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in pids}
        return {words[2] if words[1] == "-m" else Path(words[0]).name: pid for pid, words in commands.items()}

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._running.send_signal(number)

    def wait(self) -> int:
        """Wait until it has ended, and give the exit code."""
        exit_code = self._running.wait(SECONDS)
        # Its children hold the same pipe: the reader ends when all of them have.
        self._reader.join(SECONDS)
        assert not self._reader.is_alive(), "it left something running"
        return exit_code

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    def _read(self) -> None:
        assert self._running.stdout is not None
        with self._running.stdout as stdout:
            for line in stdout:
                with self._grown:
                    self._lines.append(line.rstrip("\n"))
                    self._grown.notify_all()
