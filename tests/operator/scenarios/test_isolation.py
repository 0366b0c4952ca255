"""What fails holds nothing else, a condition names it, and metrics and alerts follow what was really done.

The reports behind it: kube-logging/logging-operator#255, argo-rollouts-manager#2,
rhobs/observability-operator#564, migtools/mig-controller#217.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audiocast_operator.metrics import REGISTRY
from audiocast_operator.reconcile import children, stream_reconciler
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, simulated_cluster
from tests.operator.simulated.faults import Fault

FOREVER = 1_000_000
EVERYTHING: dict[str, Any] = {
    "ingress": {"host": "radio.example.org"},
    "httpRoute": {"parentRefs": [{"name": "public"}]},
    "serviceAccount": {},
    "monitoring": {"podMonitor": True},
}


def conditions(cluster: SimulatedCluster) -> dict[str, tuple[str, str, str]]:
    return {
        each["type"]: (each["status"], each["reason"], each.get("message", ""))
        for each in cluster.cast().get("conditions", [])
    }


def problems(kind: str, reason: str) -> float:
    return REGISTRY.get_sample_value("audiocast_operator_problems", {"kind": kind, "reason": reason}) or 0.0


def results() -> dict[str, float]:
    return {
        sample.labels["result"]: sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == "audiocast_operator_reconciles_total"
    }


@pytest.mark.timeout(600)
async def test_five_streams_that_cannot_be_hold_none_of_five_hundred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulated_cluster(tmp_path, monkeypatch, tick_seconds=1) as cluster:
        await five_of_five_hundred(cluster)


async def five_of_five_hundred(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1)
    await cluster.until_complete()
    bad = [f"s{number:03}" for number in range(0, 500, 100)]
    # As an admission policy, an immutable Secret or a quota refuses it.
    cluster.api.faults.append(Fault("PATCH", f"/secrets/({'|'.join(bad)})-ingest", 422, times=FOREVER))
    names = [f"s{number:03}" for number in range(500)]
    for name in names:
        cluster.create_stream(name)
    loop = asyncio.get_running_loop()
    begun = loop.time()

    def ready() -> Counter[tuple[str, str]]:
        told = [each for name in names for each in cluster.stream(name).get("conditions", [])]
        return Counter((each["status"], each["reason"]) for each in told if each["type"] == "Ready")

    expected = {("True", "SecretWritten"): 495, ("False", "Refused"): 5}
    # Looking at all of them takes longer than the operator's own work.
    while ready() != expected:
        assert loop.time() < begun + 300, ready()
        await asyncio.sleep(3)
    cast_writes = cluster.store.status_writes["audiocasts", NAMESPACE, "live"]
    await cluster.ticks(3)
    windows = int((loop.time() - begun) // 15) + 1
    assert max(cluster.store.status_writes["streams", NAMESPACE, name] for name in names) <= windows
    assert cluster.store.status_writes["audiocasts", NAMESPACE, "live"] - cast_writes <= 3
    assert problems("Stream", "Refused") == 5
    # They are the Streams' trouble and not the AudioCast's.
    assert conditions(cluster)["Degraded"][:2] == ("False", "AsWanted")
    assert len(cluster.store.all_of("secrets")) == 1 + 495
    cluster.api.faults.clear()
    while ready() != {("True", "SecretWritten"): 500}:
        assert loop.time() < begun + 500, ready()
        await asyncio.sleep(1)
    await cluster.until(lambda: problems("Stream", "Refused") == 0)


async def test_the_status_does_not_flap(cluster: SimulatedCluster) -> None:
    cluster.api.faults.append(Fault("PATCH", "/networkpolicies/", 403, times=FOREVER))
    cluster.create_cast(replicas=1)
    await cluster.until(lambda: conditions(cluster).get("Progressing", ("",))[0] == "False")
    await cluster.ticks(5)
    writes = cluster.store.status_writes["audiocasts", NAMESPACE, "live"]
    await cluster.ticks(10)
    assert cluster.store.status_writes["audiocasts", NAMESPACE, "live"] == writes
    transitions = {
        each["lastTransitionTime"]
        for change in cluster.store.log
        if change.plural == "audiocasts"
        for each in change.object.get("status", {}).get("conditions", [])
        if each["type"] == "Degraded"
    }
    assert len(transitions) == 1


async def test_where_podmonitors_are_not_installed_pods_are_rolled_and_scaled(
    cluster: SimulatedCluster,
) -> None:
    cluster.api.absent = frozenset({"monitoring.coreos.com/v1"})
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast(replicas=1, **EVERYTHING)
    await cluster.until_complete()
    told = conditions(cluster)["Monitored"]
    assert told == (
        "False",
        "NotInstalled",
        "PodMonitor (monitoring.coreos.com/v1) is not installed in this cluster",
    )
    cluster.change(replicas=3, image="audiocast:2")
    await cluster.until(lambda: list(cluster.images().values()) == ["audiocast:2"] * 3)
    await cluster.until_complete()
    assert conditions(cluster)["Degraded"][:2] == ("False", "AsWanted")
    cluster.api.absent = frozenset()
    await cluster.until(lambda: conditions(cluster)["Monitored"][:2] == ("True", "PodMonitor"))
    cluster.change(monitoring={"podMonitor": False})
    await cluster.until(lambda: "Monitored" not in conditions(cluster))


async def test_an_exception_that_nobody_planned_is_a_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("nobody has thought of this")

    async with simulated_cluster(tmp_path, monkeypatch) as cluster:
        with monkeypatch.context() as broken:
            broken.setattr(children, "build_network_policy", fails)
            cluster.create_cast(replicas=1)
            cluster.create_stream("news")
            await cluster.until(lambda: conditions(cluster).get("Degraded", ("", ""))[1] == "Bug")
            assert "RuntimeError: nobody has thought of this" in conditions(cluster)["Degraded"][2]
            await cluster.until(lambda: cluster.cast()["ready"] == "1/1")
            await cluster.until(lambda: cluster.store.find("secrets", NAMESPACE, "news-ingest") is not None)
            assert problems("AudioCast", "Bug") == 1
        await cluster.until(lambda: conditions(cluster)["Degraded"][1] == "AsWanted")
    assert "nobody has thought of this" in cluster.output


# One of each sort: needed by the pods' steps, by all steps, and by none. `test_every_refusal` has all;
# here timer, watches and pods go on meanwhile.
REQUESTS = [
    ("GET", "/pods$", "Pod"),
    ("PATCH", "/statefulsets/live$", "StatefulSet"),
    ("PATCH", "/services/live$", "Service live"),
    ("GET", "/secrets/live-keys$", "Secret live-keys"),
    ("PATCH", "/podmonitors/", "PodMonitor"),
    ("PATCH", "/secrets/news-ingest$", "Secret news-ingest"),
    ("GET", "/serviceaccounts/", "ServiceAccount"),
    ("PATCH", "/serviceaccounts/", "ServiceAccount"),
    ("GET", "/httproutes/", "HTTPRoute"),
    ("PATCH", "/httproutes/", "HTTPRoute"),
]


@pytest.mark.parametrize("answer", ["403", "nothing"])
async def test_while_all_goes_on_what_is_refused_holds_nothing_else(
    cluster: SimulatedCluster, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    # How seldom a Stream's status is written, five of five hundred show: here nobody waits through a window.
    monkeypatch.setattr(stream_reconciler, "STATUS_SECONDS", 0.2)
    status = int(answer) if answer.isdigit() else 0
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast(replicas=1, **EVERYTHING)
    cluster.create_stream("news")
    await cluster.until_complete()
    for generation, request in enumerate(REQUESTS, start=2):
        await refuse_one(cluster, request, answer, status, f"audiocast:{generation}", generation)


async def refuse_one(
    cluster: SimulatedCluster,
    request: tuple[str, str, str],
    answer: str,
    status: int,
    image: str,
    generation: int,
) -> None:
    """Let one kind of request fail while there is something to do for each step; then mend it."""
    method, path, named = request
    place = f"{method} {path} answered with {answer}"
    fault = Fault(method, path, status, times=FOREVER)
    cluster.api.faults.append(fault)
    before = results()
    cluster.change(image=image, service={"port": 8000 + generation})
    cluster.change("news", "streams", keyGeneration=generation)

    def said() -> str:
        told = [f"{each[1]}: {each[2]}" for each in conditions(cluster).values()]
        stream = [each.get("message", "") for each in cluster.stream("news").get("conditions", [])]
        return " ".join([*told, *stream])

    async def until(what: str, holds: Callable[[], bool]) -> None:
        try:
            await cluster.until(holds)
        except AssertionError:
            raise AssertionError(f"{place}: {what}: {said()}, {cluster.images()}, {results()}") from None

    await until("a condition names it", lambda: named in said() and fault.times < FOREVER)
    # Whatever does not need the answer is done.
    if not path.startswith(("/pods", "/statefulsets", "/eviction", "/secrets/live-keys")):
        await until("pods are rolled", lambda: set(cluster.images().values()) == {image})
    if "/services/live$" not in path:
        await until("the Service is changed", lambda: port(cluster) == 8000 + generation)
    if path.startswith(("/pods", "/statefulsets", "/services", "/poddis", "/net", "/ingr")):
        await until("it is counted", lambda: bool(failed(before)))
        assert failed(before) <= {"refused", "try_again"}, (place, failed(before))
    cluster.api.faults.clear()
    await until("it is mended", lambda: conditions(cluster)["Progressing"][:2] == ("False", "Complete"))
    await until("it is well", lambda: conditions(cluster)["Degraded"][:2] == ("False", "AsWanted"))


def failed(before: dict[str, float]) -> set[str]:
    """Return how reconciles ended since then, those that went well left out."""
    return {name for name, value in results().items() if value > before[name]} - {"ok"}


def port(cluster: SimulatedCluster) -> int:
    found: int = cluster.store.get("services", NAMESPACE, "live")["spec"]["ports"][0]["port"]
    return found


async def test_a_status_that_cannot_be_written_is_counted(cluster: SimulatedCluster) -> None:
    cluster.api.faults += [
        Fault("PATCH", f"/{kind}/[^/]+/status$", 403, times=FOREVER) for kind in ("audiocasts", "streams")
    ]
    before = results()
    cluster.create_cast(replicas=2)
    cluster.create_stream("news")
    await cluster.until(lambda: len(cluster.workloads.pods) == 2)
    await cluster.until(lambda: cluster.store.find("secrets", NAMESPACE, "news-ingest") is not None)
    await cluster.until(lambda: results()["refused"] > before["refused"])
    assert results()["ok"] == before["ok"]
    cluster.api.faults.clear()
    await cluster.until_complete()
