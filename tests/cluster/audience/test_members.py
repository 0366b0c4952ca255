"""The audience of a cluster: whichever member is asked, and wherever people listen, it is all of them."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from audiocast.cluster.ring import order
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.hls_reader import HlsReader
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

pytestmark = pytest.mark.realtime

FRONT, OWNER, EDGE = "m0", "m1", "m2"
TOKEN = "a-token-of-the-station"
DEADLINE_SECONDS = 15.0


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    with Members(tmp_path, AUDIENCE_LOG=str(tmp_path / "audience.log"), API_TOKENS=TOKEN) as members:
        yield members


@pytest.fixture
def started(members: Members) -> Iterator[Started]:
    while True:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.post(f"{members[FRONT].base}/api/start", headers=headers, timeout=10)
        started = Started(**answer.json())
        if order(started.stream_id, members.names)[0] == OWNER:
            break
    with PacedSource(started.keyed_url, numbered_audio(seconds=90), lead_seconds=3):
        members[FRONT].wait_for_state(started.stream_id, "live")
        yield started


def wait_for(ask: Callable[[], Any], wanted: Any) -> None:
    """Wait until a question has an answer: members keep what others have told for a second."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (got := ask()) != wanted:
        assert time.monotonic() < deadline, f"expected {wanted}, got {got}"
        time.sleep(0.1)


def audience(members: Members, name: str, started: Started) -> dict[str, Any]:
    """Ask one member for a stream's audience, with its key."""
    url = f"{members[name].base}/api/streams/{started.stream_id}/audience"
    answer = requests.get(url, {"key": started.ingest_key}, timeout=10)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def listed(members: Members, name: str) -> list[tuple[str, int]]:
    """Ask one member for all streams, with a token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.get(f"{members[name].base}/api/streams", headers=headers, timeout=10)
    return [(stream["state"], stream["listeners"]) for stream in answer.json()["streams"]]


def test_listeners_of_all_members_and_ways_are_counted_everywhere(members: Members, started: Started) -> None:
    path = f"/stream/{started.stream_id}"
    with (
        Listener(members[FRONT].port, path) as one,
        Listener(members[OWNER].port, path) as two,
        # That member does not have the stream: it passes on what another one makes.
        HlsReader(members[EDGE].base, started.stream_id) as player,
    ):
        for listener in (one, two):
            listener.wait_for_audio(1)
        player.read(1)
        for name in members.names:
            wait_for(lambda: members[name].state(started.stream_id)["listeners"], 3)  # noqa: B023
            wait_for(lambda: listed(members, name), [("live", 3)])  # noqa: B023
            whole = audience(members, name, started)
            assert (whole["now"], whole["peak"]) == (3, 3)
            assert {member["name"]: member["now"] for member in whole["members"]} == {
                FRONT: 1,
                OWNER: 1,
                EDGE: 1,
            }
        assert members[EDGE].status()["listeners"] == 1
    # The player of HLS has a minute to ask again.
    wait_for(lambda: audience(members, EDGE, started)["now"], 1)


def test_each_track_is_written_by_the_owner_alone(members: Members, started: Started, tmp_path: Path) -> None:
    url = f"{members[EDGE].base}/api/streams/{started.stream_id}/metadata?key={started.ingest_key}"
    # All have the stream, and show the track.
    with (
        Listener(members[OWNER].port, f"/stream/{started.stream_id}") as one,
        Listener(members[EDGE].port, f"/stream/{started.stream_id}") as two,
    ):
        for listener in (one, two):
            listener.wait_for_audio(1)
        requests.put(url, json={"artist": "Artist", "title": "Title"}, timeout=10).raise_for_status()

        def tracks() -> list[tuple[str, str]]:
            lines = [
                json.loads(line)
                for each in tmp_path.glob("audience-*.log")
                for line in each.read_text().splitlines()
            ]
            return [(line["node"], line["title"]) for line in lines if line["event"] == "track"]

        wait_for(tracks, [(OWNER, "Title")])
        # As long again as a member may take to write it.
        time.sleep(2.5)
        assert tracks() == [(OWNER, "Title")]


def test_strangers_get_no_audience_from_the_internal_port(members: Members, started: Started) -> None:
    target = f"/internal/streams/{started.stream_id}/audience"
    assert members.call(OWNER, "GET", target).json()["name"] == OWNER
    assert members.call(OWNER, "GET", target, secret="a-secret-of-somebody-else").status_code == 403
