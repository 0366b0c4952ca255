"""Servers of tests are forks of one process that has imported them; to the tests they are like others."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.processes.forked import ROOT, ForkedServer
from tests.support.processes.server import AudiocastServer

END_SECONDS = 30.0
# Starts two servers, the second at a lower priority, says which, and waits.
TESTS = """
import os, sys
from pathlib import Path
from tests.support.processes.server import AudiocastServer
with AudiocastServer(Path(sys.argv[1])) as first:
    os.nice(3)
    with AudiocastServer(Path(sys.argv[1])) as second:
        print(first.pid, second.pid, flush=True)
        sys.stdin.read()
"""


def test_how_a_server_has_ended_is_told(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log") as server:
        assert server.is_running
        assert server.stop() == 0
        assert not server.is_running
    with AudiocastServer(tmp_path / "log") as server:
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL


def test_a_server_that_cannot_start_has_the_commands_exit_code(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        server = ForkedServer({"PORT": "of call"}, log)
        assert server.wait(END_SECONDS) == 2
    assert "audiocast: PORT: " in (tmp_path / "log").read_text()


def test_one_that_goes_on_is_waited_for_as_long_as_asked(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log") as server:
        assert server.status()["members"] is not None
        process = server._process
        assert process is not None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)


def test_members_of_a_cluster_have_hashes_of_different_seeds(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log") as first, AudiocastServer(tmp_path / "log") as second:
        assert _parent(first.pid) != _parent(second.pid)


def test_a_server_has_the_priority_of_its_test_and_ends_with_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TESTS, str(tmp_path / "log")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as tests:
        assert tests.stdout is not None
        first, second = map(int, tests.stdout.readline().split())
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        assert [os.getpriority(os.PRIO_PROCESS, pid) - usual for pid in (first, second)] == [0, 3]
        tests.kill()
    deadline = time.monotonic() + END_SECONDS
    while any(_stat(pid)[0] != "Z" for pid in (first, second)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """Return what the kernel says of a process from its state on; of none: that it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return ["Z"]
