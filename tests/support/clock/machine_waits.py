"""How long the machine let programs wait that were ready to run: what of a delay is not theirs.

Linux counts it for each thread, exactly (`run_delay`, the second number of /proc/PID/task/TID/schedstat, in
nanoseconds: Documentation/scheduler/sched-stats.rst). On a machine that has nothing else to do it is next to
nothing; beside busy programs it is what a test that counts seconds has to take off. Waiting for a timer, a
lock, an answer or a disk is none of it, and neither is work: a program that is slow by itself gets nothing.
"""

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

# How often those that have come since are looked up.
_PROGRAMS_SECONDS = 1.0
# Seconds that each thread had waited, by its folder.
_Waited = dict[Path, float]


class MachineWaits:
    """Looks while the `with` block runs, from a thread of this process.

    Args:
        pids: Of the processes that a delay may come from, beside this one.
        with_programs: And from all that this process has started, which is looked up each second.
        every_seconds: How often it looks; seldom at hundreds of threads, each of which is a file.
    """

    def __init__(self, *pids: int, with_programs: bool = False, every_seconds: float = 0.02) -> None:
        self._pids = {os.getpid(), *pids}
        self._with_programs = with_programs
        self._programs_at = 0.0
        self._every_seconds = every_seconds
        self._times: list[float] = []
        self._looks: list[_Waited] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        # Two, so that there is always one before and one after.
        self._look()
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._look()

    def seconds(self, since: float, until: float) -> float:
        """Give how long that thread of them waited which waited longest.

        All of a delay may be one's waiting for the machine, after or beside another's: to add them up would
        excuse too much. Between two looks, waiting is taken as even.

        Args:
            since: A moment of `time.monotonic`.
            until: A later one.
        """
        before, after = self._at(since), self._at(until)
        return max((waited - before.get(task, waited) for task, waited in after.items()), default=0.0)

    def longest_gap(self, moments: Sequence[float]) -> float:
        """Give the longest time from one moment to the next, less what the machine let wait in it."""
        return max(after - before - self.seconds(before, after) for before, after in pairwise(moments))

    def _at(self, moment: float) -> _Waited:
        times = self._times
        index = min(max(1, bisect_right(times, moment)), len(times) - 1)
        before, after = self._looks[index - 1], self._looks[index]
        share = (moment - times[index - 1]) / (times[index] - times[index - 1])
        share = min(max(share, 0.0), 1.0)
        return {
            task: before.get(task, waited) + share * (waited - before.get(task, waited))
            for task, waited in after.items()
        }

    def _watch(self) -> None:
        while not self._is_over.wait(self._every_seconds):
            self._look()

    def _look(self) -> None:
        if self._with_programs and time.monotonic() >= self._programs_at + _PROGRAMS_SECONDS:
            self._programs_at = time.monotonic()
            self._pids |= programs_started()
        waited: _Waited = {}
        for pid in self._pids:
            for task in _folders(Path(f"/proc/{pid}/task")):
                with suppress(OSError):
                    waited[task] = int((task / "schedstat").read_bytes().split()[1]) / 1e9
        # In this order: a reader of another thread finds a look for each time.
        self._looks.append(waited)
        self._times.append(time.monotonic())


def programs_started() -> set[int]:
    """Give the ids of all processes that this one has started, and those by them."""
    started: set[int] = set()
    new = {os.getpid()}
    while new:
        children: set[int] = set()
        for pid in new:
            for task in _folders(Path(f"/proc/{pid}/task")):
                with suppress(OSError):
                    children |= {int(child) for child in (task / "children").read_text().split()}
        new = children - started
        started |= new
    return started


def _folders(path: Path) -> list[Path]:
    with suppress(OSError):
        return list(path.iterdir())
    return []
