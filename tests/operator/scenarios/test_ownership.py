"""The operator changes nothing that it has not made, whatever its labels, and says whose name it needs.

The reports behind it: FoundationDB/fdb-kubernetes-operator#36 and #290, operators that acted on pods that
they had not made.
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from audiocast_operator.names import ADOPT, labels
from tests.helm.chart import Chart
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster
from tests.operator.simulated.store import Key
from tests.repo import tree

Json = dict[str, Any]

CONTAINER = {"name": "audiocast", "image": "theirs:1"}
EVERYTHING: Json = {
    "ingress": {"host": "radio.example.org"},
    "httpRoute": {"parentRefs": [{"name": "public"}]},
    "serviceAccount": {},
    "monitoring": {"podMonitor": True},
}
# Where each child of an AudioCast `live` is, and a spec with which somebody else has made it.
CHILDREN: dict[str, tuple[str, Json]] = {
    "StatefulSet": (
        "live",
        {
            "serviceName": "live",
            "replicas": 0,
            "selector": {"matchLabels": labels("live")},
            "template": {"metadata": {"labels": labels("live")}, "spec": {"containers": [CONTAINER]}},
        },
    ),
    "Service": ("live", {"selector": {"app": "shop"}, "ports": [{"name": "db", "port": 5432}]}),
    "Service of peers": ("live-peers", {"selector": {"app": "shop"}, "ports": [{"port": 5432}]}),
    "PodDisruptionBudget": ("live", {"minAvailable": 5, "selector": {"matchLabels": {"app": "shop"}}}),
    "NetworkPolicy": ("live", {"podSelector": {"matchLabels": {"app": "shop"}}}),
    "Ingress": ("live", {"defaultBackend": {"service": {"name": "shop", "port": {"number": 80}}}}),
    "HTTPRoute": ("live", {"parentRefs": [{"name": "theirs"}], "rules": []}),
    "ServiceAccount": ("live", {}),
    "PodMonitor": ("live", {"selector": {}, "podMetricsEndpoints": [{"port": "http"}]}),
    "Secret": ("live-keys", {}),
}
PLURALS = {
    "StatefulSet": "statefulsets",
    "Service": "services",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "NetworkPolicy": "networkpolicies",
    "Ingress": "ingresses",
    "HTTPRoute": "httproutes",
    "ServiceAccount": "serviceaccounts",
    "PodMonitor": "podmonitors",
    "Secret": "secrets",
}


def theirs(cluster: SimulatedCluster, kind: str) -> Key:
    """Make an object of somebody else that has a child's name and all of its labels; return where it is."""
    name, spec = CHILDREN[kind]
    plural = PLURALS[kind.partition(" ")[0]]
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels("live")}
    bodies: dict[str, Json] = {
        "secrets": {"data": {"password": base64.b64encode(b"precious").decode()}},
        "serviceaccounts": {"secrets": [{"name": "theirs"}]},
    }
    body = bodies.get(plural, {"spec": spec})
    cluster.store.create(plural, {"metadata": metadata, **body})
    cluster.workloads.sync()
    return plural, NAMESPACE, name


def degraded(cluster: SimulatedCluster, name: str = "live") -> tuple[str, str, str]:
    for each in cluster.cast(name).get("conditions", []):
        if each["type"] == "Degraded":
            return each["status"], each["reason"], each["message"]
    return "", "", ""


def first_status(cluster: SimulatedCluster, plural: str, name: str) -> Json:
    """Return the conditions of the first status that was written of an object, by type."""
    for change in cluster.store.log:
        told = change.object.get("status", {}).get("conditions")
        if change.plural == plural and change.object["metadata"]["name"] == name and told:
            return {each["type"]: (each["status"], each["reason"], each["message"]) for each in told}
    return {}


@pytest.mark.parametrize("kind", CHILDREN)
async def test_a_name_that_is_taken_is_told_at_once_and_nothing_is_touched(
    cluster: SimulatedCluster, kind: str
) -> None:
    where = theirs(cluster, kind)
    before = cluster.store.get(*where)
    cluster.create_cast(replicas=2, **EVERYTHING)
    cluster.create_stream("news")
    await cluster.until(lambda: degraded(cluster)[:2] == ("True", "NameTaken"))
    assert first_status(cluster, "audiocasts", "live")["Degraded"][1] == "NameTaken"
    assert f"{kind.partition(' ')[0]} {where[2]} was not made by the operator" in degraded(cluster)[2]
    if kind not in ("StatefulSet", "Secret"):
        # What has nothing to do with it is made.
        await cluster.until(lambda: cluster.cast().get("ready") == "2/2")
        await cluster.until(lambda: cluster.store.find("secrets", NAMESPACE, "news-ingest") is not None)
        cluster.workloads.defaults["drains_at_once"] = True
        cluster.change(image="audiocast:2", replicas=3)
        await cluster.until(lambda: list(cluster.images().values()) == ["audiocast:2"] * 3)
    await cluster.ticks()
    cluster.store.delete("audiocasts", NAMESPACE, "live")
    await cluster.ticks()
    assert cluster.store.get(*where) == before


