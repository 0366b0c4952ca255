"""A simulated cluster for each test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operator.simulated.cluster import SimulatedCluster, simulated_cluster


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimulatedCluster]:
    async with simulated_cluster(tmp_path, monkeypatch) as running:
        yield running
    assert "Traceback" not in running.output, running.output[-6000:]
