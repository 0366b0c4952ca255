"""What goes wrong around the operator: API servers that refuse, dead watches, pods that do not answer."""

from pathlib import Path

import pytest

from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, simulated_cluster
from tests.operator.simulated.faults import Fault


@pytest.mark.parametrize("status", [409, 429, 500, 503])
async def test_an_api_server_that_fails_for_a_while_only_delays(
    cluster: SimulatedCluster, status: int
) -> None:
    cluster.api.faults += [
        Fault("PATCH", "/statefulsets/", status, times=2),
        Fault("PATCH", "/audiocasts/live/status", status, times=2),
        Fault("GET", "/statefulsets/", status, times=2),
        Fault("PATCH", "/secrets/", status, times=1, retry_after="1"),
    ]
    cluster.create_cast()
    await cluster.until_complete()
    assert [fault.times for fault in cluster.api.faults] == [0, 0, 0, 0]
    assert len(cluster.workloads.pods) == 3


async def test_a_disruption_budget_that_is_used_up_only_delays(cluster: SimulatedCluster) -> None:
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast(replicas=2)
    await cluster.until_complete()
    used_up = Fault("POST", "/eviction$", 429, times=3)
    cluster.api.faults.append(used_up)
    cluster.change(image="audiocast:2")
    await cluster.until_complete()
    assert (used_up.times, len(cluster.workloads.gone)) == (0, 2)
    assert set(cluster.images().values()) == {"audiocast:2"}


async def test_a_missing_permission_is_told_and_asked_for_again(cluster: SimulatedCluster) -> None:
    forever = Fault("PATCH", "/services/", 403, times=1_000_000)
    cluster.api.faults.append(forever)
    cluster.create_cast()
    await cluster.until(lambda: cluster.condition("Degraded") == ("True", "Refused"))
    [message] = [each["message"] for each in cluster.cast()["conditions"] if each["type"] == "Degraded"]
    assert "apply Service live: 403" in message
    cluster.api.faults.clear()
    await cluster.until_complete()
    assert cluster.condition("Degraded") == ("False", "AsWanted")


async def test_a_cluster_without_the_operator_of_prometheus_has_its_pods(cluster: SimulatedCluster) -> None:
    cluster.api.absent = frozenset({"monitoring.coreos.com/v1"})
    cluster.create_cast()
    await cluster.until_complete()
    assert len(cluster.workloads.pods) == 3
    assert cluster.condition("Degraded") == ("False", "AsWanted")


async def test_watches_that_died_silently_cost_a_tick(cluster: SimulatedCluster) -> None:
    cluster.create_cast()
    await cluster.until_complete()
    cluster.api.frozen = True
    cluster.change(replicas=4)
    await cluster.until_complete()
    assert len(cluster.workloads.pods) == 4


async def test_what_is_created_behind_dead_watches_is_found(cluster: SimulatedCluster) -> None:
    cluster.api.frozen = True
    cluster.create_cast()
    cluster.create_stream("news")
    await cluster.until_complete()
    await cluster.until(lambda: cluster.stream("news").get("phase") == "Offline")
    assert len(cluster.workloads.pods) == 3


async def test_without_its_timer_it_lives_from_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulated_cluster(tmp_path, monkeypatch, tick_seconds=300) as cluster:
        cluster.create_cast()
        await cluster.until_complete()
        cluster.change(replicas=2)
        await cluster.until_complete()
        assert len(cluster.workloads.pods) == 2
        await cluster.until_quiet()
        cluster.create_stream("news")
        await cluster.until(lambda: cluster.store.find("secrets", NAMESPACE, "news-ingest") is not None)


async def test_nobody_is_replaced_while_a_pod_does_not_answer(cluster: SimulatedCluster) -> None:
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast()
    await cluster.until_complete()
    cluster.workloads.pods["live-0"].is_silent = True
    await cluster.until(lambda: cluster.condition("Degraded") == ("True", "NoAnswer"))
    cluster.change(image="audiocast:2")
    await cluster.ticks()
    assert cluster.workloads.gone == []
    cluster.workloads.pods["live-0"].is_silent = False
    await cluster.until_complete()
    assert len(cluster.workloads.gone) == 3
