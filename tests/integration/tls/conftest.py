"""A certificate, and a server with it, for all tests of a file."""

from collections.abc import Iterator

import pytest

from tests.support.network.certificates import Pair, make_pair
from tests.support.processes.server import AudiocastServer


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("server") / "server.log"
    with AudiocastServer(log, **pair.settings) as server:
        yield server
