"""A server that is a fork of a process which has imported it, with the methods of `subprocess.Popen`.

Two such processes take turns: members of a cluster have hashes of different seeds, as they really have, and
must not agree by the order of a set.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from itertools import count
from pathlib import Path
from threading import Lock
from typing import IO

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.support.processes.forker"]
FORKERS = 2
# Until a fork has a process id; before the first one come the imports.
FORK_SECONDS = 60.0
MAX_REPORT_BYTES = 100

_starting = Lock()
_requests: list[socket.socket] = []


class ForkedServer:
    """`audiocast serve`, from its start.

    Args:
        environment: All that it gets.
        error_output: Its standard error.

    Attributes:
        pid: Its process id.
    """

    # User and system time of all those that have ended and were awaited by this process.
    processor_seconds = 0.0
    _numbers = count()

    def __init__(self, environment: dict[str, str], error_output: IO[bytes]) -> None:
        self._exit_code: int | None = None
        self._report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = {
            "environment": environment,
            "folder": os.getcwd(),
            "priority": os.getpriority(os.PRIO_PROCESS, 0),
            "cores": sorted(os.sched_getaffinity(0)),
        }
        forker = _forkers()[next(self._numbers) % FORKERS]
        with theirs:
            socket.send_fds(forker, [json.dumps(request).encode()], [error_output.fileno(), theirs.fileno()])
        said = self._next_report(FORK_SECONDS)
        assert said, "expected a server, the process that forks them is not there"
        self.pid = int(said)

    def poll(self) -> int | None:
        """Return the exit code as `subprocess.Popen` has it, None while the server runs."""
        if self._exit_code is None:
            said = self._next_report(0.0)
            if said is not None:
                self._note_end(said)
        return self._exit_code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit code.

        Raises:
            subprocess.TimeoutExpired: It still runs after so many seconds.
        """
        if self._exit_code is None:
            said = self._next_report(timeout)
            if said is None:
                raise subprocess.TimeoutExpired(COMMAND, timeout or 0.0)
            self._note_end(said)
        assert self._exit_code is not None
        return self._exit_code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the server has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL, unless the server has ended."""
        self.send_signal(signal.SIGKILL)

    def _next_report(self, seconds: float | None) -> bytes | None:
        """Return what the forker says next; nothing of it in time: None."""
        self._report.settimeout(seconds)
        try:
            return self._report.recv(MAX_REPORT_BYTES)
        except (TimeoutError, BlockingIOError):
            return None

    def _note_end(self, said: bytes) -> None:
        assert said, "the process that forks servers has ended, and so have they"
        exit_code, seconds = said.split()
        self._exit_code = int(exit_code)
        ForkedServer.processor_seconds += float(seconds)
        self._report.close()


def _forkers() -> list[socket.socket]:
    """Return where requests go, each to one of the processes that servers are forks of. They end with us."""
    with _starting:
        while len(_requests) < FORKERS:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                process = subprocess.Popen(
                    COMMAND,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd=ROOT,
                    env={"PATH": os.environ.get("PATH", "")},
                )
            atexit.register(_end, process, ours)
            _requests.append(ours)
        return _requests


def _end(process: subprocess.Popen[bytes], requests: socket.socket) -> None:
    requests.close()
    process.wait()
