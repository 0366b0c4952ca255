"""Real pods that find each other by their headless Service, as its selector is at each moment.

So two clusters stay two where nobody lets them find each other. Each Service has an API server of its own for
its EndpointSlices, in another thread's loop: a pod's start waits for it, and the cluster's loop for the pod.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from tests.cluster.api_server import PORT_NAME, SERVICE, ApiServer, endpoint, endpoint_slice
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster
from tests.operator.simulated.real_pod import RealPod, RealPods


class FoundPods(RealPods):
    """Makes such pods.

    Args:
        folder: For logs and certificates.
        services: The headless Service of each StatefulSet, by the StatefulSet's name.
        most_members: How many pods there may be, one after the other.
        settings: Settings of each server.
    """

    def __init__(
        self, folder: Path, services: Mapping[str, str], *, most_members: int, **settings: str | int
    ) -> None:
        super().__init__(folder, most_members=most_members, **settings)
        self._folder = folder
        self._services = services
        self._apis: dict[str, ApiServer] = {}
        self._told: dict[str, dict[str, bool]] = {each: {} for each in services.values()}
        self._loop = asyncio.new_event_loop()

    def discovery(self, name: str) -> Mapping[str, str | int]:
        """Return the settings by which a new pod finds members."""
        api = self._apis[self._services[name.rpartition("-")[0]]]
        return {"PEERS": f"k8s+{SERVICE}:{PORT_NAME}", **api.environment}

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Have the API servers while the `with` block runs."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        for service in self._told:
            (self._folder / service).mkdir()
            making = asyncio.run_coroutine_threadsafe(_made(self._folder / service), self._loop)
            self._apis[service] = await asyncio.wrap_future(making)
        try:
            yield
        finally:
            for api in self._apis.values():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(api.close(), self._loop))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    async def follow(self, cluster: SimulatedCluster) -> None:
        """Tell what the Services select, and whenever it changes, until cancelled."""
        while True:
            for service in self._told:
                self._tell(cluster, service)
            await cluster.store.changed()

    def _tell(self, cluster: SimulatedCluster, service: str) -> None:
        found = cluster.store.find("services", NAMESPACE, service)
        pods = cluster.store.all_of("pods", NAMESPACE, found["spec"]["selector"]) if found else []
        names = {
            each["metadata"]["name"]: "deletionTimestamp" in each["metadata"]
            for each in pods
            if each["metadata"]["name"] in cluster.workloads.pods
        }
        told, api = self._told[service], self._apis[service]
        for name in told.keys() - names.keys():
            self._loop.call_soon_threadsafe(api.delete, name)
        for name, is_terminating in names.items():
            if told.get(name) != is_terminating:
                port = cast(RealPod, cluster.workloads.pods[name]).internal_port
                made = endpoint_slice(name, port, endpoint("127.0.0.1", terminating=is_terminating))
                self._loop.call_soon_threadsafe(api.put, made)
        self._told[service] = names


async def _made(folder: Path) -> ApiServer:
    return ApiServer(folder)
