"""Private Streams in a simulated cluster: an access code, links that are made once, and their revocation."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audiocast.stream.access.access_code import is_same_code
from audiocast.stream.access.listen_tokens import ListenClaims, ListenTokens
from audiocast.stream.keys import Claims, Keys, Visibility
from audiocast_operator.names import ACCESS_CODES
from audiocast_operator.reconcile.stream_reconciler import STATUS_SECONDS
from audiocast_operator.reconcile.stream_secrets import CODE_SECONDS, SECRET_SECONDS
from tests.operator.scenarios.ticking import Ticking
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, still_cluster
from tests.operator.simulated.store import Json

INGEST, LINKS = "members-ingest", "members-listen-links"


@dataclass
class Station:
    """A cluster with a private Stream.

    Attributes:
        cluster: The cluster.
        operator: Its operator, which does something when a test says so.
    """

    cluster: SimulatedCluster
    operator: Ticking

    async def create(self, **spec: Any) -> None:
        """Create the Stream, and let all be done."""
        self.cluster.create_stream("members", visibility="private", **spec)
        await self.operator.step()

    async def change(self, **spec: Any) -> None:
        """Change the Stream, and let that be done, and its status be written."""
        self.cluster.change("members", "streams", **spec)
        await self.operator.step(STATUS_SECONDS)

    def secret(self, name: str) -> Json:
        return self.cluster.store.get("secrets", NAMESPACE, name)

    def entry(self, name: str, key: str) -> str:
        return base64.b64decode(self.secret(name)["data"].get(key, "")).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        return next(iter(self.cluster.workloads.pods.values())).secrets

    @property
    def code(self) -> str:
        """The access code in the Secret, which is the one in the key."""
        code = self.entry(INGEST, "accessCode")
        assert self.claims.access_code == code
        return code

    @property
    def claims(self) -> Claims:
        key = self.entry(INGEST, "key")
        return Keys(self.secrets).check("members", key, self.operator.unix_seconds)

    @property
    def links(self) -> list[str]:
        return self.entry(LINKS, "links").splitlines()

    def read(self, link: str) -> ListenClaims | None:
        """Return what a link claims, as a server reads it now."""
        page, _, token = link.partition("?token=")
        assert page == "https://radio.example.org/listen/members"
        return ListenTokens(self.secrets).check("members", token, self.operator.unix_seconds)

    def ready(self) -> tuple[str, str]:
        """Return reason and message of the Stream's condition."""
        [ready] = self.cluster.stream("members")["conditions"]
        return ready["reason"], ready["message"]


@pytest.fixture
async def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Station]:
    async with still_cluster(tmp_path, monkeypatch) as cluster:
        operator = Ticking(cluster)
        try:
            cluster.create_cast(replicas=2, publicUrl="https://radio.example.org")
            for _ in range(3):
                await operator.step()
            yield Station(cluster, operator)
        finally:
            await operator.close()
    assert "Traceback" not in cluster.output


async def test_a_code_is_made_once_and_another_one_with_another_key(station: Station) -> None:
    await station.create(accessCode="auto")
    code = station.code
    assert len(code.split("-")) == 3
    assert station.claims.visibility is Visibility.PRIVATE
    assert is_same_code(code.replace("-", " "), station.claims.access_code)
    # It outlives an operator, a change of the key's other claims, and whatever becomes of the Secret.
    await station.operator.restart()
    await station.change(title="Members only")
    assert (station.code, station.claims.title) == (code, "Members only")
    station.cluster.store.delete("secrets", NAMESPACE, INGEST)
    await station.operator.step(SECRET_SECONDS + 1)
    assert station.code == code
    await station.change(keyGeneration=2)
    assert station.code != code
    # Without one, links alone open it.
    await station.change(accessCode=None)
    assert station.claims.access_code == ""
    assert "accessCode" not in station.secret(INGEST)["data"]
    assert code not in station.cluster.output


async def test_a_code_of_ones_own_is_taken_where_its_secret_lets_streams_have_it(station: Station) -> None:
    def put(value: bytes, **annotations: str) -> None:
        data = {"code": base64.b64encode(value).decode()}
        metadata = {"name": "spoken", "namespace": NAMESPACE, "annotations": annotations}
        if station.cluster.store.find("secrets", NAMESPACE, "spoken"):
            station.cluster.store.delete("secrets", NAMESPACE, "spoken")
        station.cluster.store.create("secrets", {"metadata": metadata, "data": data})

    refusals = set()
    await station.create(accessCodeSecretRef={"name": "spoken", "key": "code"})
    refusals.add(station.ready())
    # Whoever may write Streams gets at no Secret of others, and learns nothing of them.
    for value, allowed in (
        (b"precious-password", {}),
        (b"short", {ACCESS_CODES: "true"}),
        (b"\xff\xfe binary", {ACCESS_CODES: "true"}),
    ):
        put(value, **allowed)
        await station.operator.step(STATUS_SECONDS)
        refusals.add(station.ready())
        assert station.cluster.store.find("secrets", NAMESPACE, INGEST) is None
    [(reason, message)] = refusals
    assert reason == "BadSpec"
    assert "expected a Secret spoken with the annotation audiocast.dev/access-codes=true" in message
    put(b"Open Sesame\n", **{ACCESS_CODES: "true"})
    await station.operator.step(STATUS_SECONDS)
    assert (station.code, station.ready()[0]) == ("Open Sesame", "SecretWritten")
    put(b"another sesame", **{ACCESS_CODES: "true"})
    await station.operator.step(CODE_SECONDS - 1)
    assert station.code == "Open Sesame"
    await station.operator.step(2)
    assert station.code == "another sesame"
    assert "esame" not in station.cluster.output


