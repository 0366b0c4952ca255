"""What an AudioCast adds to its pods reaches them, and what the cluster does not take holds nothing else."""

from typing import Any

from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster

ROUTE = {"parentRefs": [{"name": "public"}]}
POD: dict[str, Any] = {
    "securityContext": {"fsGroup": 2000},
    "env": [{"name": "GREETING", "value": "hello"}],
    "envFrom": [{"configMapRef": {"name": "more"}}],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    "initContainers": [{"name": "wait", "image": "busybox:1"}],
    "containers": [{"name": "idle", "image": "busybox:1", "ports": [{"containerPort": 9000}]}],
    "tolerations": [{"key": "audio", "operator": "Exists"}],
    "topologySpread": {"enabled": False},
}


def degraded(cluster: SimulatedCluster) -> tuple[str, str]:
    told = {each["type"]: each for each in cluster.cast().get("conditions", [])}
    return (told["Degraded"]["reason"], told["Degraded"]["message"]) if told else ("", "")


async def test_what_is_added_reaches_the_pods(cluster: SimulatedCluster) -> None:
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast(replicas=1)
    await cluster.until_complete()
    cluster.change(pod=POD, serviceAccount={"token": True}, commonLabels={"team": "radio"})
    await cluster.until_complete()
    assert [each.name for each in cluster.workloads.gone] == ["live-0"]
    [pod] = cluster.store.all_of("pods", NAMESPACE)
    spec = pod["spec"]
    assert [each["name"] for each in spec["containers"]] == ["audiocast", "idle"]
    assert [each["name"] for each in spec["initContainers"]] == ["wait"]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("live", True)
    assert {"name": "GREETING", "value": "hello"} in spec["containers"][0]["env"]
    assert not spec["topologySpreadConstraints"]
    for plural in ("statefulsets", "services", "serviceaccounts"):
        assert cluster.store.get(plural, NAMESPACE, "live")["metadata"]["labels"]["team"] == "radio"
    # Labels of objects are not those of pods, or they would roll with them.
    assert "team" not in pod["metadata"]["labels"]


async def test_a_pod_that_the_cluster_does_not_take_is_told_and_the_others_stay(
    cluster: SimulatedCluster,
) -> None:
    cluster.create_cast(replicas=2)
    await cluster.until_complete()
    before = cluster.images()
    misspelt = {"name": "idle", "image": "busybox:1", "comand": ["sleep"]}
    cluster.change(pod={"containers": [misspelt]}, service={"port": 8080})
    await cluster.until(lambda: degraded(cluster)[0] == "Refused" and "comand" in degraded(cluster)[1])
    # All else is carried out.
    service = cluster.store.get("services", NAMESPACE, "live")
    assert service["spec"]["ports"][0]["port"] == 8080
    assert (cluster.images(), cluster.workloads.gone) == (before, [])
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.change(pod={"containers": [{"name": "idle", "image": "busybox:1"}]})
    await cluster.until(lambda: len(cluster.workloads.gone) == 2)
    await cluster.until_complete()
    assert degraded(cluster)[0] == "AsWanted"


async def test_without_the_gateway_api_a_route_is_missed_and_pods_are_rolled(
    cluster: SimulatedCluster,
) -> None:
    cluster.api.absent = frozenset({"gateway.networking.k8s.io/v1"})
    cluster.create_cast(replicas=1, httpRoute=ROUTE)
    await cluster.until(lambda: degraded(cluster)[0] == "Refused")
    assert "HTTPRoute (gateway.networking.k8s.io/v1) is not installed" in degraded(cluster)[1]
    await cluster.until(lambda: cluster.cast()["ready"] == "1/1")
    # Who wants none does not miss it.
    cluster.change(httpRoute=None)
    await cluster.until(lambda: degraded(cluster)[0] == "AsWanted")
    cluster.change(httpRoute=ROUTE)
    cluster.api.absent = frozenset()
    await cluster.until(lambda: cluster.store.find("httproutes", NAMESPACE, "live") is not None)
