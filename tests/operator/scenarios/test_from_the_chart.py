"""A release of the chart goes over to an AudioCast by the steps of docs/operator.md, with people listening.

The pods are real servers, which find each other by their headless Services alone.
"""

import asyncio
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

import pytest
import requests
import yaml

from audiocast_operator.manifests.network import build_network_policy
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.names import ADOPT, selector_labels
from tests.e2e.operated.audience import Audience
from tests.e2e.operated.encoder import Encoder
from tests.e2e.operated.place import Json
from tests.helm.chart import Chart, fits
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, simulated_cluster
from tests.operator.simulated.found_pods import FoundPods
from tests.operator.simulated.place import SimulatedPlace
from tests.operator.simulated.real_pod import RealPod
from tests.repo import tree
from tests.support.http.listener import Listener

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(300)]

CHART = Chart(tree.ROOT / "helm" / "audiocast", release="live", namespace=NAMESPACE)
PLURALS = {
    "Service": "services",
    "Secret": "secrets",
    "ServiceAccount": "serviceaccounts",
    "NetworkPolicy": "networkpolicies",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "StatefulSet": "statefulsets",
}
SERVICE = "live-audiocast"
REPLICAS = 2
DRAIN_SECONDS = 4
HEAR_SECONDS = 1.0
PATIENCE_SECONDS = 60.0


def documented() -> tuple[Json, Json]:
    """Give the release's values and the AudioCast that docs/operator.md shows."""
    section = (tree.ROOT / "docs" / "operator.md").read_text().split("## From the chart to the operator\n")[1]
    texts = re.findall(r"^ *```yaml\n(.*?)^ *```", section.split("\n## ")[0], re.MULTILINE | re.DOTALL)
    values, made = (yaml.safe_load(dedent(text)) for text in texts)
    return values, made


VALUES, AUDIOCAST = documented()
FEW = {"replicas": REPLICAS}