async def test_links_are_made_once_and_anew_when_what_they_are_made_of_changes(station: Station) -> None:
    await station.create(listenLinks={"count": 3, "sessionSeconds": 60, "label": "Friends"})
    first = station.links
    claims = [station.read(each) for each in first]
    assert len({each.number for each in claims if each}) == 3
    assert {(each.session_seconds, each.label, each.expires_at) for each in claims if each} == {
        (60, "Friends", 0)
    }
    assert station.cluster.stream("members")["listenLinksSecretName"] == LINKS
    # Neither time nor another operator, key or title makes others.
    await station.operator.step(SECRET_SECONDS + 1)
    await station.operator.restart()
    await station.change(title="Members", keyGeneration=2)
    assert station.links == first
    await station.change(listenLinks={"count": 1000})
    assert len(set(station.links)) == 1000
    assert not {*first} & {*station.links}
    # Those of before are good all the same.
    assert station.read(first[0]) is not None
    second = station.links
    # What somebody writes over is made anew, and what somebody deletes.
    over = {"data": {"links": base64.b64encode(b"https://evil.example/").decode()}}
    station.cluster.store.patch("secrets", NAMESPACE, LINKS, over, False)
    await station.operator.step(SECRET_SECONDS + 1)
    assert len({*station.links} - {*second}) == 1000
    station.cluster.store.delete("secrets", NAMESPACE, LINKS)
    await station.operator.step(SECRET_SECONDS + 1)
    assert len(station.links) == 1000
    # Another secret signs others.
    before, pods = station.links, station.cluster.workloads.pods
    signed_with = station.secrets
    station.cluster.workloads.defaults["drains_at_once"] = True
    station.cluster.change(secret={"generation": 2, "overlapSeconds": 0})
    for _ in range(60):
        await station.operator.step(STATUS_SECONDS)
        if {len(pod.secrets) for pod in pods.values()} == {1} and station.secrets != signed_with:
            break
    assert station.read(station.links[0]) is not None
    assert not {*before} & {*station.links}
    assert station.read(before[0]) is None


async def test_links_that_have_expired_are_replaced(station: Station) -> None:
    await station.create(listenLinks={"expiresInSeconds": 3600})
    [first] = station.links
    await station.operator.step(3500)
    assert station.links == [first]
    assert station.read(first) is not None
    await station.operator.step(101)
    assert station.read(first) is None
    [second] = station.links
    assert station.read(second) is not None
    await station.operator.restart()
    await station.operator.step()
    assert station.links == [second]


async def test_a_revocation_reaches_every_process_and_is_written_down(station: Station) -> None:
    pods = station.cluster.workloads.pods
    await station.create(listenLinks={"count": 2})
    first = station.links
    assert [pod.revoked.get("members", 0) for pod in pods.values()] == [0, 0]
    told, revoked_at_ms = "2030-01-01T00:00:00Z", 1_893_456_000_000
    await station.change(listenLinksRevokedBefore=told)
    assert [pod.revoked["members"] for pod in pods.values()] == [revoked_at_ms, revoked_at_ms]
    assert station.cluster.stream("members")["listenLinksRevokedBefore"] == told
    data = station.cluster.store.get("configmaps", NAMESPACE, "live-rules")["data"]
    assert data["streams"] == "audiocast-rules 1\n"
    assert data["streams.links"] == f"audiocast-revoked-links 1\nmembers {revoked_at_ms}\n"
    assert not {*first} & {*station.links}
    # Whatever the clocks say, those in the Secret are good.
    assert [claims.made_at_ms for each in station.links if (claims := station.read(each))] == [
        revoked_at_ms,
        revoked_at_ms,
    ]
    second = station.links
    # Pods that start know it, before anybody tells them.
    for name in list(pods):
        station.cluster.store.delete("pods", NAMESPACE, name)
    await station.cluster.workloads.settle()
    assert [pod.revoked["members"] for pod in pods.values()] == [revoked_at_ms, revoked_at_ms]
    # It can be taken back, also by an operator that has not told it.
    await station.operator.restart()
    await station.change(listenLinksRevokedBefore=None)
    assert [pod.revoked["members"] for pod in pods.values()] == [0, 0]
    assert "listenLinksRevokedBefore" not in station.cluster.stream("members")
    await station.operator.step()
    assert "streams.links" not in station.cluster.store.get("configmaps", NAMESPACE, "live-rules")["data"]
    assert not {*second} & {*station.links}


async def test_links_that_cannot_be_written_hold_no_key(station: Station) -> None:
    theirs = {"metadata": {"name": LINKS, "namespace": NAMESPACE}, "data": {"password": "c2VjcmV0"}}
    before = station.cluster.store.create("secrets", theirs)
    await station.create(accessCode="auto", listenLinks={})
    assert station.ready()[0] == "NameTaken"
    assert f"Secret {LINKS} was not made by the operator" in station.ready()[1]
    assert station.code
    assert station.secret(LINKS) == before
    # More than a Secret holds.
    station.cluster.store.delete("secrets", NAMESPACE, LINKS)
    station.cluster.change(publicUrl="https://" + "a" * 1000)
    await station.change(listenLinks={"count": 1000})
    reason, message = station.ready()
    assert reason == "BadSpec"
    assert "listenLinks: expected links of 1048576 bytes together, got 11" in message
    # A public stream has none of it.
    await station.change(visibility="public", accessCode=None, listenLinks=None)
    assert station.ready()[0] == "SecretWritten"
    assert station.claims.access_code == ""
