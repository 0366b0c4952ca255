"""A place on a real cluster: kubectl asks and changes, and a port of loopback leads to each pod."""

import json
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from audiocast_operator.names import selector_labels
from tests.e2e.cluster import Cluster
from tests.e2e.forward import Forward
from tests.e2e.operated.place import Json
from tests.e2e.release import PUBLIC_PORT

# Listeners and the encoder look for servers often; a look costs the API server a request.
SEEN_SECONDS = 0.5

GROUP = "audiocast.dev"
OWN = ("audiocasts", "streams")


class KubectlPlace:
    """Leads to pods while the `with` block runs.

    Args:
        cluster: Where.
        images: Two images of the server.
    """

    def __init__(self, cluster: Cluster, images: tuple[str, str]) -> None:
        self.namespace = cluster.namespace
        self.images = images
        self._cluster = cluster
        self._lock = threading.Lock()
        self._forwards: dict[str, Forward] = {}
        self._seen: dict[str, int] = {}
        self._seen_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for forward in self._forwards.values():
            forward.close()

    def create(self, plural: str, manifest: Json) -> None:
        """See `Place`."""
        self._cluster.create(manifest)

    def find(self, plural: str, name: str) -> Json | None:
        """See `Place`."""
        said = self._cluster.kubectl("get", _full(plural), name, "--ignore-not-found", "--output=json")
        found: Json | None = json.loads(said) if said.strip() else None
        return found

    def change(self, plural: str, name: str, spec: Json) -> None:
        """See `Place`."""
        patch = json.dumps({"spec": spec})
        self._cluster.kubectl("patch", _full(plural), name, "--type=merge", f"--patch={patch}")

    def delete(self, plural: str, name: str) -> None:
        """See `Place`."""
        self._cluster.kubectl("delete", _full(plural), name, "--wait=false")

    def pods(self, cast: str) -> Mapping[str, Json]:
        """See `Place`."""
        selector = ",".join(f"{label}={value}" for label, value in selector_labels(cast).items())
        found = self._cluster.get("pods", f"--selector={selector}")
        return {each["metadata"]["name"]: each for each in found["items"]}

    def ways(self, cast: str) -> Mapping[str, int]:
        """See `Place`."""
        with self._lock:
            if time.monotonic() - self._seen_at > SEEN_SECONDS:
                ready = [name for name, pod in self.pods(cast).items() if _is_ready(pod)]
                self._seen = {name: self._way_to(name) for name in ready}
                self._seen_at = time.monotonic()
            return self._seen

    def _way_to(self, pod: str) -> int:
        """Return the port that leads to a pod; it leads to the next pod of that name as well."""
        if pod not in self._forwards:
            self._forwards[pod] = Forward(self._cluster, f"pod/{pod}", PUBLIC_PORT).__enter__()
        return self._forwards[pod].port


def _full(plural: str) -> str:
    return f"{plural}.{GROUP}" if plural in OWN else plural


def _is_ready(pod: Json) -> bool:
    conditions = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True" and not pod["metadata"].get("deletionTimestamp")
