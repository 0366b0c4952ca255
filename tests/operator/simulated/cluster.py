"""A simulated cluster, whole: API server, pods, and the operator itself running in it."""

import asyncio
import contextlib
import functools
import io
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml

from audiocast_operator.app import serve
from audiocast_operator.logs import set_up_logs
from audiocast_operator.metrics import PROBLEMS
from audiocast_operator.models.crd import build_crds
from audiocast_operator.settings import OperatorSettings
from tests.operator.simulated import permissions
from tests.operator.simulated.admission import Admission
from tests.operator.simulated.api_server import ApiServer
from tests.operator.simulated.kinds import served
from tests.operator.simulated.store import Json, Store
from tests.operator.simulated.workloads import MakePod, Workloads, wait_until

NAMESPACE = "radio"
WAIT_SECONDS = 30.0


@dataclass
class SimulatedCluster:
    """A running cluster, as a test uses it.

    Attributes:
        api: The API server.
        workloads: The pods.
        log: What the operator writes.
    """

    api: ApiServer
    workloads: Workloads
    log: io.StringIO = field(default_factory=io.StringIO)

    @property
    def output(self) -> str:
        """What the operator has written."""
        return self.log.getvalue()

    @property
    def store(self) -> Store:
        """The objects."""
        return self.api.store

    def create_cast(self, name: str = "live", **spec: Any) -> Json:
        """Create an AudioCast."""
        return self.store.create("audiocasts", audiocast(name, **spec))

    def create_stream(self, name: str, **spec: Any) -> Json:
        """Create a Stream."""
        return self.store.create("streams", stream(name, **spec))

    def change(self, name: str = "live", plural: str = "audiocasts", **spec: Any) -> None:
        """Change some fields of a spec."""
        self.store.patch(plural, NAMESPACE, name, {"spec": spec}, False)

    def cast(self, name: str = "live") -> Json:
        """Return an AudioCast's status."""
        found = self.store.find("audiocasts", NAMESPACE, name) or {}
        status: Json = found.get("status", {})
        return status

    def stream(self, name: str) -> Json:
        """Return a Stream's status."""
        found = self.store.find("streams", NAMESPACE, name) or {}
        status: Json = found.get("status", {})
        return status

    def condition(self, kind: str, name: str = "live") -> tuple[str, str]:
        """Return a condition's status and reason."""
        for each in self.cast(name).get("conditions", []):
            if each["type"] == kind:
                return each["status"], each["reason"]
        return "", ""

    def replicas(self, name: str = "live") -> int:
        """Return how many pods the StatefulSet asks for; -1 without one."""
        found = self.store.find("statefulsets", NAMESPACE, name)
        return int(found["spec"]["replicas"]) if found else -1

    def images(self) -> dict[str, str]:
        """Return the image of each pod."""
        return {
            pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"]
            for pod in self.store.all_of("pods", NAMESPACE)
        }

    async def until(self, holds: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Wait for a condition."""
        await wait_until(holds, seconds)

    async def until_complete(self, name: str = "live", *, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the operator says of the present spec that all is as wanted."""

        def complete() -> bool:
            found = self.store.get("audiocasts", NAMESPACE, name)
            status = found.get("status", {})
            return (
                status.get("observedGeneration") == found["metadata"]["generation"]
                and self.condition("Progressing", name) == ("False", "Complete")
                and self.condition("Draining", name)[0] == "False"
            )

        await wait_until(complete, seconds)

    async def until_quiet(self) -> None:
        """Wait until the operator has asked for nothing in half a second."""
        asked = -1
        while asked != len(self.api.requests):
            asked = len(self.api.requests)
            await asyncio.sleep(0.5)

    async def ticks(self, count: int = 3) -> None:
        """Wait until the operator has looked so often at everything again."""

        def looks() -> int:
            path = f"/namespaces/{NAMESPACE}/streams"
            return sum(method == "GET" and asked.endswith(path) for method, asked in self.api.requests)

        begun = looks()
        await wait_until(lambda: looks() >= begun + count, WAIT_SECONDS)


def audiocast(name: str = "live", **spec: Any) -> Json:
    """Return an AudioCast as a user writes it."""
    if "autoscaling" not in spec:
        spec.setdefault("replicas", 3)
    return {
        "apiVersion": "audiocast.dev/v1alpha1",
        "kind": "AudioCast",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"image": "audiocast:1", **spec},
    }


