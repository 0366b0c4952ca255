"""Ports that tests give to programs: nobody else gets one, not even a test of another process."""

import socket
import subprocess
import sys

import pytest

from tests.repo import tree
from tests.support.network import ports

# Asks for a row of ports; 0 when it got one.
ANOTHER = """
import sys
from tests.support.network import ports
ports.FIRST, ports.LAST = int(sys.argv[1]), int(sys.argv[2])
try:
    ports.free_ports(int(sys.argv[3]))
except AssertionError:
    sys.exit(3)
"""


def another(first: int, last: int, count: int) -> int:
    """Let another process ask; give its exit code."""
    command = [sys.executable, "-c", ANOTHER, *map(str, (first, last, count))]
    return subprocess.run(command, cwd=tree.ROOT, timeout=180).returncode


def test_they_are_a_row_below_those_that_the_kernel_gives_out() -> None:
    row = ports.free_ports(7)
    assert row == list(range(row[0], row[0] + 7))
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        assert row[-1] < int(file.read().split()[0])


def test_no_other_process_is_given_one_of_them() -> None:
    first, *_, last, beside = ports.free_ports(4)
    ports._reserved.pop().close()
    assert another(first, last, 1) == 3
    assert another(first, beside, 2) == 3
    # A row that failed lets go of those that it had got.
    assert ports._reservations([beside, first]) == []
    assert another(beside, beside, 1) == 0


def test_one_that_somebody_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = ports.free_ports(1)
    ports._reserved.pop().close()
    monkeypatch.setattr(ports, "FIRST", port)
    monkeypatch.setattr(ports, "LAST", port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(AssertionError, match="expected 1 free"):
        ports.free_ports(1)
    assert ports.free_ports(1) == [port]
