"""A real program in a process group of its own, its output in a file; it ends with the `with` block."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_SECONDS = 5.0


class Program:
    """Runs a shell command line.

    Args:
        command: For bash, which becomes the program when it is a single one (`exec`).
        log: File for what it writes to both of its outputs.
        folder: Working directory.
        env: More environment.
    """

    def __init__(
        self, command: str, *, log: Path, folder: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self._command = command
        self._log = log
        self._folder = folder
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._env,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self._log.read_text(errors="replace")

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def processes(self) -> list[int]:
        """Give its processes, itself and all that it has started."""
        assert self._process is not None
        listed = subprocess.run(
            ["pgrep", "--session", str(self._process.pid)], capture_output=True, check=True, text=True
        )
        return [int(pid) for pid in listed.stdout.split()]

    def wait(self, seconds: float) -> int:
        """Wait for its end, give its exit code."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {seconds} s:\n{self.output[-2000:]}") from None

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until something is true while it runs."""
        deadline = time.monotonic() + seconds
        while not condition():
            where = f"{what}; exit code {self.exit_code}:\n{self.output[-2000:]}"
            assert time.monotonic() < deadline, f"not in {seconds} s: {where}"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it and all that it has started: first asking, then by force."""
        assert self._process is not None
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                break
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self._process.wait(STOP_SECONDS)
