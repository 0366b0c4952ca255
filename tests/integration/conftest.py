"""A real server with the settings that most tests want, and a folder for media files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes.server import AudiocastServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log") as server:
        yield server


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `tests.support.audio.media` puts files, made once for all tests."""
    return tmp_path_factory.mktemp("media")
