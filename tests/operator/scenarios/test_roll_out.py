"""Roll-outs in a simulated cluster: nobody's listener is cut, and a bad image stops at its first pod."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.operator.simulated.cluster import SimulatedCluster

LISTENERS = {"live-0": 20, "live-1": 5, "live-2": 30}


async def with_listeners(cluster: SimulatedCluster, **spec: Any) -> None:
    """Begin with three pods that have listeners, and lose them when they are asked to."""
    cluster.create_cast(replicas=3, **spec)
    await cluster.until_complete()
    for name, count in LISTENERS.items():
        cluster.workloads.pods[name].listeners = count
    cluster.workloads.defaults["drains_at_once"] = True
    await cluster.until(lambda: cluster.cast()["listeners"] == sum(LISTENERS.values()))


def finish_drain(cluster: SimulatedCluster) -> None:
    for pod in cluster.workloads.pods.values():
        pod.drains_at_once = True
        if pod.drain == "draining":
            pod.finish_drain()


async def test_fewest_listeners_first_and_each_is_drained_before(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster)
    finish_drain(cluster)
    cluster.change(image="audiocast:2")
    await cluster.until_complete()
    gone = cluster.workloads.gone
    assert [each.name for each in gone] == ["live-1", "live-0", "live-2"]
    # Every pod that went was empty, and all others were ready.
    assert [(each.listeners, each.drained, each.others_ready) for each in gone] == [(0, True, 2)] * 3
    assert set(cluster.images().values()) == {"audiocast:2"}
    assert (cluster.cast()["updatedReplicas"], cluster.cast().get("drain")) == (3, None)


async def test_by_ordinal_the_highest_is_first(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster, drain={"strategy": "Ordinal"})
    finish_drain(cluster)
    cluster.change(image="audiocast:2")
    await cluster.until_complete()
    assert [each.name for each in cluster.workloads.gone] == ["live-2", "live-1", "live-0"]


async def test_a_pod_stays_while_it_has_listeners(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster)
    cluster.change(image="audiocast:2")
    await cluster.until(lambda: cluster.cast().get("drain", {}).get("listenersLeft") == 5)
    cluster.workloads.pods["live-1"].listeners = 3
    await cluster.until(lambda: cluster.cast()["drain"]["listenersLeft"] == 3)
    assert cluster.condition("Draining") == ("True", "RollOut")
    assert cluster.condition("Progressing") == ("True", "RollOut")
    await cluster.ticks()
    assert cluster.workloads.gone == []
    assert [pod.drain for pod in cluster.workloads.pods.values()] == ["no", "draining", "no"]
    finish_drain(cluster)
    await cluster.until_complete()


async def test_the_next_waits_until_all_are_ready(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster)
    finish_drain(cluster)
    cluster.workloads.defaults["is_ready"] = False
    cluster.change(image="audiocast:2")
    await cluster.until(lambda: len(cluster.workloads.gone) == 1 and "live-1" in cluster.workloads.pods)
    await cluster.ticks(5)
    assert [each.name for each in cluster.workloads.gone] == ["live-1"]
    cluster.workloads.defaults["is_ready"] = True
    cluster.workloads.pods["live-1"].is_ready = True
    cluster.store.wake()
    await cluster.until_complete()
    assert len(cluster.workloads.gone) == 3


async def test_the_next_waits_until_views_agree(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster)
    finish_drain(cluster)
    cluster.workloads.pods["live-2"].view = "another"
    cluster.change(image="audiocast:2")
    await cluster.until(lambda: cluster.cast()["viewsAgree"] is False)
    await cluster.ticks()
    assert cluster.workloads.gone == []
    cluster.workloads.pods["live-2"].view = "same"
    await cluster.until_complete()
    assert len(cluster.workloads.gone) == 3


async def test_a_revision_that_crash_loops_stops_at_its_first_pod(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster)
    finish_drain(cluster)
    cluster.change(image="broken:2")
    await cluster.until(lambda: cluster.condition("Degraded") == ("True", "RollOutStopped"))
    await cluster.ticks(5)
    assert [each.name for each in cluster.workloads.gone] == ["live-1"]
    assert cluster.condition("Available") == ("True", "Serving")
    assert cluster.condition("Progressing") == ("False", "Stopped")
    assert {name: pod.listeners for name, pod in cluster.workloads.pods.items()} == {
        "live-0": 20,
        "live-2": 30,
    }
    # The way back replaces the broken pod alone: the others still are of the old revision.
    cluster.change(image="audiocast:1")
    await cluster.until_complete()
    assert [each.name for each in cluster.workloads.gone] == ["live-1"]
    assert sorted(cluster.images().values()) == ["audiocast:1"] * 3
    assert cluster.condition("Degraded") == ("False", "AsWanted")


async def test_a_better_image_goes_on_where_the_bad_one_stopped(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster)
    finish_drain(cluster)
    cluster.change(image="broken:2")
    await cluster.until(lambda: cluster.condition("Degraded") == ("True", "RollOutStopped"))
    cluster.change(image="audiocast:3")
    await cluster.until_complete()
    assert set(cluster.images().values()) == {"audiocast:3"}
    assert all(each.listeners == 0 for each in cluster.workloads.gone)


async def test_a_drain_is_undone_when_its_change_is_taken_back(cluster: SimulatedCluster) -> None:
    await with_listeners(cluster)
    cluster.change(image="audiocast:2")
    await cluster.until(lambda: cluster.workloads.pods["live-1"].drain == "draining")
    cluster.change(image="audiocast:1")
    await cluster.until(lambda: cluster.workloads.pods["live-1"].drain == "no")
    await cluster.until_complete()
    assert cluster.workloads.gone == []
    assert cluster.cast()["listeners"] == sum(LISTENERS.values())


async def test_outside_the_window_nobody_is_drained(cluster: SimulatedCluster) -> None:
    now = datetime.now(UTC)
    later = (now + timedelta(hours=6)).strftime("%H:%M")
    much_later = (now + timedelta(hours=7)).strftime("%H:%M")
    await with_listeners(cluster, drain={"window": {"start": later, "end": much_later}})
    finish_drain(cluster)
    cluster.change(image="audiocast:2")
    await cluster.until(lambda: cluster.condition("Progressing") == ("True", "RollOut"))
    await cluster.ticks()
    assert cluster.workloads.gone == []
    cluster.change(drain={"window": None})
    await cluster.until_complete()
    assert len(cluster.workloads.gone) == 3


async def test_a_single_pod_is_replaced_without_a_drain(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1)
    await cluster.until_complete()
    cluster.workloads.pods["live-0"].listeners = 4
    cluster.change(image="audiocast:2")
    await cluster.until_complete()
    assert [(each.name, each.drained) for each in cluster.workloads.gone] == [("live-0", False)]
