"""What processes cost, read from /proc, and the core that they run on. It starts and ends none itself.

Linux only, as the benchmark is. References: proc(5), sections on /proc/stat, /proc/pid/stat and status; the
kernel's scheduler/sched-stats: the first number of schedstat is time on a core in nanoseconds.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

SERVER_CORE = 0
# Where sources and listeners run, so that they take nothing from the server.
LOAD_CORE = 1

# The least that comes before all usual programs.
PRIORITY = 1

_KIB = 1024
# Fields 14 and 15 of /proc/pid/stat, counted from behind the name in brackets, which may hold spaces.
_USER_TICKS, _SYSTEM_TICKS = 11, 12


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Time on a core.

    Attributes:
        total_ns: All of it, exactly.
        user_ticks, system_ticks: What the kernel found on the core every 10 ms: the program itself, or
            the kernel on its behalf.
    """

    total_ns: int
    user_ticks: int
    system_ticks: int

    @property
    def user_seconds(self) -> float:
        """The program's share, as the ticks tell it."""
        return self.total_ns / 1e9 * self.user_ticks / max(1, self.user_ticks + self.system_ticks)

    @property
    def system_seconds(self) -> float:
        """The kernel's."""
        return self.total_ns / 1e9 - self.user_seconds

    def since(self, before: "CpuTime") -> "CpuTime":
        """Give what was used since an earlier reading."""
        return CpuTime(
            self.total_ns - before.total_ns,
            self.user_ticks - before.user_ticks,
            self.system_ticks - before.system_ticks,
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """Who has used the machine for a while.

    Attributes:
        seconds: How long.
        server: What is measured.
        load: Its sources and listeners.
        others_seconds: All other programs' time on all cores. Not exact: the machine's is in ticks of 10 ms.
    """

    seconds: float
    server: CpuTime
    load: CpuTime
    others_seconds: float


class UsageMeter:
    """Measures from now on.

    Args:
        server: Processes that are measured.
        load: Those that send to them and listen.
    """

    def __init__(self, server: Sequence[int], load: Sequence[int]) -> None:
        self._server = list(server)
        self._load = list(load)
        self._load_before = cpu_time(*load)
        self._own_before = time.process_time()
        self._machine_before = machine_seconds()
        self._began_at = time.monotonic()
        self._server_before = cpu_time(*server)

    def add_load(self, pid: int) -> None:
        """Count a process that has just begun."""
        self._load.append(pid)

    def read(self) -> Usage:
        """Give what was used since the begin; nothing has ended meanwhile."""
        server = cpu_time(*self._server).since(self._server_before)
        seconds = time.monotonic() - self._began_at
        load = cpu_time(*self._load).since(self._load_before)
        known_seconds = (server.total_ns + load.total_ns) / 1e9 + time.process_time() - self._own_before
        others_seconds = machine_seconds() - self._machine_before - known_seconds
        return Usage(seconds, server, load, max(0.0, others_seconds))


def machine_seconds() -> float:
    """Give the time that all programs of this machine together have had on all cores."""
    # user, nice, system, idle, iowait, irq, softirq, and what other machines had of its cores.
    fields = list(map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:]))
    return sum(fields[index] for index in (0, 1, 2, 5, 6)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Bind this thread to a core, and for all their life the processes that are started in the block.

    A machine with one core has no other: everything runs there.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core} if core in before else before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run_first(*pids: int) -> None:
    """Give families of processes the core before all that has no real-time priority; only root may."""
    for each in _families(pids):
        with contextlib.suppress(PermissionError):
            for thread in Path(f"/proc/{each}/task").iterdir():
                os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(PRIORITY))


def family(pid: int) -> list[int]:
    """Give a process and all that it has started, and they in turn."""
    pids = [pid]
    for each in pids:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            pids += map(int, children.read_text().split())
    return pids


def cpu_time(*pids: int) -> CpuTime:
    """Give what families of processes have used so far, all together."""
    total_ns = user_ticks = system_ticks = 0
    for each in _families(pids):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        user_ticks += int(fields[_USER_TICKS])
        system_ticks += int(fields[_SYSTEM_TICKS])
        for thread in Path(f"/proc/{each}/task").glob("*/schedstat"):
            total_ns += int(thread.read_text().split()[0])
    return CpuTime(total_ns, user_ticks, system_ticks)


def resident_bytes(*pids: int) -> int:
    """Give the resident memory of families of processes; kernel buffers of their sockets are not in it."""
    return sum(_resident_bytes(each) for each in _families(pids))


def _families(pids: Sequence[int]) -> Iterator[int]:
    return chain.from_iterable(map(family, pids))


def _resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmRSS":
            return int(value.split()[0]) * _KIB
    raise ValueError(f"expected VmRSS in the status of process {pid}, got none: has it ended?")
