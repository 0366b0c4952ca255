"""A server's process seen from outside: what it holds, and what it has logged that must not happen."""

import json
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.observed_server import FOLDER_VARIABLE
from tests.support.processes.server import AudiocastServer

COUNT_SECONDS = 20.0
# What every fault of a program leaves behind.
FAULTS = ("request_failed", "Traceback")
# Whoever signs in the form of versions before 0.2 is named as an error, so that an operator sees it.
PLANNED_EVENT = '"event": "old_member"'
MIB = 1 << 20


@dataclass(frozen=True)
class Holdings:
    """What a process holds.

    Attributes:
        memory_bytes: Resident.
        descriptors: Open files and sockets.
        tasks: Of its loop, that are not done.
    """

    memory_bytes: int
    descriptors: int
    tasks: int

    def __str__(self) -> str:
        return f"{self.memory_bytes / MIB:.0f} MiB, {self.descriptors} descriptors, {self.tasks} tasks"


class Observation:
    """Of one server.

    Args:
        server: Runs `tests.fuzz.observed_server`.
        folder: Where the server writes its number of tasks.
    """

    def __init__(self, server: AudiocastServer, folder: Path) -> None:
        self._server = server
        self._file = folder / str(server.pid)
        self._log_bytes = server.log.stat().st_size

    def holdings(self) -> Holdings:
        """Return what the server holds now; garbage is collected before."""
        self._file.unlink(missing_ok=True)
        os.kill(self._server.pid, signal.SIGUSR1)
        deadline = time.monotonic() + COUNT_SECONDS
        while not self._file.exists():
            assert self._server.is_running, "the server has ended"
            assert time.monotonic() < deadline, (
                f"no number of tasks in {COUNT_SECONDS:g} s: the loop stands still"
            )
            time.sleep(0.02)
        process = Path(f"/proc/{self._server.pid}")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", (process / "status").read_text(), re.MULTILINE)
        assert found
        descriptors = len(list((process / "fd").iterdir()))
        return Holdings(int(found[1]) * 1024, descriptors, int(self._file.read_text()))

    def new_faults(self) -> list[str]:
        """Return the lines since the last call that tell of a fault."""
        with self._server.log.open("rb") as log:
            log.seek(self._log_bytes)
            data = log.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._log_bytes += len(whole)
        faults = faults_of(whole.decode("utf-8", "backslashreplace"))
        return faults if self._server.is_running else [*faults, "the server has ended"]


def faults_of(log: str) -> list[str]:
    """Return the lines of a log that tell of a fault: errors, traces, and what was written past the log."""
    return [
        line
        for line in log.splitlines()
        if not line.startswith("{")
        or any(fault in line for fault in FAULTS)
        or (PLANNED_EVENT not in line and json.loads(line)["level"] in ("error", "critical"))
    ]


def observed(folder: Path) -> dict[str, str]:
    """Return the arguments of an `AudiocastServer` that can be observed."""
    folder.mkdir(exist_ok=True)
    return {"program": "tests.fuzz.observed_server", FOLDER_VARIABLE: str(folder)}
