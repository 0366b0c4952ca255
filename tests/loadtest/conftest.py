"""A folder that a server may enter which does not stay root."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    # pytest's own folders are for their owner only, and Icecast becomes nobody.
    with tempfile.TemporaryDirectory(prefix="audiocast-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
