"""Bounds of keys and of tenants hold in a cluster, as well as members know each other."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from audiocast.cluster.ring import order
from audiocast.stream.access.tenant_tokens import TenantClaims, TenantTokens
from tests.cluster.members import SECRET, Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

pytestmark = pytest.mark.realtime


def start(members: Members, at: str, token: str = "", **body: int) -> Started:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(f"{members[at].base}/api/start", json=body, headers=headers, timeout=10)
    assert answer.status_code == 201, answer.text
    fields = {name: value for name, value in answer.json().items() if name in Started.__dataclass_fields__}
    return Started(**fields)


def test_listeners_of_all_members_count(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, 3))
        started = start(members, "m0", max_listeners=3)
        owner = order(started.stream_id, members.names)[0]
        front = next(name for name in members.names if name != owner)
        edge = next(name for name in members.names if name not in (owner, front))
        url = f"{members[front].base}/ingest/{started.stream_id}?key={started.ingest_key}"
        stack.enter_context(PacedSource(url, numbered_audio(seconds=120)))
        path = f"/stream/{started.stream_id}"
        for name in members.names:
            members[name].wait_for_state(started.stream_id, "live")
            stack.enter_context(Listener(members[name].port, path)).wait_for_audio(1)
            # So old may be what another member knows of it.
            time.sleep(1.1)
        for name in (front, owner, edge):
            refused = requests.get(members[name].base + path, timeout=10, stream=True)
            assert (name, refused.status_code) == (name, 503)
            assert refused.json()["error"] == "stream_full"


def test_streams_of_all_members_count(tmp_path: Path) -> None:
    token = TenantTokens([SECRET]).make(TenantClaims("Acme", "acme-", 2))
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, 3))
        streams = [start(members, "m0", token) for _ in range(3)]
        for name, started in zip(("m0", "m1"), streams, strict=False):
            url = f"{members[name].base}/ingest/{started.stream_id}?key={started.ingest_key}"
            stack.enter_context(PacedSource(url, numbered_audio(seconds=120)))
        for started in streams[:2]:
            for name in members.names:
                members[name].wait_for_state(started.stream_id, "live")
        last = streams[2]
        for name in members.names:
            url = f"{members[name].base}/ingest/{last.stream_id}?key={last.ingest_key}"
            deadline = time.monotonic() + 20
            # Members' lists are less than a second old.
            while (answer := requests.post(url, data=b"", timeout=10)).json()["error"] != "share_full":
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert answer.status_code == 503
