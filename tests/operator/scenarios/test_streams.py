"""Streams in a simulated cluster: a Secret with URL and key, who listens, suspended and back."""

import base64
import time

from audiocast.stream.keys import Claims, Keys
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster
from tests.operator.simulated.pod import on_air


def entry(cluster: SimulatedCluster, secret: str, key: str) -> str:
    found = cluster.store.get("secrets", NAMESPACE, secret)
    return base64.b64decode(found["data"][key]).decode()


def has_secret(cluster: SimulatedCluster, name: str = "news-ingest") -> bool:
    return cluster.store.find("secrets", NAMESPACE, name) is not None


async def test_a_stream_gets_a_secret_with_url_and_key(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1, publicUrl="https://radio.example.org")
    limits = {"maxKbps": 96, "expiresAt": "2100-01-01T00:00:00Z"}
    cluster.create_stream("news", title="Nachrichten", limits=limits)
    await cluster.until(lambda: has_secret(cluster) and bool(cluster.workloads.pods))
    assert entry(cluster, "news-ingest", "url") == "https://radio.example.org/ingest/news"
    [pod] = cluster.workloads.pods.values()
    said = Keys(pod.secrets).check("news", entry(cluster, "news-ingest", "key"), time.time())
    assert said == Claims(title="Nachrichten", expires_at=4_102_444_800, generation=1, max_kbps=96)
    await cluster.until(lambda: cluster.stream("news").get("phase") == "Offline")
    status = cluster.stream("news")
    assert status["listenUrl"] == "https://radio.example.org/listen/news"
    assert status["secretName"] == "news-ingest"


async def test_another_generation_is_another_key(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1)
    cluster.create_stream("news")
    await cluster.until(lambda: has_secret(cluster))
    before = entry(cluster, "news-ingest", "key")
    cluster.change("news", "streams", keyGeneration=2)
    await cluster.until(lambda: entry(cluster, "news-ingest", "key") != before)


async def test_a_live_stream_is_told_of_and_its_listeners_are_everybodys(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=2)
    await cluster.until_complete()
    cluster.workloads.pods["live-0"].streams["news"] = on_air("news", 3, "live-1", False)
    cluster.workloads.pods["live-1"].streams["news"] = on_air("news", 4, "live-1", True)
    cluster.create_stream("news")
    await cluster.until(lambda: cluster.stream("news").get("phase") == "Live")
    status = cluster.stream("news")
    assert (status["listeners"], status["owner"]) == (7, "live-1")
    assert status["since"] == "2023-11-14T22:13:20Z"


async def test_listeners_that_come_and_go_are_written_rarely(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1)
    await cluster.until_complete()
    cluster.create_stream("news")
    await cluster.until(lambda: cluster.stream("news").get("phase") == "Offline")
    [pod] = cluster.workloads.pods.values()
    for count in range(5):
        pod.streams["news"] = on_air("news", count, pod.name, True)
        await cluster.ticks(1)
    key = ("streams", NAMESPACE, "news")
    assert cluster.store.status_writes[key] == 1


async def test_a_suspended_stream_is_ended_everywhere_and_comes_back(cluster: SimulatedCluster) -> None:
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast(replicas=2)
    await cluster.until_complete()
    pods = cluster.workloads.pods
    pods["live-1"].streams["news"] = on_air("news", 4, "live-1", True)
    cluster.create_stream("news", suspended=True)
    await cluster.until(lambda: all("news" in pod.suspended for pod in pods.values()))
    assert pods["live-1"].streams == {}
    # A pod that has started anew knows nothing of it.
    first = pods["live-0"]
    cluster.store.delete("pods", NAMESPACE, "live-0")
    await cluster.until(lambda: pods.get("live-0", first) is not first and "news" in pods["live-0"].suspended)
    # One that lets it begin all the same is told again.
    pods["live-1"].suspended.clear()
    pods["live-1"].streams["news"] = on_air("news", 1, "live-1", True)
    await cluster.until(lambda: "news" in pods["live-1"].suspended)
    assert has_secret(cluster)
    cluster.change("news", "streams", suspended=False)
    await cluster.until(lambda: not any(pod.suspended for pod in pods.values()))


async def test_a_suspended_stream_that_is_deleted_can_begin_again(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1)
    cluster.create_stream("news", suspended=True)
    await cluster.until(lambda: any("news" in pod.suspended for pod in cluster.workloads.pods.values()))
    cluster.store.delete("streams", NAMESPACE, "news")
    await cluster.until(lambda: not any(pod.suspended for pod in cluster.workloads.pods.values()))
    assert not has_secret(cluster)


async def test_what_an_operator_before_has_suspended_can_begin_again(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=2)
    await cluster.until_complete()
    pods = cluster.workloads.pods
    for pod in pods.values():
        pod.suspended.add("news")
    cluster.create_stream("news")
    cluster.store.set_status("streams", NAMESPACE, "news", {"phase": "Suspended"})
    await cluster.until(lambda: not any(pod.suspended for pod in pods.values()))
    await cluster.until(lambda: cluster.stream("news").get("phase") == "Offline")
    assert has_secret(cluster)


async def test_of_two_with_the_same_id_the_older_counts(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1)
    cluster.create_stream("a", id="same")
    cluster.create_stream("b", id="same")
    await cluster.until(lambda: cluster.stream("b").get("phase") == "Conflict")
    await cluster.until(lambda: has_secret(cluster, "a-ingest"))
    await cluster.until(lambda: cluster.stream("a").get("phase") == "Offline")
    assert not has_secret(cluster, "b-ingest")


async def test_a_stream_without_its_audiocast_says_so(cluster: SimulatedCluster) -> None:
    cluster.create_stream("news")
    await cluster.until(lambda: cluster.stream("news").get("phase") == "Orphaned")
    cluster.create_cast(replicas=1)
    await cluster.until(lambda: has_secret(cluster))


async def test_a_key_that_was_replaced_stays_so_when_pods_are_replaced(cluster: SimulatedCluster) -> None:
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast(replicas=2)
    cluster.create_stream("news", keyGeneration=3)
    cluster.create_stream("first")
    await cluster.until_complete()
    pods = cluster.workloads.pods
    # Until an encoder has used the new key, the old one is good.
    await cluster.until(lambda: has_secret(cluster) and cluster.stream("news").get("phase") == "Offline")
    await cluster.ticks()
    assert not any(pod.generations for pod in pods.values())
    pods["live-1"].streams["news"] = on_air("news", 1, "live-1", True) | {"generation": 3}
    pods["live-1"].streams["first"] = on_air("first", 1, "live-1", True) | {"generation": 1}
    await cluster.until(lambda: all(pod.generations == {"news": 3} for pod in pods.values()))
    pods["live-1"].streams.clear()
    before = set(map(id, pods.values()))
    cluster.change(image="audiocast:2")
    await cluster.until_complete()
    assert not before & set(map(id, pods.values()))
    await cluster.until(lambda: all(pod.generations == {"news": 3} for pod in pods.values()))


async def test_an_operator_that_has_restarted_knows_which_keys_were_replaced(
    cluster: SimulatedCluster,
) -> None:
    cluster.create_cast(replicas=1)
    cluster.create_stream("news", keyGeneration=3)
    cluster.store.set_status("streams", NAMESPACE, "news", {"phase": "Offline", "usedGeneration": 2})
    await cluster.until(lambda: [pod.generations for pod in cluster.workloads.pods.values()] == [{"news": 2}])
    await cluster.until(lambda: cluster.stream("news").get("secretName") == "news-ingest")
    assert cluster.stream("news")["usedGeneration"] == 2
