"""Pods that start know what holds for streams before the operator has spoken to them."""

import asyncio
from pathlib import Path

import pytest

from audiocast_operator.app import Operator
from audiocast_operator.settings import OperatorSettings
from tests.operator.simulated.cluster import NAMESPACE, still_cluster
from tests.operator.simulated.pod import on_air


async def test_all_pods_are_replaced_while_the_operator_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with still_cluster(tmp_path, monkeypatch) as cluster:
        operator = Operator(OperatorSettings())
        pods = cluster.workloads.pods

        async def step(times: int) -> None:
            for _ in range(times):
                await asyncio.gather(*await operator.timer.tick())
                await cluster.workloads.settle()

        try:
            cluster.create_cast(replicas=2)
            for name, spec in (("news", {"keyGeneration": 3}), ("off", {"suspended": True}), ("plain", {})):
                cluster.create_stream(name, **spec)
            await step(3)
            pods["live-1"].streams["news"] = on_air("news", 1, "live-1", True) | {"generation": 3}
            # It sees the key in use, then writes it down.
            await step(2)
            before = set(map(id, pods.values()))
            for name in list(pods):
                cluster.store.delete("pods", NAMESPACE, name)
            await cluster.workloads.settle()
            assert len(pods) == 2
            assert not before & set(map(id, pods.values()))
            assert [pod.generations.get("news") for pod in pods.values()] == [3, 3]
            assert [pod.suspended for pod in pods.values()] == [{"off"}, {"off"}]
            assert not any("plain" in pod.generations for pod in pods.values())
            # What is no longer so is taken out, too.
            cluster.change("off", "streams", suspended=False)
            await step(1)
            text = cluster.store.get("configmaps", NAMESPACE, "live-rules")["data"]["streams"]
            assert text == "audiocast-rules 1\nnews 3\n"
        finally:
            await operator.close()
