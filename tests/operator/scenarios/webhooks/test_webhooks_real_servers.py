"""A Stream's webhook on real servers: it is told of that Stream alone, and comes and goes while they run."""

import base64
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest

from audiocast_operator.names import WEBHOOK_ANNOTATION, WEBHOOKS_FILE
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, simulated_cluster
from tests.operator.simulated.real_pod import RealPod, RealPods
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.webhooks.receiver import SECRET, Receiver

pytestmark = pytest.mark.realtime

SECONDS = 40.0


def entry(cluster: SimulatedCluster, name: str, key: str) -> str:
    found = cluster.store.find("secrets", NAMESPACE, name)
    return base64.b64decode(found["data"][key]).decode() if found else ""


async def mount(cluster: SimulatedCluster, path: Path, *, having: bool) -> None:
    """Wait until the operator has written the targets, and bring them to the pods, as the kubelet does."""

    def text() -> str:
        return entry(cluster, "live-stream-webhooks", WEBHOOKS_FILE)

    await cluster.until(lambda: ("news" in text()) == having, SECONDS)
    fresh = path.with_suffix(".new")
    fresh.write_text(text())
    fresh.replace(path)


async def test_a_stream_tells_its_own_receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / WEBHOOKS_FILE
    make = RealPods(tmp_path, WEBHOOK_TARGETS_FILE=str(path), WEBHOOK_ALLOW_PRIVATE="127.0.0.1")
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver())
        async with simulated_cluster(tmp_path, monkeypatch, make=make) as cluster:
            data = {"url": receiver.url, "secret": SECRET}
            cluster.store.create(
                "secrets",
                {
                    "metadata": {
                        "name": "hooks",
                        "namespace": NAMESPACE,
                        "annotations": {WEBHOOK_ANNOTATION: "true"},
                    },
                    "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
                },
            )
            cluster.create_cast(replicas=2)
            hook = {
                "id": "crm",
                "urlSecretRef": {"name": "hooks", "key": "url"},
                "secretRef": {"name": "hooks", "key": "secret"},
            }
            cluster.create_stream("news", webhooks=[hook])
            cluster.create_stream("late")
            await cluster.until_complete(seconds=SECONDS)
            pods = [cast(RealPod, pod) for pod in cluster.workloads.pods.values()]
            await mount(cluster, path, having=True)
            for name in ("news", "late"):
                key = entry(cluster, f"{name}-ingest", "key")
                url = f"{pods[1].server.base}/ingest/{name}?key={key}"
                stack.enter_context(PacedSource(url, numbered_audio(seconds=120)))
            await cluster.until(lambda: "stream.live" in receiver.told("news"), SECONDS)
            cluster.change("news", "streams", webhooks=None)
            await mount(cluster, path, having=False)
            assert receiver.of("late") == []
            logs = "".join(pod.server.log.read_text() for pod in pods)
            await cluster.until(
                lambda: all(
                    [each["event"] for each in pod.server.events()].count("webhook_targets_read") >= 3
                    for pod in pods
                )
            )
            assert "query-token" not in logs + cluster.output
            assert SECRET not in logs + cluster.output
            assert {id(pod) for pod in cluster.workloads.pods.values()} == {id(pod) for pod in pods}
    assert "Traceback" not in cluster.output
