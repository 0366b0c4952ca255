"""The simulated cluster as a place of steps, which block: in another thread than its loop's."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from tests.e2e.operated.place import Json
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster
from tests.operator.simulated.eviction import is_ready
from tests.operator.simulated.real_pod import RealPod

CALL_SECONDS = 30.0

Result = TypeVar("Result")


class SimulatedPlace:
    """See `tests.e2e.operated.place`. It is made in the cluster's loop.

    Args:
        cluster: Its pods are real servers.
    """

    namespace = NAMESPACE
    images = ("audiocast:1", "audiocast:2")

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._loop = asyncio.get_running_loop()

    def create(self, plural: str, manifest: Json) -> None:
        """See `Place`."""
        self.call(lambda: self._cluster.store.create(plural, manifest))

    def find(self, plural: str, name: str) -> Json | None:
        """See `Place`."""
        return self.call(lambda: self._cluster.store.find(plural, NAMESPACE, name))

    def change(self, plural: str, name: str, spec: Json) -> None:
        """See `Place`."""
        self.call(lambda: self._cluster.change(name, plural, **spec))

    def delete(self, plural: str, name: str) -> None:
        """See `Place`."""
        self.call(lambda: self._cluster.store.delete(plural, NAMESPACE, name))

    def pods(self, cast: str) -> Mapping[str, Json]:
        """See `Place`; all that there are."""
        return self.call(lambda: self._pods({}))

    def ways(self, cast: str) -> Mapping[str, int]:
        """See `Place`; the Service has the AudioCast's name."""
        return self.call(lambda: self._ways(cast))

    def _pods(self, labels: Mapping[str, str]) -> dict[str, Json]:
        found = self._cluster.store.all_of("pods", NAMESPACE, dict(labels))
        return {pod["metadata"]["name"]: pod for pod in found}

    def _ways(self, service: str) -> dict[str, int]:
        found = self._cluster.store.find("services", NAMESPACE, service)
        if found is None:
            return {}
        ready = [name for name, pod in self._pods(found["spec"]["selector"]).items() if is_ready(pod)]
        processes = self._cluster.workloads.pods
        return {name: cast(RealPod, processes[name]).server.port for name in ready if name in processes}

    def call(self, work: Callable[[], Result]) -> Result:
        """Do something in the cluster's loop; return its result."""

        async def call() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(CALL_SECONDS)
