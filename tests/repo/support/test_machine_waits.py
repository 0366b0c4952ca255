"""What the machine let a program wait is told apart from what the program did by itself."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.clock.machine_waits import MachineWaits, programs_started

BUSY = "while True: pass"
WAITED_SECONDS = 0.2
PATIENCE_SECONDS = 60.0


@contextmanager
def busy(cpu: int) -> Iterator[int]:
    """Run a program that does nothing but work, on one processor; give its id."""
    with subprocess.Popen([sys.executable, "-c", BUSY]) as process:
        try:
            os.sched_setaffinity(process.pid, {cpu})
            yield process.pid
        finally:
            process.kill()


def test_two_that_share_a_processor_wait_for_each_other() -> None:
    cpu = min(os.sched_getaffinity(0))
    with busy(cpu) as one, busy(cpu) as other, MachineWaits(one) as waits:
        assert {one, other} <= programs_started()
        began = time.monotonic()
        while waits.seconds(began, time.monotonic()) < WAITED_SECONDS:
            assert time.monotonic() < began + PATIENCE_SECONDS
            time.sleep(0.02)


def test_the_thread_that_waited_longest_counts_and_no_sum() -> None:
    waits, one, other = MachineWaits(), Path("one"), Path("other")
    waits._times = [0.0, 1.0, 2.0, 3.0]
    waits._looks = [{one: 5.0}, {one: 5.0, other: 7.0}, {one: 5.2, other: 7.4}, {one: 5.3, other: 7.4}]
    # What one that is new waited before is not known.
    assert waits.seconds(0.0, 1.0) == 0.0
    assert waits.seconds(1.0, 2.0) == pytest.approx(0.4)
    assert waits.seconds(1.5, 2.5) == pytest.approx(0.2)
    assert waits.seconds(2.0, 9.0) == pytest.approx(0.1)
    # From 1 to 2 there is a gap of a second, of which 0.4 s are the machine's; then 0.7 s without it.
    assert waits.longest_gap([1.0, 2.0, 2.7]) == pytest.approx(0.63)
