"""Webhooks of Streams in a simulated cluster: what pods are given of them, and whose Secrets are taken."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audiocast.webhook_targets_file import parse_targets
from audiocast_operator.names import WEBHOOK_ANNOTATION, WEBHOOKS_FILE
from audiocast_operator.reconcile.stream_reconciler import STATUS_SECONDS
from audiocast_operator.reconcile.stream_webhooks import READ_SECONDS, WRITE_SECONDS
from tests.operator.scenarios.ticking import Ticking
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, still_cluster

NAME = "live-stream-webhooks"
OLD, NEW = (f"whsec_{base64.b64encode(each * 24).decode()}" for each in (b"o", b"n"))
REF = {"name": "hooks", "key": "secret"}
ALLOWED = {WEBHOOK_ANNOTATION: "true"}


@dataclass
class Station:
    """A cluster, and its operator, which does something when a test says so."""

    cluster: SimulatedCluster
    operator: Ticking

    def put(self, name: str = "hooks", *, annotations: dict[str, str] | None = None, **entries: str) -> None:
        """Put a Secret in the place of one of the same name."""
        if self.cluster.store.find("secrets", NAMESPACE, name):
            self.cluster.store.delete("secrets", NAMESPACE, name)
        metadata = {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": ALLOWED if annotations is None else annotations,
        }
        data = {key: base64.b64encode(value.encode()).decode() for key, value in entries.items()}
        self.cluster.store.create("secrets", {"metadata": metadata, "data": data})

    @property
    def text(self) -> str:
        """The file that pods mount; empty: there is none."""
        found = self.cluster.store.find("secrets", NAMESPACE, NAME)
        return base64.b64decode(found["data"][WEBHOOKS_FILE]).decode() if found else ""

    @property
    def told(self) -> dict[str, tuple[str, int]]:
        """URL and number of secrets of each target, as the server reads them."""
        targets, faults = parse_targets(self.text.encode())
        assert faults == []
        return {name: (each.url, len(each.secrets)) for name, each in targets.items()}

    def ready(self, name: str) -> tuple[str, str]:
        """Return reason and message of a Stream's condition."""
        [ready] = self.cluster.stream(name)["conditions"]
        return ready["reason"], ready["message"]


@pytest.fixture
async def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Station]:
    async with still_cluster(tmp_path, monkeypatch) as cluster:
        operator = Ticking(cluster)
        try:
            cluster.create_cast(replicas=2)
            for _ in range(3):
                await operator.step()
            yield Station(cluster, operator)
        finally:
            await operator.close()
    assert "Traceback" not in cluster.output


def hook(own_id: str = "crm", **more: Any) -> dict[str, Any]:
    return {
        "id": own_id,
        "secretRef": REF,
        **({} if "urlSecretRef" in more else {"url": "https://crm.example/a?b=1"}),
        **more,
    }


async def test_pods_are_told_of_targets_that_come_change_and_go(station: Station) -> None:
    pods = {id(each) for each in station.cluster.workloads.pods.values()}
    assert station.text == ""
    station.put(secret=OLD, url="https://user:pass@hooks.example/token")
    station.cluster.create_stream("news", webhooks=[hook(events=["stream.live"])])
    station.cluster.create_stream("late", webhooks=[hook("a", urlSecretRef={"name": "hooks", "key": "url"})])
    await station.operator.step()
    assert station.told == {
        "news/crm": ("https://crm.example/a?b=1", 1),
        "late/a": ("https://user:pass@hooks.example/token", 1),
    }
    targets = parse_targets(station.text.encode())[0]
    assert {each.stream_id for each in targets.values()} == {"news", "late"}
    assert [str(each) for each in targets["news/crm"].events] == ["stream.live"]
    # What is secret is in this Secret alone.
    for kind in ("configmaps", "statefulsets", "pods", "streams", "audiocasts"):
        shown = json.dumps(station.cluster.store.all_of(kind))
        assert OLD not in shown
        assert "pass@" not in shown
    assert OLD not in station.cluster.output
    assert "pass@" not in station.cluster.output
    # Another secret beside the one before: read again after a while.
    station.put(secret=f"{NEW}, {OLD}", url="https://hooks.example/other")
    await station.operator.step(READ_SECONDS + 1)
    assert station.told["news/crm"][1] == 2
    assert station.told["late/a"] == ("https://hooks.example/other", 2)
    # It outlives an operator, and whoever deletes it.
    before = station.text
    await station.operator.restart()
    await station.operator.step()
    assert station.text == before
    station.cluster.store.delete("secrets", NAMESPACE, NAME)
    await station.operator.step(WRITE_SECONDS + 1)
    assert station.text == before
    station.cluster.change("news", "streams", webhooks=None)
    await station.operator.step()
    assert set(station.told) == {"late/a"}
    station.cluster.store.delete("streams", NAMESPACE, "late")
    await station.operator.restart()
    await station.operator.step()
    assert station.told == {}
    assert {id(each) for each in station.cluster.workloads.pods.values()} == pods


