"""A player that writes decoded sound to its standard output, and when each of its samples was there."""

import subprocess
import time
from array import array
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

SAMPLE_RATE = 48_000
BYTES_A_SECOND = 2 * SAMPLE_RATE
READ_BYTES = 65_536


class PcmProcess:
    """Runs while the `with` block does.

    Args:
        command: Writes one channel of 16 bits.
        log: File for what it has to say.
    """

    def __init__(self, command: list[str], *, log: Path) -> None:
        self._command = command
        self._log = log
        self._data = bytearray()
        self._began_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._read, daemon=True)
        # By how much sound that is played from its first sample on came too late, at the worst.
        self.starved_seconds = 0.0

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace")

    def wait(self, seconds: float) -> "array[int]":
        """Wait for its end, give the sound."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"still plays after {seconds} s:\n{self.output[-2000:]}"
        assert len(self._data) > BYTES_A_SECOND, self.output[-2000:]
        return array("h", self._data)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while data := self._process.stdout.read(READ_BYTES):
            now = time.monotonic()
            self._began_at = self._began_at or now
            due_at = self._began_at + len(self._data) / BYTES_A_SECOND
            self.starved_seconds = max(self.starved_seconds, now - due_at)
            self._data += data
