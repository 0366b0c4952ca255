"""What processes use is told apart: the server's, its load's, and all others'."""

import os

import pytest

from loadtest.bench import processes
from loadtest.bench.processes import CpuTime, UsageMeter

SECOND_NS = 1_000_000_000


def test_others_have_what_is_neither_the_servers_nor_the_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    spent_ns = {1: 0, 2: 0, 3: 0, 4: 5 * SECOND_NS}
    machine_seconds = 100.0

    def cpu_time(*pids: int) -> CpuTime:
        return CpuTime(sum(spent_ns[pid] for pid in pids), 0, 0)

    monkeypatch.setattr(processes, "cpu_time", cpu_time)
    monkeypatch.setattr(processes, "machine_seconds", lambda: machine_seconds)
    meter = UsageMeter([1, 2], [3])
    # A crowd that begins later is counted from its begin.
    spent_ns.update({1: SECOND_NS, 2: 2 * SECOND_NS, 3: 4 * SECOND_NS})
    meter.add_load(4)
    machine_seconds = 115.0
    used = meter.read()
    assert (used.server.total_ns, used.load.total_ns) == (3 * SECOND_NS, 9 * SECOND_NS)
    assert used.others_seconds == pytest.approx(3.0, abs=0.5)


def test_the_machine_has_worked_at_least_as_long_as_this_process() -> None:
    before_seconds = processes.machine_seconds()
    while processes.machine_seconds() < before_seconds + 0.05:
        pass
    assert processes.machine_seconds() >= processes.cpu_time(os.getpid()).total_ns / 1e9