async def test_a_secret_is_taken_where_it_lets_streams_have_it(station: Station) -> None:
    station.cluster.create_stream(
        "news", webhooks=[hook(), hook("good", secretRef={"name": "own", "key": "secret"})]
    )
    station.put("own", secret=NEW)
    refusals = set()
    for entries, annotations in (
        ({}, ALLOWED),
        ({"secret": OLD}, {}),
        ({"secret": "hunter2"}, ALLOWED),
        ({"secret": "whsec_c2hvcnQ="}, ALLOWED),
    ):
        station.put(annotations=annotations, **entries)
        await station.operator.step(READ_SECONDS + STATUS_SECONDS)
        refusals.add(station.ready("news"))
        # The other one of the same Stream is told.
        assert set(station.told) == {"news/good"}
    [(reason, message)] = refusals
    assert reason == "BadSpec"
    assert (
        "webhooks crm: secretRef: expected a Secret hooks with the annotation audiocast.dev/webhooks=true"
        in message
    )
    # The key is good all the same, and the status says where it is.
    assert station.cluster.stream("news")["secretName"] == "news-ingest"
    station.put(secret=OLD)
    await station.operator.step(READ_SECONDS + STATUS_SECONDS)
    assert set(station.told) == {"news/good", "news/crm"}
    assert station.ready("news")[0] == "SecretWritten"
    assert "hunter2" not in station.cluster.output


async def test_a_stream_with_the_id_of_another_one_is_told_of_nothing(station: Station) -> None:
    station.put(secret=OLD)
    station.cluster.create_stream("news", webhooks=[hook()])
    await station.operator.step()
    station.cluster.create_stream("thief", id="news", webhooks=[hook("thief")])
    await station.operator.step()
    assert set(station.told) == {"news/crm"}


async def test_a_foreign_secret_of_the_name_is_left_alone(station: Station) -> None:
    theirs = {"metadata": {"name": NAME, "namespace": NAMESPACE}, "data": {"password": "c2VjcmV0"}}
    before = station.cluster.store.create("secrets", theirs)
    station.put(secret=OLD)
    station.cluster.create_stream("news", webhooks=[hook()])
    await station.operator.step()
    assert station.cluster.store.get("secrets", NAMESPACE, NAME) == before
    assert f"Secret {NAME} was not made by the operator" in station.cluster.output


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "https://user:pass@crm.example/"},
        {"url": "ftp://crm.example/"},
        {"url": "https://crm.example/#a"},
        {"urlSecretRef": {"name": "hooks", "key": "url"}, "url": "https://crm.example/"},
        {"url": None},
        {"events": ["stream.gone"]},
        {"id": "Crm"},
        {"secretRef": None},
    ],
)
async def test_the_cluster_refuses_what_no_server_takes(station: Station, bad: dict[str, Any]) -> None:
    webhook = {name: value for name, value in {**hook(), **bad}.items() if value is not None}
    with pytest.raises(Exception, match="webhooks"):
        station.cluster.create_stream("news", webhooks=[webhook])


async def test_the_cluster_refuses_two_of_one_id_and_too_many(station: Station) -> None:
    for webhooks in ([hook(), hook()], [hook(f"h{number}") for number in range(6)]):
        with pytest.raises(Exception, match="webhooks"):
            station.cluster.create_stream("news", webhooks=webhooks)
