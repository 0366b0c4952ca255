"""Rotation of the secret in a simulated cluster: at no moment does a pod refuse another one's requests."""

import base64

from audiocast.stream.keys import Keys
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster


def secret_keys(cluster: SimulatedCluster) -> list[str]:
    found = cluster.store.get("secrets", NAMESPACE, "live-keys")
    return base64.b64decode(found["data"]["SECRET_KEYS"]).decode().split(",")


def ingest_key(cluster: SimulatedCluster) -> str:
    found = cluster.store.get("secrets", NAMESPACE, "news-ingest")
    return base64.b64decode(found["data"]["key"]).decode()


def is_accepted_by_all(cluster: SimulatedCluster, key: str) -> bool:
    """Return whether every pod accepts a key, with the secrets that it was started with."""
    return all(
        Keys(pod.secrets).check("news", key, 0).generation == 1 for pod in cluster.workloads.pods.values()
    )


async def test_a_rotation_overlaps(cluster: SimulatedCluster) -> None:
    cluster.workloads.defaults["drains_at_once"] = True
    cluster.create_cast(replicas=2)
    cluster.create_stream("news")
    await cluster.until_complete()
    await cluster.until(lambda: cluster.store.find("secrets", NAMESPACE, "news-ingest") is not None)
    [old], old_key = secret_keys(cluster), ingest_key(cluster)

    steps = [secret_keys(cluster)]
    cluster.change(secret={"generation": 2, "overlapSeconds": 3600})

    def in_overlap() -> bool:
        now = secret_keys(cluster)
        if now != steps[-1]:
            # Members sign with the first secret: every running pod must know it before any pod uses it.
            known = [set(pod.secrets) for pod in cluster.workloads.pods.values()]
            assert all(now[0] in each for each in known)
            steps.append(now)
        return bool(cluster.cast()["secret"] == {"generation": 2, "step": "Overlap"})

    await cluster.until(in_overlap)
    await cluster.until_complete()
    new = secret_keys(cluster)[0]
    assert steps == [[old], [old, new], [new, old]]
    assert all(pod.secrets == (new, old) for pod in cluster.workloads.pods.values())
    await cluster.until(lambda: ingest_key(cluster) != old_key)
    assert is_accepted_by_all(cluster, old_key)
    assert is_accepted_by_all(cluster, ingest_key(cluster))

    cluster.change(secret={"overlapSeconds": 0})
    await cluster.until(lambda: cluster.cast()["secret"] == {"generation": 2, "step": "Steady"})
    await cluster.until_complete()
    assert secret_keys(cluster) == [new]
    assert all(pod.secrets == (new,) for pod in cluster.workloads.pods.values())
    assert [pod.refused for pod in cluster.workloads.pods.values()] == [0, 0]


async def test_tokens_stay_when_the_secret_is_rotated(cluster: SimulatedCluster) -> None:
    cluster.create_cast(replicas=1)
    await cluster.until_complete()
    before = cluster.store.get("secrets", NAMESPACE, "live-keys")["data"]["API_TOKENS"]
    cluster.change(secret={"generation": 2, "overlapSeconds": 0})
    await cluster.until(lambda: cluster.cast()["secret"] == {"generation": 2, "step": "Steady"})
    assert cluster.store.get("secrets", NAMESPACE, "live-keys")["data"]["API_TOKENS"] == before


async def test_ones_own_secret_is_used_and_left_alone(cluster: SimulatedCluster) -> None:
    data = {
        "SECRET_KEYS": base64.b64encode(b"a-secret-of-my-own").decode(),
        "API_TOKENS": base64.b64encode(b"a-token-of-my-own").decode(),
    }
    cluster.store.create("secrets", {"metadata": {"name": "mine", "namespace": NAMESPACE}, "data": data})
    cluster.create_cast(secret={"name": "mine"})
    await cluster.until_complete()
    assert {pod.secrets for pod in cluster.workloads.pods.values()} == {("a-secret-of-my-own",)}
    assert [each["metadata"]["name"] for each in cluster.store.all_of("secrets")] == ["mine"]
    assert "secret" not in cluster.cast()


async def test_a_secret_that_is_missing_is_told(cluster: SimulatedCluster) -> None:
    cluster.create_cast(secret={"name": "mine"})
    await cluster.until(lambda: cluster.condition("Degraded") == ("True", "BadSpec"))
    assert cluster.workloads.pods == {}
