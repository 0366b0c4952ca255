"""`python -m tests.support.processes.forker`: has imported the server, and makes servers of itself, by fork.

Nine tenths of a server's start are imports, the same for each of the some hundred that tests start. A fork
has them already, and goes on in the function that `audiocast serve` is. It is asked for by standard input:

    test    --environment, standard error, report--> forker --fork--> audiocast serve
            <--report: process id, then the end----- waits for it
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from typing import Any

from audiocast.cli import main, quick_imports

# Of a request, without its two descriptors.
MAX_REQUEST_BYTES = 131_072
STDIN, STDERR = 0, 2


class Forker:
    """Takes requests from standard input, a Unix socket that keeps messages apart."""

    def __init__(self) -> None:
        self._requests = socket.socket(fileno=os.dup(STDIN))
        self._ended, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._requests, selectors.EVENT_READ)
        self._selector.register(self._ended, selectors.EVENT_READ)
        # Open descriptors by process id.
        self._reports: dict[int, int] = {}
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Ctrl-C is for the tests, which stop all in order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self._wake.fileno())

    def run(self) -> dict[str, Any] | None:
        """Fork until the other end is closed, and kill what is left; return None, or a fork's own request."""
        while True:
            ready = [key.fileobj for key, _ in self._selector.select()]
            if self._ended in ready:
                self._ended.recv(MAX_REQUEST_BYTES)
                self._report_ends()
            if self._requests in ready:
                request, descriptors, _, _ = socket.recv_fds(self._requests, MAX_REQUEST_BYTES, 2)
                if not request:
                    break
                error_output, report = descriptors
                pid = os.fork()
                if not pid:
                    self._leave(error_output, report)
                    return dict(json.loads(request))
                os.close(error_output)
                os.write(report, f"{pid}\n".encode())
                self._reports[pid] = report
        for pid in self._reports:
            os.kill(pid, signal.SIGKILL)
        return None

    def _report_ends(self) -> None:
        while self._reports:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if not pid:
                break
            with open(self._reports.pop(pid), "w") as report:
                report.write(f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime}\n")

    def _leave(self, error_output: int, report: int) -> None:
        """Make a fork what a process is that Python has just been started in."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        for each in (self._requests, self._ended, self._wake):
            each.close()
        os.dup2(error_output, STDERR)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, STDIN)
        for descriptor in (error_output, nothing, report, *self._reports.values()):
            os.close(descriptor)


def serve(request: dict[str, Any]) -> int:
    """Be the server that was asked for; return its exit code."""
    os.chdir(request["folder"])
    # Only root may raise it again (see tests.support.run.priority).
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, request["priority"])
    os.sched_setaffinity(0, request["cores"])
    os.environ.clear()
    os.environ.update(request["environment"])
    return main(["serve"])


if __name__ == "__main__":
    with quick_imports():
        import audiocast.app
        import audiocast.settings
        import audiocast.telemetry.logs  # noqa: F401
    asked = Forker().run()
    sys.exit(0 if asked is None else serve(asked))