def stream(name: str, **spec: Any) -> Json:
    """Return a Stream as a user writes it."""
    return {
        "apiVersion": "audiocast.dev/v1alpha1",
        "kind": "Stream",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"audioCast": "live", "id": name, **spec},
    }


@contextlib.asynccontextmanager
async def simulated_cluster(
    folder: Path,
    environment: pytest.MonkeyPatch,
    *,
    tick_seconds: float = 0.1,
    make: MakePod | None = None,
    forbidden: bool = False,
) -> AsyncIterator[SimulatedCluster]:
    """Run a cluster with the operator in it.

    Args:
        folder: Where the operator's KUBECONFIG is written.
        environment: Changes the environment that the operator reads.
        tick_seconds: Time between two ticks of the operator's timer.
        make: Makes pods that are not simulated ones.
        forbidden: The operator's account may do nothing.
    """
    environment.setenv("AUDIOCAST_OPERATOR_TICK_SECONDS", str(tick_seconds))
    async with still_cluster(folder, environment, make=make, forbidden=forbidden) as cluster:
        working = asyncio.create_task(cluster.workloads.run())
        stop = asyncio.Event()
        running = asyncio.create_task(serve(OperatorSettings(), stop))
        try:
            yield cluster
        finally:
            stop.set()
            await running
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


@contextlib.asynccontextmanager
async def still_cluster(
    folder: Path, environment: pytest.MonkeyPatch, *, make: MakePod | None = None, forbidden: bool = False
) -> AsyncIterator[SimulatedCluster]:
    """Run an API server with nothing that works by itself: neither an operator nor what makes pods.

    The arguments are those of `simulated_cluster`. An operator that is made meanwhile finds the cluster.
    """
    crds = _crds()
    store = Store(served(crds), Admission(crds).admit)
    store.create("namespaces", {"metadata": {"name": NAMESPACE}})
    account = permissions.of_the_chart()
    account.forbids = lambda group, resource, verb: forbidden
    api = ApiServer(store, account)
    api.start()
    cluster = SimulatedCluster(api, Workloads(api.store, make=make))
    config = folder / "kubeconfig"
    config.write_text(_kubeconfig(api.url))
    # The gauge is the process's, and an operator of before may have left something in it.
    environment.setattr(PROBLEMS, "_found", {})
    environment.setenv("KUBECONFIG", str(config))
    environment.setenv("AUDIOCAST_OPERATOR_NAMESPACE", NAMESPACE)
    environment.setenv("AUDIOCAST_OPERATOR_METRICS_PORT", "0")
    if "AUDIOCAST_OPERATOR_PROBE_PORT" not in os.environ:
        environment.setenv("AUDIOCAST_OPERATOR_PROBE_PORT", "0")
    logs = structlog.get_config()
    set_up_logs("info", cluster.log)
    try:
        yield cluster
    finally:
        structlog.configure(**logs)
        await cluster.workloads.close()
        await api.stop()
    assert api.permissions.refused == set()


@functools.cache
def _crds() -> list[Json]:
    """Build them once: that takes a tenth of a scenario, and nobody writes into them."""
    return build_crds()


def _kubeconfig(url: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": url}}],
            "users": [{"name": "me", "user": {"token": "a-token"}}],
            "contexts": [
                {"name": "here", "context": {"cluster": "here", "user": "me", "namespace": NAMESPACE}}
            ],
        }
    )
