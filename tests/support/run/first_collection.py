"""A pytest plugin: of several processes that collect, one goes first and leaves its bytecode to the others.

To rewrite the assertions of all tests takes twice as long as the rest of their collection. In a fresh clone
each process of pytest-xdist would do it, all of them at the same time.

    process 1  lock, collect: rewrite, write bytecode, unlock
    others     wait ....................................... collect: read bytecode
"""

import fcntl
import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect with a lock on the folder of all tests, or after the one who has it."""
    if not hasattr(session.config, "workerinput"):
        return (yield)
    folder = os.open(session.config.rootpath, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(folder, fcntl.LOCK_SH)
            fcntl.flock(folder, fcntl.LOCK_UN)
        return (yield)
    finally:
        os.close(folder)