def wait(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"expected {what}"
        time.sleep(0.1)


def _hears(listener: Listener) -> bool:
    return listener.size_bytes > 4_000


def manifests(values: Json) -> list[Json]:
    return [each for each in CHART.manifests(values) if each["kind"] in PLURALS]


class GoingOver:
    """The steps, in order; each blocks.

    Args:
        place: Where.
        cluster: The same.
    """

    def __init__(self, place: SimulatedPlace, cluster: SimulatedCluster) -> None:
        self._place = place
        self._cluster = cluster
        self._made = manifests(FEW)
        self._ways = partial(place.ways, SERVICE)

    def take_all(self) -> None:
        """Take all of them; an audience listens from before the first to after the last."""
        self.install()
        stream = self.start(*self._ways().values())
        with Encoder(self._ways, stream["stream_id"], lambda: stream["ingest_key"]) as encoder:
            wait(lambda: encoder.connections, "an encoder")
            with Audience(self._ways, stream["stream_id"], 4) as early:
                early.wait_until_all_hear(HEAR_SECONDS, PATIENCE_SECONDS)
                self.upgrade()
                self.make_the_audiocast()
                self.hear_all_everywhere(stream)
                self.hand_over_the_service()
                with Audience(self._ways, stream["stream_id"], 2) as late:
                    late.wait_until_all_hear(HEAR_SECONDS, PATIENCE_SECONDS)
                    self.uninstall()
                    for each in (early, late):
                        each.wait_until_all_hear(HEAR_SECONDS, PATIENCE_SECONDS)
            self.part()
        # Who was connected to the release's pods was cut once, by the one pod; who came later was not.
        told = early.missed()
        assert (told.cuts, told.most_cuts, told.lost, told.lost_moving) == (4, 1, 0, 0)
        told = late.missed()
        assert (told.cuts, told.lost, told.lost_moving) == (0, 0, 0)

    def install(self) -> None:
        for each in self._made:
            self._place.create(PLURALS[each["kind"]], each)
        wait(lambda: len(self._ways()) == REPLICAS, "the release's pods")
        self._secret = self._place.find("secrets", SERVICE)
        self._service_uid = self._uid("services", SERVICE)
        self._old = {*self._ways()}

    def start(self, port: int, *_: int) -> Json:
        started: Json = requests.post(f"http://127.0.0.1:{port}/api/start", timeout=60).json()
        return started

    def upgrade(self) -> None:
        before = CHART.manifest("StatefulSet", FEW)
        for each in manifests({**FEW, **VALUES}):
            if each["kind"] == "StatefulSet":
                assert each == before, "an upgrade that replaces no pod"
            if each["kind"] in ("Service", "NetworkPolicy"):
                apply = partial(self._cluster.store.apply, PLURALS[each["kind"]], each, "helm")
                self._place.call(apply)

    def make_the_audiocast(self) -> None:
        spec = {**AUDIOCAST["spec"], "replicas": REPLICAS, "drain": {"timeoutSeconds": DRAIN_SECONDS}}
        self._place.create(
            "audiocasts", {**AUDIOCAST, "spec": spec, "metadata": {"name": "live", "namespace": NAMESPACE}}
        )
        wait(lambda: self._status().get("ready") == f"{REPLICAS}/{REPLICAS}", "the AudioCast's pods")
        wait(lambda: len(set(self._views().values())) == 1, "one view")
        assert len(self._views()) == 2 * REPLICAS
        told = self._degraded()
        assert (told["status"], told["reason"]) == ("True", "NameTaken")
        assert told["message"].startswith(f"Service {SERVICE} was not made by the operator")
        assert {*self._ways()} == self._old

    def hear_all_everywhere(self, old_stream: Json) -> None:
        """A stream whose encoder is at a pod of either is heard at each pod of both."""
        new = {name: port for name, port in self._ports().items() if name not in self._old}
        stream = self.start(*new.values())
        with Encoder(lambda: new, stream["stream_id"], lambda: stream["ingest_key"]):
            for port in self._ports().values():
                for each in (old_stream["stream_id"], stream["stream_id"]):
                    with Listener(port, f"/stream/{each}?preroll=1") as listener:
                        wait(partial(_hears, listener), f"{each} at {port}")

    def hand_over_the_service(self) -> None:
        patch = {"metadata": {"annotations": {ADOPT: "true"}}}
        self._place.call(lambda: self._cluster.store.patch("services", NAMESPACE, SERVICE, patch, False))
        wait(lambda: self._degraded()["status"] == "False", "the Service taken over")
        assert {*self._ways()} == {"live-0", "live-1"}
        # Nobody who is connected is moved by it.
        assert len(self._ports()) == 2 * REPLICAS

    def uninstall(self) -> None:
        """Delete what is in the release's manifests, as Helm does, but for what they say is to be kept."""
        for each in manifests({**FEW, **VALUES}):
            annotations = each["metadata"].get("annotations", {})
            if annotations.get("helm.sh/resource-policy") != "keep":
                self._place.delete(PLURALS[each["kind"]], each["metadata"]["name"])
        wait(lambda: not self._old & {*self._place.pods("")}, "the release's pods to go")

    def part(self) -> None:
        """The AudioCast stands alone: its pods stay, and so do keys and address."""
        before = {name: pod["metadata"]["uid"] for name, pod in self._place.pods("").items()}
        self._place.change("audiocasts", "live", {"peers": None})
        wait(lambda: self._selector() == selector_labels("live"), "the AudioCast's own selector")
        assert {name: pod["metadata"]["uid"] for name, pod in self._place.pods("").items()} == before
        assert self._place.find("secrets", SERVICE) == self._secret
        # Another one of its name would have another address.
        assert self._uid("services", SERVICE) == self._service_uid
        assert self._degraded()["status"] == "False"

    def _uid(self, plural: str, name: str) -> str:
        found = self._place.find(plural, name)
        assert found is not None
        return str(found["metadata"]["uid"])

    def _selector(self) -> dict[str, str]:
        found = self._place.find("services", "live-peers")
        selector: dict[str, str] = found["spec"]["selector"] if found else {}
        return selector

    def _status(self) -> Json:
        found = self._place.find("audiocasts", "live")
        status: Json = (found or {}).get("status", {})
        return status

    def _degraded(self) -> Json:
        conditions: list[Json] = self._status()["conditions"]
        [told] = [each for each in conditions if each["type"] == "Degraded"]
        return told

    def _running(self) -> dict[str, RealPod]:
        return self._place.call(
            lambda: {name: cast(RealPod, each) for name, each in self._cluster.workloads.pods.items()}
        )

    def _ports(self) -> dict[str, int]:
        return {name: each.server.port for name, each in self._running().items()}

    def _views(self) -> dict[str, Any]:
        return {
            name: requests.get(f"http://127.0.0.1:{each.internal_port}/internal/status", timeout=60).json()[
                "view"
            ]
            for name, each in self._running().items()
        }


async def test_a_release_goes_over_and_nobody_misses_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = {SERVICE: f"{SERVICE}-peers", "live": "live-peers"}
    make = FoundPods(tmp_path, services, most_members=2 * REPLICAS, DRAIN_SECONDS=DRAIN_SECONDS)
    async with (
        make.telling(),
        simulated_cluster(tmp_path, monkeypatch, tick_seconds=0.5, make=make) as cluster,
    ):
        following = asyncio.create_task(make.follow(cluster))
        await asyncio.to_thread(GoingOver(SimulatedPlace(cluster), cluster).take_all)
        following.cancel()
    assert "Traceback" not in cluster.output


def test_the_network_policies_of_both_let_the_members_of_both_in_and_out() -> None:
    theirs = CHART.manifest("NetworkPolicy", VALUES)
    spec = AudioCastSpec.model_validate(AUDIOCAST["spec"])
    ours = build_network_policy(Owner("AudioCast", NAMESPACE, "live", "uid"), spec, "")
    assert ours is not None
    pods = [CHART.manifest("StatefulSet")["spec"]["selector"]["matchLabels"], selector_labels("live")]
    for policy in (theirs, ours):
        rules = [("from", each) for each in policy["spec"]["ingress"]]
        rules += [("to", each) for each in policy["spec"]["egress"]]
        for way in ("from", "to"):
            peers = [
                peer["podSelector"].get("matchLabels", {})
                for side, rule in rules
                if side == way and "internal" in {port["port"] for port in rule["ports"]}
                for peer in rule[way]
                if "podSelector" in peer and "namespaceSelector" not in peer
            ]
            assert all(any(fits(peer, pod) for peer in peers) for pod in pods), (policy, way)
