"""Operator and server share no code. What they share is tested: keys, signatures, settings, internal API."""

import asyncio
import time
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from audiocast.cluster.node import Node
from audiocast.cluster.protocol import (
    DRAIN,
    LIST_STREAMS,
    MAX_TITLE_CHARACTERS,
    SIGNATURE_HEADER,
    STATUS,
    MemberStreamRequest,
    ReopenRequest,
)
from audiocast.cluster.signature import Signer
from audiocast.settings import Settings
from audiocast.stream.counters import Counters
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.keys import Claims, Keys
from audiocast.web.http.handlers import STREAM_ID as SERVER_STREAM_ID
from audiocast.web.public.streams import stream_state
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.statefulset import build_statefulset
from audiocast_operator.models import stream as stream_model
from audiocast_operator.models.audio_cast import OWNED_SETTINGS, AudioCastSpec
from audiocast_operator.models.stream import StreamSpec
from audiocast_operator.protocol import internal_api
from audiocast_operator.protocol.ingest_key import build_ingest_key
from audiocast_operator.protocol.member_status import DrainProgress, MemberStatus, StreamReport, parse_streams
from audiocast_operator.protocol.request_signature import HEADER as OPERATORS_HEADER
from audiocast_operator.protocol.request_signature import NAME, sign
from tests.support.processes.server import AudiocastServer

SECRET, OTHER_SECRET = "a secret of this test", "another secret of this test"
ENDS = "2100-01-01T00:00:00Z"


def stream(**more: Any) -> StreamSpec:
    return StreamSpec.model_validate({"audioCast": "live", "id": "news", **more})


@pytest.mark.parametrize(
    ("more", "claims"),
    [
        ({}, Claims(generation=1)),
        ({"title": "Новости дня"}, Claims(title="Новости дня", generation=1)),
        ({"title": "t" * 200}, Claims(title="t" * 200, generation=1)),
        ({"keyGeneration": 9, "limits": {"maxKbps": 96}}, Claims(generation=9, max_kbps=96)),
        ({"limits": {"expiresAt": ENDS}}, Claims(generation=1, expires_at=4_102_444_800)),
    ],
)
def test_the_server_takes_the_operators_keys(more: dict[str, Any], claims: Claims) -> None:
    key = build_ingest_key(SECRET, stream(**more))
    assert Keys([OTHER_SECRET, SECRET]).check("news", key, time.time()) == claims
    # To the letter what the server makes, so that a key does not depend on which of the two has made it.
    assert key == Keys([SECRET]).make("news", claims)


def test_the_server_takes_the_operators_signatures() -> None:
    value = sign(SECRET, "POST", "/internal/drain", time.time())
    assert (
        Signer([OTHER_SECRET, SECRET], "live-0").check("POST", "/internal/drain", value, time.time()) == NAME
    )
    assert OPERATORS_HEADER == SIGNATURE_HEADER


def test_the_operator_requests_what_the_server_serves() -> None:
    assert (internal_api.STATUS, internal_api.DRAIN) == (STATUS, DRAIN)
    assert LIST_STREAMS.target == internal_api.STREAMS
    assert internal_api.stream_path("news") == MemberStreamRequest("news").build_end().target
    assert internal_api.reopen_path("news") == ReopenRequest("news", "").build().target


def test_ids_and_titles_are_bounded_alike() -> None:
    assert f"^{SERVER_STREAM_ID.pattern}$" == stream_model.STREAM_ID
    [bound] = [
        each.max_length for each in StreamSpec.model_fields["title"].metadata if hasattr(each, "max_length")
    ]
    assert bound == MAX_TITLE_CHARACTERS


def environment() -> list[dict[str, Any]]:
    spec = AudioCastSpec(image="audiocast:1", replicas=1, public_url="https://radio.example.org")
    cast = Owner("AudioCast", "radio", "live", "uid")
    built = build_statefulset(
        cast, spec, replicas=1, secret_name="live-keys", secret_hash="h", cluster_domain="cluster.local"
    )
    found: list[dict[str, Any]] = built["spec"]["template"]["spec"]["containers"][0]["env"]
    return found


def test_every_name_in_the_environment_is_a_setting() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    assert {each["name"] for each in environment()} <= settings
    assert set(OWNED_SETTINGS) <= settings


def test_the_server_starts_with_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in environment():
        monkeypatch.setenv(each["name"], each.get("value", "a value of 16 characters"))
    settings = Settings()
    assert settings.peers == "dns+live-peers.radio.svc.cluster.local.:8001"
    assert (settings.stream_scheme, settings.stream_domain) == ("https", "radio.example.org")
    assert (settings.drain_seconds, settings.log_format) == (300, "json")


async def test_a_real_server_answers_the_operator(tmp_path: Path) -> None:
    peers = {"PEERS": "127.0.0.1:1", "SECRET_KEYS": SECRET, "DRAIN_SECONDS": "60"}
    with AudiocastServer(tmp_path / "server.log", **peers) as server:
        address = f"127.0.0.1:{server.internal_port}"
        told = requests.get(f"http://{address}/internal/status", timeout=10).json()
        # All that the operator reads is told, under these names.
        assert MemberStatus.model_fields.keys() <= told.keys()
        assert DrainProgress.model_fields.keys() <= told["drain"].keys()
        assert MemberStatus.model_validate(told).view == told["view"]
        members = MembersClient()
        try:
            assert set(await members.fetch_statuses({"live-0": address})) == {"live-0"}
            assert await members.fetch_streams([address], SECRET) == [[]]
            assert await members.start_drain(address, SECRET)
            assert (await members.fetch_statuses({"live-0": address}))["live-0"].drain.state in (
                "draining",
                "done",
            )
            assert await members.undo_drain(address, SECRET)
            assert (await members.fetch_statuses({"live-0": address}))["live-0"].drain.state == "no"
            assert not await members.start_drain(address, OTHER_SECRET)
        finally:
            await members.close()


async def test_a_real_server_takes_the_key_but_not_while_the_stream_is_suspended(tmp_path: Path) -> None:
    key = build_ingest_key(SECRET, stream())

    def refusal(base: str) -> str:
        """Send no audio at all; what is refused says whether it would have been taken."""
        answer = requests.post(f"{base}/ingest/news", params={"key": key}, data=b"", timeout=10)
        return str(answer.json()["error"])

    with AudiocastServer(tmp_path / "server.log", PEERS="127.0.0.1:1", SECRET_KEYS=SECRET) as server:
        address = f"127.0.0.1:{server.internal_port}"
        members = MembersClient()
        try:
            assert refusal(server.base) == "no_audio"
            assert await members.end_stream(address, SECRET, "news")
            assert refusal(server.base) == "stream_ended"
            assert await members.reopen_stream(address, SECRET, "news", "Nachrichten")
            assert refusal(server.base) == "no_audio"
        finally:
            await members.close()


async def test_a_real_stream_is_told_as_the_operator_reads_it() -> None:
    hub = Hub("news", title="", clock=asyncio.get_running_loop(), counters=Counters(), limits=HubLimits())
    told = stream_state(hub, cast(Node, _Alone()))
    assert StreamReport.model_fields.keys() <= told.keys()
    assert parse_streams({"streams": [told]})[0].state == "waiting"


class _Alone:
    """As much of a node as a stream's state asks for."""

    def owner_of(self, stream_id: str) -> str:
        return "live-0"

    def owns(self, stream_id: str) -> bool:
        return True

    def is_handing_over(self, stream_id: str) -> bool:
        return False
