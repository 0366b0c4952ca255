"""HLS that another member makes: the client who causes it is charged there, whichever member it asks."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import ANSWER_SECONDS, HOST
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

FRONT, OWNER = "m0", "m1"
GREEDY, OTHER = "127.0.1.1", "127.0.1.2"
STREAMS = 4

# All visitors are strangers, those of this machine too.
PROXIES = "10.0.0.0/8"


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    folder = tmp_path_factory.mktemp("members")
    with Members(folder, 2, TRUSTED_PROXIES=PROXIES, MAX_HLS_MUXERS_PER_CLIENT=1) as members:
        yield members


@pytest.fixture(scope="module")
def streams(members: Members) -> Iterator[list[Started]]:
    """Streams of one owner, all on the air."""
    with ExitStack() as stack:
        streams = [members.start_stream(owner=OWNER, at=FRONT) for _ in range(STREAMS)]
        for each in streams:
            stack.enter_context(
                PacedSource(each.keyed_url, numbered_audio(seconds=120, packets_a_page=50), lead_seconds=3)
            )
        for each in streams:
            members.wait_for_owner(each.stream_id, OWNER, 20.0)
        yield streams


def playlist_status(members: Members, name: str, visitor: str, started: Started) -> tuple[int, str]:
    """Ask a member for a stream's playlist from an address; give status and error."""
    connection = http.client.HTTPConnection(
        HOST, members[name].port, timeout=ANSWER_SECONDS, source_address=(visitor, 0)
    )
    try:
        connection.request("GET", f"/stream/{started.stream_id}/hls/index.m3u8")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            return 200, ""
        assert answer.headers["Retry-After"], "expected a player to be told when to come again"
        return answer.status, json.loads(body)["error"]
    finally:
        connection.close()


def test_who_causes_a_muxer_at_another_member_is_charged_for_it(
    members: Members, streams: list[Started]
) -> None:
    first, second, third, fourth = streams
    assert playlist_status(members, FRONT, GREEDY, first) == (200, "")
    # It has one, so it gets no other, whichever member it asks.
    for name in (FRONT, OWNER):
        assert playlist_status(members, name, GREEDY, second) == (429, "client_limit")
    # What somebody else plays is there for all, and everybody else has a budget of their own.
    assert playlist_status(members, FRONT, OTHER, second) == (200, "")
    assert playlist_status(members, FRONT, GREEDY, second) == (200, "")
    # What it has at the owner, it has for all members.
    other = "127.0.1.3"
    assert playlist_status(members, OWNER, other, third) == (200, "")
    assert playlist_status(members, FRONT, other, fourth) == (429, "client_limit")
    assert members[OWNER].metric("audiocast_hls_packagers") == 3
    assert members[FRONT].metric("audiocast_hls_packagers") == 0
    assert members[OWNER].metric("audiocast_client_refusals_total", '{kind="hls_muxers"}') == 3


def test_a_client_that_is_none_is_refused(members: Members, streams: list[Started]) -> None:
    target = f"/internal/hls/{streams[0].stream_id}?path=index.m3u8"
    answer = members.call(OWNER, "GET", target, headers={"Audiocast-Client": "everybody"})
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert members.complaints() == []
