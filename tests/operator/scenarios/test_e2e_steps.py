"""The steps that `make e2e` takes on a real cluster, in the simulated one, with real servers as pods."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.operated.audience import Missed
from tests.e2e.operated.steps import DRAIN_SECONDS, OperatorSteps
from tests.e2e.operated.table import table
from tests.operator.simulated.cluster import simulated_cluster
from tests.operator.simulated.place import SimulatedPlace
from tests.operator.simulated.real_pod import RealPods

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(400)]

REPLICAS = 2
# Steps with an audience.
ROWS = 6
# As many again for each of three roll-outs.
MOST_PODS = 4 * REPLICAS


async def test_each_step_of_an_audiocasts_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = RealPods(tmp_path, most_members=MOST_PODS, DRAIN_SECONDS=DRAIN_SECONDS)
    rows: list[tuple[str, Missed]] = []
    try:
        async with simulated_cluster(tmp_path, monkeypatch, tick_seconds=0.5, make=make) as cluster:
            steps = OperatorSteps(SimulatedPlace(cluster), REPLICAS, rows)
            await asyncio.to_thread(steps.take_all)
    finally:
        print(f"\n{table(rows)}")
    assert "Traceback" not in cluster.output
    assert len(rows) == len({step for step, _ in rows}) == ROWS
