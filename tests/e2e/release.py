"""The chart, installed in a namespace: what it is installed with, and its pods."""

import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audiocast.cluster.ring import order
from tests.e2e.cluster import WAIT_SECONDS, Cluster
from tests.e2e.forward import Forward
from tests.e2e.image import Image

# Of the release, and so of the chart's objects.
NAME = "audiocast"

# Half of it is for encoders that leave by themselves: a streamer looks every two seconds.
DRAIN_SECONDS = 20

# Between two looks at whether pods are gone.
GONE_SECONDS = 0.5

SERVICE_PORT = 80
PUBLIC_PORT = 8000
INSTANCE = f"app.kubernetes.io/instance={NAME}"
PODS = f"{INSTANCE},app.kubernetes.io/component=server"


def values(image: Image, *, token: str, replicas: int) -> dict[str, Any]:
    """Give the chart's values: few, so that what is tried is what `helm install` gives."""
    return {
        "image": image.values,
        "replicas": replicas,
        "secret": {"apiTokens": [token]},
        "drain": {"timeoutSeconds": DRAIN_SECONDS, "preStopSeconds": 2},
        # Small clusters are clusters too.
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    }


def stream_id_for(owner: str, pods: Sequence[str]) -> str:
    """Give a new stream's id that a pod will own."""
    while True:
        stream_id = f"e2e-{secrets.token_hex(6)}"
        if order(stream_id, pods)[0] == owner:
            return stream_id


class Release:
    """One, in a cluster's namespace.

    Args:
        cluster: Where.
        chart: Folder or address of the chart.
        folder: For its values, which hold a token.
    """

    def __init__(self, cluster: Cluster, chart: str, folder: Path) -> None:
        self.cluster = cluster
        self.token = secrets.token_urlsafe(24)
        self._chart = chart
        self._values = folder / "values.json"

    def install(self, image: Image, *, replicas: int) -> None:
        """Install it, or make it what is said here; returns when all pods are ready."""
        self._values.write_text(json.dumps(values(image, token=self.token, replicas=replicas)))
        self.cluster.helm("upgrade", NAME, self._chart, "--install", f"--values={self._values}", "--wait")
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until all pods are ready, and are what was said last: Helm waits for some of them only."""
        target, timeout = f"statefulset/{NAME}", f"--timeout={WAIT_SECONDS}s"
        self.cluster.kubectl("rollout", "status", target, timeout, seconds=WAIT_SECONDS + 10)

    def test(self) -> str:
        """Run `helm test`; give what it prints."""
        return self.cluster.helm("test", NAME, "--logs")

    def uninstall(self) -> None:
        """Uninstall it; returns when all pods are gone. Helm 4 says that all is deleted while they drain."""
        self.cluster.helm("uninstall", NAME, "--wait")
        deadline = time.monotonic() + WAIT_SECONDS
        while left := self.pods():
            assert time.monotonic() < deadline, f"expected no pods {WAIT_SECONDS} s after, got {sorted(left)}"
            time.sleep(GONE_SECONDS)

    def pods(self) -> dict[str, dict[str, Any]]:
        """Give the servers' pods, by name."""
        found = self.cluster.get("pods", f"--selector={PODS}")
        return {each["metadata"]["name"]: each for each in found["items"]}

    def uids(self) -> set[str]:
        """Give what tells the pods of now from those of before."""
        return {pod["metadata"]["uid"] for pod in self.pods().values()}

    def way_in(self) -> Forward:
        """Give a way to the Service, as the chart makes it."""
        return Forward(self.cluster, f"service/{NAME}", SERVICE_PORT)

    def way_to(self, pod: str) -> Forward:
        """Give a way to one pod's public port."""
        return Forward(self.cluster, f"pod/{pod}", PUBLIC_PORT)
