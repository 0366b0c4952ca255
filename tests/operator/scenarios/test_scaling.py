"""Scaling in a simulated cluster: down only after a drain, which can be undone; and by listeners."""

from tests.operator.simulated.cluster import SimulatedCluster


async def test_scaling_down_drains_the_highest_first_one_after_the_other(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=4)
    await cluster.until_complete()
    for pod in cluster.workloads.pods.values():
        pod.listeners = 10
    cluster.change(replicas=2)
    await cluster.until(lambda: cluster.cast().get("drain", {}).get("listenersLeft") == 10)
    assert (cluster.cast()["drain"]["pod"], cluster.cast()["drain"]["reason"]) == ("live-3", "ScaleDown")
    await cluster.ticks()
    assert (cluster.replicas(), [pod.drain for pod in cluster.workloads.pods.values()]) == (
        4,
        ["no", "no", "no", "draining"],
    )
    cluster.workloads.pods["live-3"].finish_drain()
    await cluster.until(
        lambda: cluster.replicas() == 3 and cluster.workloads.pods["live-2"].drain == "draining"
    )
    cluster.workloads.pods["live-2"].finish_drain()
    await cluster.until_complete()
    gone = [(each.name, each.listeners, each.drained) for each in cluster.workloads.gone]
    assert gone == [("live-3", 0, True), ("live-2", 0, True)]
    assert {name: pod.listeners for name, pod in cluster.workloads.pods.items()} == {
        "live-0": 10,
        "live-1": 10,
    }


async def test_scaling_down_can_be_undone(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=3)
    await cluster.until_complete()
    last = cluster.workloads.pods["live-2"]
    last.listeners = 10
    cluster.change(replicas=2)
    await cluster.until(lambda: last.drain == "draining")
    cluster.change(replicas=3)
    await cluster.until_complete()
    assert (last.drain, last.listeners, cluster.replicas()) == ("no", 10, 3)
    assert cluster.workloads.gone == []
    assert ("DELETE", "/internal/drain") in last.asked


async def test_an_audience_that_grows_gets_pods_at_once(cluster: SimulatedCluster) -> None:
    cluster.create_cast(autoscaling={"minReplicas": 2, "maxReplicas": 4, "listenersPerPod": 100})
    await cluster.until_complete()
    assert cluster.replicas() == 2
    cluster.workloads.pods["live-0"].listeners = 250
    await cluster.until(lambda: cluster.replicas() == 3)
    cluster.workloads.pods["live-1"].listeners = 9000
    await cluster.until(lambda: cluster.replicas() == 4)
    await cluster.until_complete()
    assert cluster.cast()["autoscaling"] == {"recommendedReplicas": 4}


async def test_an_audience_that_shrinks_gives_pods_back_after_a_drain(cluster: SimulatedCluster) -> None:
    rules = {"minReplicas": 2, "maxReplicas": 4, "listenersPerPod": 100, "scaleDownDelaySeconds": 3600}
    cluster.create_cast(autoscaling=rules)
    await cluster.until_complete()
    cluster.workloads.pods["live-0"].listeners = 250
    await cluster.until(lambda: cluster.replicas() == 3 and len(cluster.workloads.pods) == 3)
    last = cluster.workloads.pods["live-2"]
    last.listeners = 20
    cluster.workloads.pods["live-0"].listeners = 40
    await cluster.until(lambda: "lowerSince" in cluster.cast().get("autoscaling", {}))
    await cluster.ticks()
    assert last.drain == "no"
    cluster.change(autoscaling={"scaleDownDelaySeconds": 0})
    await cluster.until(lambda: last.drain == "draining")
    # They come back: so does the pod.
    cluster.workloads.pods["live-1"].listeners = 200
    await cluster.until(lambda: last.drain == "no")
    cluster.workloads.pods["live-1"].listeners = 0
    await cluster.until(lambda: last.drain == "draining")
    last.finish_drain()
    # The StatefulSet's controller comes after the operator.
    await cluster.until(lambda: cluster.replicas() == 2 and bool(cluster.workloads.gone))
    assert [(each.name, each.drained) for each in cluster.workloads.gone] == [("live-2", True)]
