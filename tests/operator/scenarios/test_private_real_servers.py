"""A private Stream on real servers: links and code open it, and a revocation ends what they have opened."""

import base64
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest
import requests

from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, simulated_cluster
from tests.operator.simulated.real_pod import RealPod, RealPods
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime

SECONDS = 40.0


def entry(cluster: SimulatedCluster, name: str, key: str) -> str:
    found = cluster.store.find("secrets", NAMESPACE, name)
    return base64.b64decode(found["data"][key]).decode() if found else ""


def tokens(cluster: SimulatedCluster) -> list[str]:
    return [each.partition("?token=")[2] for each in entry(cluster, "members-listen-links", "links").split()]


def status(pod: RealPod, token: str) -> int:
    url = f"{pod.server.base}/api/streams/members"
    return requests.get(url, params={"token": token}, timeout=10).status_code


async def test_links_and_the_code_open_it_until_they_are_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = RealPods(tmp_path, MAX_UNKNOWN_IDS_PER_CLIENT=0)
    with ExitStack() as stack:
        async with simulated_cluster(tmp_path, monkeypatch, make=make) as cluster:
            cluster.create_cast(replicas=2)
            cluster.create_stream(
                "members", visibility="private", accessCode="auto", listenLinks={"count": 2}
            )
            await cluster.until_complete(seconds=SECONDS)
            await cluster.until(lambda: len(tokens(cluster)) == 2)
            pods = [cast(RealPod, pod) for pod in cluster.workloads.pods.values()]
            key = entry(cluster, "members-ingest", "key")
            stack.enter_context(
                PacedSource(f"{pods[1].server.base}/ingest/members?key={key}", numbered_audio(seconds=120))
            )
            await cluster.until(lambda: cluster.stream("members").get("phase") == "Live", SECONDS)
            old = tokens(cluster)
            await cluster.until(lambda: all(status(pod, old[0]) == 200 for pod in pods), SECONDS)
            assert [status(pod, token) for pod in pods for token in old] == [200] * 4
            assert [status(pod, "") for pod in pods] == [404, 404]
            code = entry(cluster, "members-ingest", "accessCode").upper().replace("-", "  ")
            for pod in pods:
                page = f"{pod.server.base}/listen/members"
                with requests.Session() as browser:
                    let_in = browser.post(f"{page}/code", data={"code": code}, timeout=15)
                    assert (let_in.status_code, let_in.url) == (200, page)
            listeners = [
                stack.enter_context(Listener(pod.server.port, f"/stream/members?token={old[0]}"))
                for pod in pods
            ]
            for listener in listeners:
                listener.wait_for_audio(0.5)

            cluster.change("members", "streams", listenLinksRevokedBefore="2035-01-01T00:00:00Z")
            await cluster.until(lambda: all(listener.end is not None for listener in listeners))
            for listener in listeners:
                assert (listener.end, listener.capture().pages[-1].is_eos) == ("closed", True)
            await cluster.until(lambda: len(tokens(cluster)) == 2 and not {*old} & {*tokens(cluster)})
            assert [status(pod, token) for pod in pods for token in old] == [404] * 4
            assert [status(pod, token) for pod in pods for token in tokens(cluster)] == [200] * 4
            for pod in pods:
                stack.enter_context(
                    Listener(pod.server.port, f"/stream/members?token={tokens(cluster)[0]}")
                ).wait_for_audio(0.5)
            assert not any(token in cluster.output for token in (*old, *tokens(cluster)))
    assert "Traceback" not in cluster.output
