"""What makes pods of StatefulSets in a simulated Kubernetes: StatefulSet controller and kubelet in one.

As the real ones: stable names, `Parallel`, `OnDelete`, a revision per pod template, the highest ordinal goes
first. An image whose name holds "broken" crash-loops.
"""

import asyncio
import base64
import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from audiocast.rules_file import LINKS_SUFFIX, parse_rules
from audiocast.stream.hub_state import Rule
from tests.operator.simulated.eviction import is_ready
from tests.operator.simulated.pod import SimulatedPod
from tests.operator.simulated.store import Json, Store

MakePod = Callable[[str, tuple[str, ...], Callable[[], None]], SimulatedPod]


@dataclass(frozen=True, slots=True)
class Replaced:
    """A pod that has gone.

    Attributes:
        name: Name of the pod.
        listeners: Listeners that were connected when it was deleted.
        drained: The pod had been told to drain.
        others_ready: How many other pods were ready.
    """

    name: str
    listeners: int
    drained: bool
    others_ready: int


@dataclass
class Workloads:
    """Runs beside a store.

    Attributes:
        store: Where StatefulSets and pods are.
        pods: Processes, by name of their pod.
        gone: Pods that were deleted, in order.
        defaults: What new pods are made with.
        make: Makes a pod of its name, its secrets and what to call when it changes; None: a simulated one.
    """

    store: Store
    pods: dict[str, SimulatedPod] = field(default_factory=dict)
    gone: list[Replaced] = field(default_factory=list)
    defaults: dict[str, Any] = field(default_factory=dict)
    make: MakePod | None = None

    def __post_init__(self) -> None:
        self._hosts = (f"127.1.{a}.{b}" for a, b in itertools.product(range(1, 255), repeat=2))

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                await self.settle()
                await self.store.changed()
        finally:
            await self.close()

    async def settle(self) -> None:
        """Work until there is nothing to do."""
        version = -1
        while version != self.store.version:
            version = self.store.version
            ending = [each for each in self.store.all_of("pods") if each["metadata"].get("deletionTimestamp")]
            await asyncio.gather(*map(self._end, ending))
            self.sync()

    async def close(self) -> None:
        """End all processes."""
        for process in self.pods.values():
            await process.kill()

    def sync(self) -> None:
        """Bring all pods a step nearer to what the StatefulSets say."""
        for each in self.store.all_of("statefulsets"):
            self._sync_statefulset(each)
        owners = {each["metadata"]["uid"] for each in self.store.all_of("statefulsets")}
        for pod in self.store.all_of("pods"):
            # All others are somebody else's, and run on no node that is simulated.
            if _owner_uid(pod) in owners:
                self._sync_pod(pod)

    def _sync_statefulset(self, found: Json) -> None:
        metadata, spec = found["metadata"], found["spec"]
        namespace, revision = metadata["namespace"], _revision(spec["template"])
        names = [f"{metadata['name']}-{ordinal}" for ordinal in range(spec["replicas"])]
        for name in names:
            if self.store.find("pods", namespace, name) is None:
                self._begin(found, name, revision)
        mine = [pod for pod in self.store.all_of("pods", namespace) if _owner_uid(pod) == metadata["uid"]]
        for pod in mine:
            if pod["metadata"]["name"] not in names and not pod["metadata"].get("deletionTimestamp"):
                self.store.delete("pods", namespace, pod["metadata"]["name"])
        self.store.set_status(
            "statefulsets",
            namespace,
            metadata["name"],
            {
                "observedGeneration": metadata["generation"],
                "replicas": len(mine),
                "readyReplicas": sum(is_ready(pod) for pod in mine),
                "updateRevision": f"{metadata['name']}-{revision}",
            },
        )

    def _begin(self, owner: Json, name: str, revision: str) -> None:
        metadata, template = owner["metadata"], owner["spec"]["template"]
        is_broken = "broken" in template["spec"]["containers"][0]["image"]
        process = (self.make or self._simulated)(name, self._secrets(owner), self.store.wake)
        for stream_id, rule in self._rules(owner).items():
            process.hold_to(stream_id, rule)
        port = 1 if is_broken else process.start()
        spec = json.loads(json.dumps(template["spec"]))
        for each in spec["containers"][0]["ports"]:
            if each["name"] == "internal":
                each["containerPort"] = port
        self.store.create(
            "pods",
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": name,
                    "namespace": metadata["namespace"],
                    "labels": {
                        **template["metadata"]["labels"],
                        "apps.kubernetes.io/pod-index": name.rpartition("-")[2],
                        "statefulset.kubernetes.io/pod-name": name,
                        "controller-revision-hash": f"{metadata['name']}-{revision}",
                    },
                    "annotations": dict(template["metadata"]["annotations"]),
                    "ownerReferences": [
                        {
                            "apiVersion": "apps/v1",
                            "kind": "StatefulSet",
                            "name": metadata["name"],
                            "uid": metadata["uid"],
                            "controller": True,
                            "blockOwnerDeletion": True,
                        }
                    ],
                },
                "spec": spec,
            },
        )
        if not is_broken:
            self.pods[name] = process

    def _simulated(self, name: str, secrets: tuple[str, ...], on_change: Callable[[], None]) -> SimulatedPod:
        return SimulatedPod(name, next(self._hosts), secrets, on_change, **self.defaults)

    def _sync_pod(self, pod: Json) -> None:
        metadata = pod["metadata"]
        process = self.pods.get(metadata["name"])
        if process is None:
            state: Json = {"waiting": {"reason": "CrashLoopBackOff"}}
            ready = False
        else:
            state = {"running": {}}
            ready = process.is_ready and process.drain == "no"
        known = {each["type"]: each for each in pod.get("status", {}).get("conditions", [])}.get("Ready", {})
        word = "True" if ready else "False"
        since = known.get("lastTransitionTime") if known.get("status") == word else None
        since = since or datetime.now(UTC).isoformat()
        self.store.set_status(
            "pods",
            metadata["namespace"],
            metadata["name"],
            {
                "phase": "Running",
                "podIP": process.host if process else "127.1.0.1",
                "conditions": [{"type": "Ready", "status": word, "lastTransitionTime": since}],
                "containerStatuses": [
                    {
                        "name": "audiocast",
                        "image": "",
                        "imageID": "",
                        "ready": ready,
                        "restartCount": 0,
                        "state": state,
                    }
                ],
            },
        )

    async def _end(self, pod: Json) -> None:
        """Let a pod's process end; only then the pod is gone, and another one of its name may come."""
        metadata = pod["metadata"]
        process = self.pods.pop(metadata["name"], None)
        if process is not None:
            others = [each for each in self.store.all_of("pods") if each["metadata"]["name"] != process.name]
            self.gone.append(
                Replaced(process.name, process.listeners, process.drain != "no", sum(map(is_ready, others)))
            )
            await process.stop()
        self.store.remove("pods", metadata["namespace"], metadata["name"])

    def _rules(self, owner: Json) -> dict[str, Rule]:
        """Return the rules of streams that a pod reads at its start, from the ConfigMap that is mounted."""
        volumes = owner["spec"]["template"]["spec"].get("volumes", [])
        names = [each["configMap"]["name"] for each in volumes if "configMap" in each]
        found = [self.store.find("configmaps", owner["metadata"]["namespace"], name) for name in names]
        # Each entry becomes a file of its name: https://kubernetes.io/docs/concepts/configuration/configmap/
        # "Using ConfigMaps as files from a Pod".
        rules: dict[str, Rule] = {}
        for data in (each["data"] for each in found if each):
            [(name, text)] = [pair for pair in data.items() if not pair[0].endswith(LINKS_SUFFIX)]
            rules |= parse_rules(text.encode(), data.get(name + LINKS_SUFFIX, "").encode())
        return rules

    def _secrets(self, owner: Json) -> tuple[str, ...]:
        """Return the secrets that a pod is started with, as the kubelet looks them up."""
        environment = owner["spec"]["template"]["spec"]["containers"][0]["env"]
        [source] = [
            each["valueFrom"]["secretKeyRef"] for each in environment if each["name"] == "SECRET_KEYS"
        ]
        secret = self.store.get("secrets", owner["metadata"]["namespace"], source["name"])
        return tuple(base64.b64decode(secret["data"][source["key"]]).decode().split(","))


async def wait_until(holds: Any, timeout_seconds: float) -> None:
    """Wait for a condition, looking at it often.

    Raises:
        AssertionError: It did not come in time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    while not holds():
        assert loop.time() < deadline, "the condition did not come in time"
        await asyncio.sleep(0.02)


def _revision(template: Json) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def _owner_uid(pod: Json) -> str:
    owners = pod["metadata"].get("ownerReferences", [])
    return str(next((each["uid"] for each in owners if each.get("controller")), ""))
