"""Bounds of keys and tenants hold: listeners, streams, rate, ids. Each act is a line of the log."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from audiocast.stream.access.tenant_tokens import Share, TenantClaims, TenantTokens
from audiocast.stream.keys import Claims, Keys
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import connect
from tests.support.http.hls_reader import HlsReader
from tests.support.http.listener import Listener
from tests.support.http.pictures import make_picture
from tests.support.http.source import PacedSource, ingest_head
from tests.support.processes.server import AudiocastServer

SECRET = "a-secret-for-tests-1"
API_TOKEN = "an-api-token-for-tests"
ACME = TenantTokens([SECRET]).make(TenantClaims("Acme", "acme-", 2, 3, 200))


def start(server: AudiocastServer, token: str = "", **body: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(f"{server.base}/api/start", json=body, headers=headers, timeout=10)


def sending(stack: ExitStack, server: AudiocastServer, started: dict[str, Any]) -> None:
    """Have a stream on the air until the test ends."""
    url = f"{server.base}/ingest/{started['stream_id']}?key={started['ingest_key']}"
    stack.enter_context(PacedSource(url, numbered_audio(seconds=120)))
    server.wait_for_state(started["stream_id"], "live")


def test_a_stream_takes_as_many_listeners_as_its_key_says(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log"))
        started = start(server, max_listeners=2).json()
        sending(stack, server, started)
        path = f"/stream/{started['stream_id']}"
        first, second = (stack.enter_context(Listener(server.port, path)) for _ in range(2))
        for listener in (first, second):
            listener.wait_for_audio(1)
        refused = requests.get(server.base + path, timeout=10)
        assert (refused.status_code, refused.json()["error"]) == (503, "stream_full")
        assert refused.headers["Retry-After"] == "5"
        first.close()
        deadline = time.monotonic() + 20
        while server.state(started["stream_id"])["listeners"] == 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with Listener(server.port, path) as third:
            third.wait_for_audio(1)
        # The bound is between the broadcaster and the server.
        assert "max_listeners" not in server.state(started["stream_id"])


def test_a_player_of_hls_is_one_listener(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log"))
        started = start(server, max_listeners=2).json()
        sending(stack, server, started)
        path = f"/stream/{started['stream_id']}"
        stack.enter_context(Listener(server.port, path)).wait_for_audio(1)
        player = stack.enter_context(HlsReader(server.base, started["stream_id"]))
        for each in (path, f"{path}/hls/index.m3u8"):
            refused = requests.get(server.base + each, headers={"User-Agent": "Another"}, timeout=10)
            assert (refused.status_code, refused.json()["error"]) == (503, "stream_full")
        # Who has a place keeps it.
        player.read(2)


@pytest.mark.parametrize("wrong", [-1, 1.5, "2", True, 10**12])
def test_a_bound_is_a_whole_number(tmp_path: Path, wrong: Any) -> None:
    with AudiocastServer(tmp_path / "log") as server:
        assert start(server, max_listeners=wrong).status_code == 400


def test_a_tenant_makes_what_its_token_allows(tmp_path: Path) -> None:
    settings = {"SECRET_KEYS": SECRET, "API_TOKENS": API_TOKEN, "LIST_STREAMS": "all"}
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log", **settings))
        made = start(server, ACME, title="one", max_listeners=50).json()
        assert made["stream_id"].startswith("acme-")
        assert Keys([SECRET]).check(made["stream_id"], made["ingest_key"], time.time()) == Claims(
            title="one",
            token_tag=Keys([SECRET]).tag(TenantClaims("Acme", "acme-").identity),
            max_kbps=200,
            max_listeners=3,
            share=Share("acme-", 2),
        )
        foreign = start(server, ACME, id="other-1")
        assert (foreign.status_code, foreign.json()["error"]) == (403, "id_outside_share")
        # Keys are made as many as it likes; two are on at a time.
        keys = [start(server, ACME, id=f"acme-{each}").json() for each in range(3)]
        for each in keys[:2]:
            sending(stack, server, each)
        third = keys[2]
        url = f"{server.base}/ingest/{third['stream_id']}?key={third['ingest_key']}"
        refused = requests.post(url, data=b"OggS", timeout=10)
        assert (refused.status_code, refused.json()["error"]) == (503, "share_full")
        assert start(server, ACME, id="acme-new").json()["error"] == "share_full"
        # One that is on goes on, and another tenant or an API token has nothing to do with it.
        assert start(server, ACME, id="acme-0").status_code == 201
        other = TenantTokens([SECRET]).make(TenantClaims("Other", "other-", 1))
        sending(stack, server, start(server, other).json())
        sending(stack, server, start(server, API_TOKEN, id="acme-house").json())
        # Nobody takes another's stream while it is on.
        same_ids = TenantTokens([SECRET]).make(TenantClaims("Thief", "acme-"))
        assert start(server, same_ids, id="acme-0").json()["error"] == "stream_live"
        renewed = TenantTokens([SECRET]).make(TenantClaims("Acme", "acme-", 9))
        assert start(server, renewed, id="acme-0").status_code == 201


def test_sources_that_have_sent_nothing_yet_count(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log", SECRET_KEYS=SECRET))
        targets = [
            f"/ingest/{each['stream_id']}?key={each['ingest_key']}"
            for each in (start(server, ACME).json() for _ in range(3))
        ]
        waiting = [stack.enter_context(connect(server.port)) for _ in range(2)]
        for connection, target in zip(waiting, targets, strict=False):
            connection.sendall(ingest_head(target, "chunked"))
        deadline = time.monotonic() + 20
        while sum(line.get("act") == "send" for line in server.events()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert requests.post(server.base + targets[2], data=b"", timeout=10).json()["error"] == "share_full"
        # The place of one that leaves is free.
        waiting[0].close()
        while requests.post(server.base + targets[2], data=b"", timeout=10).json()["error"] == "share_full":
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_token_that_is_not_good_makes_nothing(tmp_path: Path) -> None:
    for number, settings in enumerate(({}, {"API_TOKENS": API_TOKEN})):
        with AudiocastServer(tmp_path / f"log-{number}", SECRET_KEYS=SECRET, **settings) as server:
            expired = TenantTokens([SECRET]).make(TenantClaims("Acme", "acme-", expires_at=1))
            forged = TenantTokens(["another-secret-for-1"]).make(TenantClaims("Acme", "acme-"))
            for token in (expired, forged, ACME[:-1], "at1.."):
                answer = start(server, token)
                assert (answer.status_code, answer.json()["error"]) == (401, "token_needed")
            assert start(server, ACME).status_code == 201


def audited(server: AudiocastServer) -> list[dict[str, Any]]:
    """Return the lines of the acts so far."""
    return [line for line in server.events() if line["event"] == "audit"]


def test_each_act_is_one_line_without_a_secret(tmp_path: Path) -> None:
    settings = {"SECRET_KEYS": SECRET, "API_TOKENS": API_TOKEN}
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "log", **settings))
        house = start(server, API_TOKEN).json()
        tenant = start(server, ACME).json()
        sending(stack, server, house)
        place = f"{server.base}/api/streams/{house['stream_id']}"
        key = {"key": house["ingest_key"]}
        assert requests.patch(place, params=key, json={"title": "new"}, timeout=10).status_code == 204
        assert requests.patch(place, params={"key": "ac1..wrong"}, json={}, timeout=10).status_code == 401
        assert start(server, "not-the-token").status_code == 401
        admin = f"{server.base}/admin"
        titled = {**key, "mode": "updinfo", "mount": f"/stream/{house['stream_id']}", "song": "one"}
        assert requests.get(f"{admin}/metadata", params=titled, timeout=10).status_code == 200
        picture = make_picture("image/png")
        assert requests.put(f"{place}/cover", params=key, data=picture, timeout=10).status_code == 204
        assert requests.delete(f"{place}/cover", params=key, timeout=10).status_code == 204
        for path, auth in (
            ("stats", ("admin", API_TOKEN)),
            (f"listclients?mount=/stream/{house['stream_id']}", ("source", house["ingest_key"])),
        ):
            assert requests.get(f"{admin}/{path}", auth=auth, timeout=10).status_code == 200
        assert requests.delete(place, params=key, timeout=10).status_code == 204
        # A thread writes the log: its last line may be there after the answer.
        deadline = time.monotonic() + 20
        while (acts := audited(server))[-1]["act"] != "end":
            assert time.monotonic() < deadline, f"expected the end to be told, got {acts[-1]}"
            time.sleep(0.05)
        told = [(line["act"], line.get("stream_id"), line.get("error"), line["level"]) for line in acts]
        name = house["stream_id"]
        assert told == [
            ("start", name, None, "info"),
            ("start", tenant["stream_id"], None, "info"),
            ("send", name, None, "info"),
            ("edit", name, None, "info"),
            ("refused", name, "bad_key", "warning"),
            ("refused", None, "token_needed", "warning"),
            ("title", name, None, "info"),
            ("cover", name, None, "info"),
            ("cover", name, None, "info"),
            ("end", name, None, "info"),
        ]
        keys = Keys([SECRET])
        assert [line.get("tenant") for line in acts[:2]] == [None, "Acme"]
        assert {line["token_tag"] for line in acts if line["act"] != "refused"} == {
            keys.tag(API_TOKEN),
            keys.tag(TenantClaims("Acme", "acme-").identity),
        }
        looks = [line for line in server.events() if line["event"] == "audit_look"]
        assert [(line["act"], line.get("stream_id"), line["token_tag"]) for line in looks] == [
            ("look", None, acts[0]["token_tag"]),
            ("look", name, acts[0]["token_tag"]),
        ]
        log = server.log.read_text()
        for secret in (API_TOKEN, ACME, house["ingest_key"], tenant["ingest_key"], "not-the-token", SECRET):
            assert secret not in log
