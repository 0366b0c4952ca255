"""The steps that `make e2e` takes on a real cluster, in the simulated one, with real servers as pods."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar, cast

import pytest

from tests.e2e.operated.audience import Missed
from tests.e2e.operated.place import Json
from tests.e2e.operated.steps import DRAIN_SECONDS, OperatorSteps
from tests.e2e.operated.table import table
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, simulated_cluster
from tests.operator.simulated.eviction import is_ready
from tests.operator.simulated.real_pod import RealPod, RealPods

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(400)]

CALL_SECONDS = 30.0
REPLICAS = 2
# Steps with an audience.
ROWS = 6
# As many again for each of three roll-outs.
MOST_PODS = 4 * REPLICAS

Result = TypeVar("Result")


class SimulatedPlace:
    """The simulated cluster as a `Place`; its methods are called from another thread than its loop's."""

    namespace = NAMESPACE
    images = ("audiocast:1", "audiocast:2")

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._loop = asyncio.get_running_loop()

    def create(self, plural: str, manifest: Json) -> None:
        self._call(lambda: self._cluster.store.create(plural, manifest))

    def find(self, plural: str, name: str) -> Json | None:
        return self._call(lambda: self._cluster.store.find(plural, NAMESPACE, name))

    def change(self, plural: str, name: str, spec: Json) -> None:
        self._call(lambda: self._cluster.change(name, plural, **spec))

    def delete(self, plural: str, name: str) -> None:
        self._call(lambda: self._cluster.store.delete(plural, NAMESPACE, name))

    def pods(self, cast: str) -> Mapping[str, Json]:
        def pods() -> dict[str, Json]:
            found = self._cluster.store.all_of("pods", NAMESPACE)
            return {pod["metadata"]["name"]: pod for pod in found}

        return self._call(pods)

    def ways(self, cast: str) -> Mapping[str, int]:
        ready = [name for name, pod in self.pods(cast).items() if is_ready(pod)]
        return self._call(lambda: self._ports(ready))

    def _ports(self, names: list[str]) -> dict[str, int]:
        pods = self._cluster.workloads.pods
        return {name: _real(pods[name]).server.port for name in names if name in pods}

    def _call(self, work: Callable[[], Result]) -> Result:
        async def call() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(CALL_SECONDS)


def _real(pod: object) -> RealPod:
    return cast(RealPod, pod)


async def test_each_step_of_an_audiocasts_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = RealPods(tmp_path, most_members=MOST_PODS, DRAIN_SECONDS=DRAIN_SECONDS)
    rows: list[tuple[str, Missed]] = []
    try:
        async with simulated_cluster(tmp_path, monkeypatch, tick_seconds=0.5, make=make) as cluster:
            steps = OperatorSteps(SimulatedPlace(cluster), REPLICAS, rows)
            await asyncio.to_thread(steps.take_all)
    finally:
        # While kopf runs, what is printed is the operator's output.
        print(f"\n{table(rows)}")
    assert "Traceback" not in cluster.output
    assert len(rows) == len({step for step, _ in rows}) == ROWS
