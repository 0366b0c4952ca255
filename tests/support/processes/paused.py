"""Processes that are put to sleep and woken, as a laptop's are when its lid is closed."""

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager


@contextmanager
def asleep(pids: Collection[int]) -> Iterator[None]:
    """Stop processes while the `with` block runs."""
    assert pids, "expected processes to put to sleep, got none"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
