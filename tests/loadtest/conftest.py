"""A folder that a server may enter which does not stay root, with the benchmark's programs in it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.bench.programs import compiled


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("programs")
    return [compiled(name, folder) for name in ("floor", "listener_crowd")]


@pytest.fixture
def folder(programs: list[Path]) -> Iterator[Path]:
    # pytest's own folders are for their owner only, and Icecast becomes nobody.
    with tempfile.TemporaryDirectory(prefix="audiocast-test-") as name:
        Path(name).chmod(0o755)
        for program in programs:
            (Path(name) / program.name).symlink_to(program)
        yield Path(name)
