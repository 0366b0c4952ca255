"""A stream that its broadcaster has ended stays ended, whichever pods there are, until it is begun anew."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import requests

from audiocast_operator.reconcile.stream_reconciler import STATUS_SECONDS
from tests.operator.scenarios.ticking import Ticking
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, still_cluster
from tests.operator.simulated.pod import SimulatedPod, on_air
from tests.operator.simulated.real_pod import RealPod, RealPods

TOKEN = "the-token-of-the-station"
ENDED_AT = 1_764_000_000.0


@pytest.fixture
async def still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimulatedCluster]:
    async with still_cluster(tmp_path, monkeypatch) as cluster:
        yield cluster


async def replace_all(cluster: SimulatedCluster) -> list[SimulatedPod]:
    """Replace all pods at once; give the new ones."""
    before = set(map(id, cluster.workloads.pods.values()))
    for name in list(cluster.workloads.pods):
        cluster.store.delete("pods", NAMESPACE, name)
    await cluster.workloads.settle()
    pods = list(cluster.workloads.pods.values())
    assert not before & set(map(id, pods))
    return pods


def rules(cluster: SimulatedCluster) -> list[str]:
    text = str(cluster.store.get("configmaps", NAMESPACE, "live-rules")["data"]["streams"])
    return text.splitlines()[1:]


async def test_an_end_is_written_down_and_taken_back_when_the_stream_begins_anew(
    still: SimulatedCluster,
) -> None:
    operator, pods = Ticking(still), still.workloads.pods
    try:
        still.create_cast(replicas=2)
        still.create_stream("news")
        for _ in range(3):
            await operator.step()
        writes = still.store.status_writes["streams", NAMESPACE, "news"]
        pods["live-0"].note_end("news", 1, ENDED_AT)
        pods["live-0"].note_end("no-stream-of-ours", 1, ENDED_AT)
        await operator.step(STATUS_SECONDS)
        # All that there is of it in one write, and all pods know at once.
        assert still.store.status_writes["streams", NAMESPACE, "news"] == writes + 1
        assert still.stream("news")["ended"] == {"at": "2025-11-24T16:00:00Z", "keyGeneration": 1}
        assert [pod.ended for pod in pods.values()] == [{"news"}, {"news"}]
        await operator.step()
        assert rules(still) == ["news 0 ended"]
        # Nobody who saw it is left, neither pods nor operator.
        new = await replace_all(still)
        assert [pod.ended for pod in new] == [{"news"}, {"news"}]
        await operator.restart()
        await operator.step()
        assert rules(still) == ["news 0 ended"]
        # The stream is begun anew at one of them, and the other one is told.
        pods["live-1"].note_end("news", 1, ENDED_AT + 3600, reopened=True)
        pods["live-1"].streams["news"] = on_air("news", 1, "live-1", True)
        await operator.step(STATUS_SECONDS)
        assert [pod.ended for pod in pods.values()] == [set(), set()]
        assert "ended" not in still.stream("news")
        assert still.stream("news")["phase"] == "Live"
        await operator.step()
        assert rules(still) == []
    finally:
        await operator.close()


async def test_an_operator_that_was_away_does_not_end_what_was_begun_anew(still: SimulatedCluster) -> None:
    operator, pods = Ticking(still), still.workloads.pods
    try:
        still.create_cast(replicas=2)
        still.create_stream("news")
        await operator.step()
        still.store.set_status(
            "streams",
            NAMESPACE,
            "news",
            {"phase": "Offline", "ended": {"at": "2025-11-24T16:00:00Z", "keyGeneration": 1}},
        )
        for pod in pods.values():
            pod.note_end("news", 1, ENDED_AT + 60, reopened=True)
        pods["live-0"].streams["news"] = on_air("news", 1, "live-0", True)
        asked = {name: len(pod.asked) for name, pod in pods.items()}
        await operator.step()
        assert pods["live-0"].streams.keys() == {"news"}
        assert not any(pod.ended for pod in pods.values())
        told = {name: pod.asked[asked[name] :] for name, pod in pods.items()}
        assert all(("GET", "/internal/streams") in each for each in told.values())
        # One that has started since, and has read that it is ended, is told that it is not.
        pods["live-1"].ended.add("news")
        still.store.set_status(
            "streams",
            NAMESPACE,
            "news",
            {"phase": "Offline", "ended": {"at": "2025-11-24T16:00:00Z", "keyGeneration": 1}},
        )
        await operator.restart()
        await operator.step()
        assert not any(pod.ended for pod in pods.values())
    finally:
        await operator.close()


async def test_servers_refuse_what_was_ended_after_all_of_them_were_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def error(pod: SimulatedPod, key: str) -> str:
        """Send no audio at all; what is refused says whether it would have been taken."""
        url = f"{cast(RealPod, pod).server.base}/ingest/news"
        return str(requests.post(url, params={"key": key}, data=b"", timeout=60).json()["error"])

    def end(pod: SimulatedPod, key: str) -> None:
        url = f"{cast(RealPod, pod).server.base}/api/streams/news"
        answer = requests.delete(url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        assert answer.status_code == 204

    def begin_anew(pod: SimulatedPod) -> None:
        url = f"{cast(RealPod, pod).server.base}/api/start"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert requests.post(url, json={"id": "news"}, headers=headers, timeout=60).status_code == 201

    make = RealPods(tmp_path, API_TOKENS=TOKEN)
    async with still_cluster(tmp_path, monkeypatch, make=make) as cluster:
        operator = Ticking(cluster)

        def key() -> str:
            return base64.b64decode(
                cluster.store.get("secrets", NAMESPACE, "news-ingest")["data"]["key"]
            ).decode()

        async def errors(pods: list[SimulatedPod], key: str) -> set[str]:
            return {await asyncio.to_thread(error, pod, key) for pod in pods}

        try:
            cluster.create_cast(replicas=2)
            cluster.create_stream("news")
            for _ in range(3):
                await operator.step()
            first, pods = key(), list(cluster.workloads.pods.values())
            assert await errors(pods, first) == {"no_audio"}
            await asyncio.to_thread(end, pods[0], first)
            for _ in range(2):
                await operator.step()
            assert await errors(pods, first) == {"stream_ended"}
            pods = await replace_all(cluster)
            assert await errors(pods, first) == {"stream_ended"}, "before the operator has spoken to them"
            await operator.step()
            await asyncio.to_thread(begin_anew, pods[1])
            await operator.step()
            assert await errors(pods, first) == {"no_audio"}
            # The other way: a newer key.
            await asyncio.to_thread(end, pods[1], first)
            await operator.step()
            assert await errors(pods, first) == {"stream_ended"}
            cluster.change("news", "streams", keyGeneration=2)
            await operator.step()
            assert await errors(pods, key()) == {"no_audio"}
            assert await errors(pods, first) == {"bad_key"}
        finally:
            await operator.close()