@pytest.mark.parametrize(
    "kind", [kind for kind in CHILDREN if kind not in ("StatefulSet", "Service of peers")]
)
async def test_an_object_is_taken_over_by_its_makers_leave(cluster: SimulatedCluster, kind: str) -> None:
    where = theirs(cluster, kind)
    cluster.create_cast(replicas=1, **EVERYTHING)
    await cluster.until(lambda: degraded(cluster)[:2] == ("True", "NameTaken"))
    cluster.store.patch(*where, {"metadata": {"annotations": {ADOPT: "yes"}}}, False)
    await cluster.ticks()
    assert degraded(cluster)[1] == "NameTaken"
    cluster.store.patch(*where, {"metadata": {"annotations": {ADOPT: "true"}}}, False)
    await cluster.until_complete()
    await cluster.until(lambda: degraded(cluster)[1] == "AsWanted")
    owners = cluster.store.get(*where)["metadata"]["ownerReferences"]
    assert [(each["kind"], each["name"], each["controller"]) for each in owners] == [
        ("AudioCast", "live", True)
    ]
    cluster.store.delete("audiocasts", NAMESPACE, "live")
    await cluster.until(lambda: cluster.store.find(*where) is None)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("StatefulSet", "updates to statefulset spec"), ("Service of peers", "may not change once set")],
)
async def test_what_cannot_become_a_child_is_refused_and_stays(
    cluster: SimulatedCluster, kind: str, said: str
) -> None:
    where = theirs(cluster, kind)
    before = cluster.store.patch(*where, {"metadata": {"annotations": {ADOPT: "true"}}}, False)
    cluster.create_cast(replicas=1)
    await cluster.until(lambda: degraded(cluster)[1] == "Refused" and said in degraded(cluster)[2])
    await cluster.ticks()
    assert cluster.store.get(*where) == before


async def test_of_two_audiocasts_that_need_one_name_the_first_has_it(cluster: SimulatedCluster) -> None:
    cluster.create_cast("live", replicas=1)
    await cluster.until_complete("live")
    where = ("services", NAMESPACE, "live-peers")
    cluster.store.patch(*where, {"metadata": {"annotations": {ADOPT: "true"}}}, False)
    before = cluster.store.get(*where)
    cluster.create_cast("live-peers", replicas=1)
    await cluster.until(lambda: degraded(cluster, "live-peers")[1] == "NameTaken")
    assert "Service live-peers belongs to AudioCast live" in degraded(cluster, "live-peers")[2]
    await cluster.ticks()
    assert cluster.store.get(*where) == before
    assert degraded(cluster, "live")[1] == "AsWanted"


async def test_who_may_write_streams_gets_at_no_secret_of_others(cluster: SimulatedCluster) -> None:
    precious = {"password": base64.b64encode(b"precious").decode()}
    metadata = {"name": "pop-ingest", "namespace": NAMESPACE, "labels": labels("live")}
    before = cluster.store.create("secrets", {"metadata": metadata, "data": precious})
    cluster.create_cast(replicas=1)
    cluster.create_stream("pop")
    cluster.create_stream("rock")

    def ready(name: str) -> tuple[str, str]:
        told = {each["type"]: each for each in cluster.stream(name).get("conditions", [])}
        return (told["Ready"]["status"], told["Ready"]["reason"]) if told else ("", "")

    await cluster.until(lambda: ready("pop") == ("False", "NameTaken"))
    assert first_status(cluster, "streams", "pop")["Ready"][1] == "NameTaken"
    assert (
        "Secret pop-ingest was not made by the operator"
        in first_status(cluster, "streams", "pop")["Ready"][2]
    )
    await cluster.until(lambda: ready("rock") == ("True", "SecretWritten"))
    cluster.change("pop", "streams", keyGeneration=2, title="Pop")
    await cluster.ticks()
    cluster.store.delete("streams", NAMESPACE, "pop")
    await cluster.ticks()
    assert cluster.store.get("secrets", NAMESPACE, "pop-ingest") == before
    cluster.create_stream("pop")
    cluster.store.patch(
        "secrets", NAMESPACE, "pop-ingest", {"metadata": {"annotations": {ADOPT: "true"}}}, False
    )
    await cluster.until(lambda: "key" in cluster.store.get("secrets", NAMESPACE, "pop-ingest")["data"])


