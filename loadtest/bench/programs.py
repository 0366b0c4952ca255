"""The benchmark's own programs: C compiled into a folder, and processes that say lines of JSON.

They are started on the core of the load unless they are servers, and are ended here. What the lines mean is
the business of whoever started them.
"""

import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from loadtest.bench.processes import on_core

HERE = Path(__file__).parent
STOP_SECONDS = 10.0
COMPILER = ("cc", "-std=gnu11", "-O2", "-Wall", "-Wextra")
LIBRARIES = ("-Wl,--as-needed", "-lssl", "-lcrypto")

# One line of JSON that a program has printed.
Line = dict[str, Any]


class ProgramFailed(Exception):
    """A program of the benchmark ended, or cannot begin."""


class NoAnswer(ProgramFailed):
    """It still runs and printed nothing for too long."""


def compiled(name: str, folder: Path) -> Path:
    """Compile `name`.c, once for each folder; give the program.

    Raises:
        ProgramFailed: There is no C compiler, or it complains.
    """
    program = folder / name
    if not program.exists():
        command = [*COMPILER, "-o", str(program), str(HERE / f"{name}.c"), *LIBRARIES]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise ProgramFailed(
                "expected a C compiler as cc, found none; on Debian: apt-get install gcc libssl-dev"
            ) from error
        except subprocess.CalledProcessError as error:
            raise ProgramFailed(f"cc has refused {name}.c: {error.stderr[:1000]}") from error
    return program


class Program:
    """A process that prints lines of JSON; it runs while the `with` block does.

    Args:
        command: What to run.
        core: Where.
    """

    def __init__(self, command: Sequence[str | Path], core: int) -> None:
        self._command = [str(each) for each in command]
        self._core = core
        self._lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        with on_core(self._core):
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        """The process is gone, whoever has ended it."""
        assert self._process is not None
        return self._process.poll() is not None

    def write_line(self, line: str = "") -> None:
        """Write a line to its standard input.

        Raises:
            ProgramFailed: It is gone.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
        except BrokenPipeError:
            raise ProgramFailed(f"expected {self._name} to run, it has ended: its message is above") from None

    def line(self, seconds: float) -> Line:
        """Wait for the next line.

        Raises:
            NoAnswer: None has come in this time.
            ProgramFailed: None will come.
        """
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise NoAnswer(f"expected a line from {self._name} within {seconds:g} s, got none") from None
        if line is None:
            raise ProgramFailed(f"expected a line from {self._name}, it has ended: its message is above")
        return line

    def end(self) -> None:
        """Ask it to end, and wait until it has. Lines that it has printed can still be read."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()
        process.stdin.close()

    @property
    def _name(self) -> str:
        return " ".join(Path(part).name for part in self._command[:3])

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(json.loads(line))
        self._lines.put(None)
