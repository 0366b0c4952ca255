"""An AudioCast in a simulated cluster: created, scaled up, changed, put right, deleted."""

from typing import Any

from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster

CHILDREN = (
    "httproutes",
    "ingresses",
    "networkpolicies",
    "pods",
    "poddisruptionbudgets",
    "podmonitors",
    "secrets",
    "serviceaccounts",
    "services",
    "statefulsets",
)


ROUTE = {"parentRefs": [{"name": "public"}], "hostnames": ["radio.example.org"]}


def children(cluster: SimulatedCluster) -> dict[str, list[str]]:
    found = {
        plural: [each["metadata"]["name"] for each in cluster.store.all_of(plural)] for plural in CHILDREN
    }
    return {plural: names for plural, names in found.items() if names}


async def test_an_audiocast_becomes_pods_and_what_they_need(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=3)
    await cluster.until_complete()
    assert children(cluster) == {
        "networkpolicies": ["live"],
        "pods": ["live-0", "live-1", "live-2"],
        "poddisruptionbudgets": ["live"],
        "secrets": ["live-keys"],
        "services": ["live", "live-peers"],
        "statefulsets": ["live"],
    }
    status = cluster.cast()
    assert (status["ready"], status["replicas"], status["viewsAgree"]) == ("3/3", 3, True)
    assert cluster.condition("Available") == ("True", "Serving")
    assert cluster.condition("Degraded") == ("False", "AsWanted")
    labels = dict(pair.split("=") for pair in status["selector"].split(","))
    assert len(cluster.store.all_of("pods", NAMESPACE, labels)) == 3


async def test_a_deleted_audiocast_leaves_nothing(cluster: SimulatedCluster) -> None:
    cluster.create_cast(
        ingress={"host": "radio.example.org"},
        httpRoute=ROUTE,
        serviceAccount={},
        monitoring={"podMonitor": True},
    )
    await cluster.until_complete()
    assert set(children(cluster)) == set(CHILDREN)
    assert "finalizers" not in cluster.store.get("audiocasts", NAMESPACE, "live")["metadata"]
    cluster.store.delete("audiocasts", NAMESPACE, "live")
    await cluster.until(lambda: children(cluster) == {})
    await cluster.ticks()
    assert children(cluster) == {}


async def test_more_replicas_are_there_at_once(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=2)
    await cluster.until_complete()
    cluster.change(replicas=4)
    await cluster.until_complete()
    assert sorted(cluster.workloads.pods) == ["live-0", "live-1", "live-2", "live-3"]
    assert cluster.workloads.gone == []


async def test_a_child_that_is_no_longer_wanted_goes(cluster: SimulatedCluster) -> None:
    cluster.create_cast(ingress={"host": "radio.example.org"}, httpRoute=ROUTE, serviceAccount={})
    await cluster.until_complete()
    optional = {"ingresses", "networkpolicies", "httproutes", "serviceaccounts"}
    assert optional < children(cluster).keys()
    cluster.change(
        ingress=None, networkPolicy={"enabled": False}, httpRoute=None, serviceAccount={"name": "mine"}
    )
    await cluster.until(lambda: not optional & children(cluster).keys())
    assert "services" in children(cluster)


async def test_somebody_elses_object_of_that_name_stays(cluster: SimulatedCluster) -> None:
    theirs = {"metadata": {"name": "live", "namespace": NAMESPACE}, "spec": {"rules": []}}
    cluster.store.create("ingresses", theirs)
    cluster.create_cast()
    await cluster.until_complete()
    await cluster.ticks()
    assert children(cluster)["ingresses"] == ["live"]


async def test_what_somebody_changes_is_put_right(cluster: SimulatedCluster) -> None:
    cluster.create_cast()
    await cluster.until_complete()
    cluster.store.patch("services", NAMESPACE, "live", {"spec": {"type": "NodePort"}}, False)
    cluster.store.delete("services", NAMESPACE, "live-peers")

    def is_right() -> bool:
        service = cluster.store.get("services", NAMESPACE, "live")
        return service["spec"]["type"] == "ClusterIP" and "live-peers" in children(cluster)["services"]

    await cluster.until(is_right)


async def test_two_audiocasts_do_not_meet(cluster: SimulatedCluster) -> None:
    cluster.create_cast("one", replicas=1)
    cluster.create_cast("two", replicas=2)
    await cluster.until_complete("one")
    await cluster.until_complete("two")
    assert sorted(cluster.workloads.pods) == ["one-0", "two-0", "two-1"]
    cluster.store.delete("audiocasts", NAMESPACE, "one")
    await cluster.until(lambda: sorted(cluster.workloads.pods) == ["two-0", "two-1"])


async def test_no_pods_are_a_wish_too(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=2)
    await cluster.until_complete()
    cluster.change(replicas=0)
    await cluster.until_complete()
    assert cluster.workloads.pods == {}
    assert cluster.condition("Available") == ("False", "ScaledToZero")


async def test_a_spec_that_cannot_be_is_told_and_nothing_changes(cluster: SimulatedCluster) -> None:
    cluster.create_cast()
    await cluster.until_complete()
    cluster.change(
        drain={"window": {"start": "01:00", "end": "02:00", "timeZone": "Mars/Olympus"}}, image="audiocast:2"
    )
    await cluster.until(lambda: cluster.condition("Degraded") == ("True", "BadSpec"))
    [message] = [each["message"] for each in cluster.cast()["conditions"] if each["type"] == "Degraded"]
    assert "Mars/Olympus" in message
    assert cluster.workloads.gone == []
    cluster.change(drain={"window": None})
    await cluster.until_complete()
    assert set(cluster.images().values()) == {"audiocast:2"}


async def test_a_paused_audiocast_is_left_alone_and_still_told_of(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=3)
    await cluster.until_complete()
    cluster.change(paused=True, image="audiocast:2", replicas=1, secret={"generation": 2})
    await cluster.until(lambda: cluster.condition("Progressing") == ("False", "Paused"))
    cluster.workloads.pods["live-1"].listeners = 7
    await cluster.until(lambda: cluster.cast()["listeners"] == 7)
    assert (cluster.replicas(), cluster.workloads.gone) == (3, [])
    assert set(cluster.images().values()) == {"audiocast:1"}
    assert all(pod.drain == "no" for pod in cluster.workloads.pods.values())
    assert cluster.cast()["secret"] == {"generation": 1, "step": "Steady"}
    cluster.workloads.pods["live-1"].listeners = 0
    cluster.change(paused=False)
    await cluster.until_complete()
    assert cluster.images() == {"live-0": "audiocast:2"}


async def test_every_right_is_used(cluster: SimulatedCluster) -> None:
    cluster.workloads.defaults["drains_at_once"] = True
    everything: dict[str, Any] = {"ingress": {"host": "a"}, "httpRoute": ROUTE, "serviceAccount": {}}
    cluster.create_cast(replicas=1, **everything, monitoring={"podMonitor": True})
    cluster.create_stream("news")
    await cluster.until_complete()
    cluster.change(image="audiocast:2")
    await cluster.until(lambda: len(cluster.workloads.gone) == 1)
    nothing: dict[str, Any] = dict.fromkeys(everything)
    cluster.change(**nothing, networkPolicy={"enabled": False}, monitoring={"podMonitor": False})
    optional = {"ingresses", "httproutes", "networkpolicies", "podmonitors", "serviceaccounts"}
    await cluster.until(lambda: not optional & children(cluster).keys())
    account = cluster.api.permissions
    granted = {
        (group, resource, verb)
        for rule in account.rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted - account.used == set()
