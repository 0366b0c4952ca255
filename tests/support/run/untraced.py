"""A pytest plugin: the fixture `untraced` counts no lines while its test runs.

Python 3.11 is traced line by line, which makes a long simulation take three to five times as long. Such a
test goes the same few ways thousands of times, so others reach the lines that it does.
"""

from collections.abc import Iterator

import pytest
from coverage import Coverage


@pytest.fixture
def untraced() -> Iterator[None]:
    """Stop a measurement of coverage, if there is one."""
    measured = Coverage.current()
    if measured is None:
        yield
        return
    measured.stop()
    yield
    measured.start()
