"""The operator with real servers as pods: a key that they take, listeners that they count, a drain."""

import base64
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest

from tests.operator.simulated.cluster import NAMESPACE, simulated_cluster
from tests.operator.simulated.real_pod import RealPod, RealPods
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime

# For a step of a roll-out: members take a new one in after three seconds.
SECONDS = 40.0


async def test_real_servers_are_drained_and_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = RealPods(tmp_path, DRAIN_SECONDS=2)
    with ExitStack() as stack:
        async with simulated_cluster(tmp_path, monkeypatch, make=make) as cluster:
            cluster.create_cast(replicas=2, drain={"timeoutSeconds": 2})
            cluster.create_stream("news", title="Nachrichten")
            await cluster.until_complete(seconds=SECONDS)
            await cluster.until(lambda: cluster.store.find("secrets", NAMESPACE, "news-ingest") is not None)
            secret = cluster.store.get("secrets", NAMESPACE, "news-ingest")["data"]
            key = base64.b64decode(secret["key"]).decode()
            first, last = (cast(RealPod, cluster.workloads.pods[name]) for name in ("live-0", "live-1"))
            url = f"{last.server.base}/ingest/news?key={key}"
            stack.enter_context(PacedSource(url, numbered_audio(seconds=60)))
            await cluster.until(
                lambda: cluster.store.get("audiocasts", NAMESPACE, "live")["status"]["liveStreams"] == 1
            )
            for pod, count in ((first, 1), (last, 3)):
                for _ in range(count):
                    stack.enter_context(Listener(pod.server.port, "/stream/news"))
            await cluster.until(lambda: cluster.cast()["listeners"] == 4)

            cluster.change(image="audiocast:2")
            # The second one's turn comes when the first is back and both see each other.
            await cluster.until(lambda: cluster.cast().get("drain", {}).get("pod") == "live-1", SECONDS)
            [gone] = cluster.workloads.gone
            assert (gone.name, gone.listeners, gone.drained, gone.others_ready) == ("live-0", 0, True, 1)
            assert first.server.stop() == 0
            events = [event["event"] for event in first.server.events()]
            assert events.index("drain_began") < events.index("drain_done") < events.index("stopped")
            assert cluster.cast()["liveStreams"] == 1
    assert "Traceback" not in cluster.output