def a_neighbourhood(cluster: SimulatedCluster) -> list[Key]:
    """Fill the namespace with what others have made, with every label that the operator uses."""
    chart = Chart(tree.ROOT / "helm" / "audiocast", release="live")
    mimicked: list[Key] = []

    def add(plural: str, made: Json) -> None:
        made["metadata"]["namespace"] = NAMESPACE
        cluster.store.create(plural, made)
        mimicked.append((plural, NAMESPACE, made["metadata"]["name"]))

    add("secrets", chart.manifest("Secret"))
    add("poddisruptionbudgets", chart.manifest("PodDisruptionBudget"))
    for service in (each for each in chart.manifests() if each["kind"] == "Service"):
        add("services", service)
    statefulset = chart.manifest("StatefulSet")
    add("statefulsets", statefulset)
    mimicked.extend(
        ("pods", NAMESPACE, f"{statefulset['metadata']['name']}-{number}")
        for number in range(statefulset["spec"]["replicas"])
    )
    add("configmaps", {"metadata": {"name": "a-job"}})
    job = cluster.store.get("configmaps", NAMESPACE, "a-job")["metadata"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a-job", "uid": job["uid"]}
    for cast in ("live", "night"):
        same = labels(cast) | {"controller-revision-hash": f"{cast}-0", "audiocast/service": "peers"}
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "shop"}}}
        service = {"selector": {"app": "shop"}, "ports": [{"port": 80}]}
        add("services", {"metadata": {"name": f"{cast}-shop", "labels": same}, "spec": service})
        add("secrets", {"metadata": {"name": f"{cast}-other", "labels": same}})
        add("poddisruptionbudgets", {"metadata": {"name": f"{cast}-other", "labels": same}, "spec": budget})
        for name, owners in (
            (f"{cast}-0-debug", []),
            (f"{cast}-7", []),
            (f"{cast}-8", [{**owner, "controller": True}]),
            (f"{cast}-x", [owner]),
        ):
            metadata = {"name": name, "labels": same, "ownerReferences": owners}
            add("pods", {"metadata": metadata, "spec": {"containers": [CONTAINER]}})
    return mimicked


async def test_neighbours_with_every_label_are_left_alone(cluster: SimulatedCluster) -> None:
    others = a_neighbourhood(cluster)
    cluster.workloads.defaults |= {"listeners": 7}
    await cluster.until(lambda: len(cluster.workloads.pods) == 3)
    await cluster.until(lambda: all(cluster.store.find(*each) for each in others))
    await cluster.ticks()
    before = {each: cluster.store.get(*each) for each in others}
    cluster.workloads.defaults |= {"listeners": 0, "drains_at_once": True}

    def nothing_has_changed() -> bool:
        return {each: cluster.store.find(*each) for each in others} == before

    async def until(holds: Callable[[], bool] | None = None) -> None:
        for name in ("live", "night"):
            await cluster.until_complete(name)
        if holds is not None:
            await cluster.until(holds)
        assert nothing_has_changed()
        assert degraded(cluster, "live")[1] == degraded(cluster, "night")[1] == "AsWanted"

    cluster.create_cast("live", replicas=3)
    cluster.create_cast("night", replicas=2)
    cluster.create_stream("news")
    await until()
    # The others' seven listeners a pod are nobody's here.
    assert (cluster.cast("live")["listeners"], cluster.cast("live")["ready"]) == (0, "3/3")
    cluster.change("live", image="audiocast:2")
    await until(lambda: [cluster.images()[f"live-{number}"] for number in range(3)] == ["audiocast:2"] * 3)
    cluster.change("live", replicas=1)
    cluster.change("night", replicas=3)
    await until(lambda: {"live-0", "night-2"} <= cluster.workloads.pods.keys())
    cluster.change("live", secret={"generation": 2, "overlapSeconds": 0})
    await until(lambda: cluster.cast("live")["secret"] == {"generation": 2, "step": "Steady"})
    cluster.store.delete("audiocasts", NAMESPACE, "live")
    cluster.store.delete("audiocasts", NAMESPACE, "night")
    await cluster.until(lambda: not [name for name in cluster.workloads.pods if "audiocast" not in name])
    await cluster.ticks()
    assert nothing_has_changed()
    assert {each.name.rpartition("-")[0] for each in cluster.workloads.gone} == {"live", "night"}
