"""HLS of a cluster: the same from every member, and it goes on when the member that makes it is killed."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from audiocast.cluster.ring import order
from tests.cluster.members import Members
from tests.support.audio.mp4_boxes import fragments
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.hls_reader import HlsReader
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

pytestmark = pytest.mark.realtime

FRONT, OWNER, EDGE = "m0", "m1", "m2"
CROWD = 20


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    with Members(tmp_path_factory.mktemp("members")) as members:
        yield members


@pytest.fixture(scope="module")
def started(members: Members) -> Iterator[Started]:
    started = members.start_stream(owner=OWNER, at=FRONT)
    with PacedSource(started.keyed_url, numbered_audio(seconds=60, first_number=1), lead_seconds=3):
        members[FRONT].wait_for_state(started.stream_id, "live")
        yield started


def numbers(reader: HlsReader) -> list[int]:
    return [number_of(packet) for packet in reader.packets]


def numbers_of_segments(reader: HlsReader) -> list[int]:
    """Give what the whole segments hold that are listed now.

    Parts are listed of the newest segments only. A player that was away for longer takes the segments.
    """
    data = b"".join(reader.fetch(segment.uri) for segment in reader.playlist.whole)
    return [number_of(packet) for fragment in fragments(data) for packet, _ in fragment.packets]


def test_all_members_give_the_same(members: Members, started: Started) -> None:
    readers = [HlsReader(members[name].base, started.stream_id) for name in members.names]
    for reader in readers:
        reader.read(1.5)
    for reader in readers[1:]:
        common = reader.media.keys() & readers[0].media.keys()
        assert len(common) >= 3
        assert {uri: reader.media[uri] for uri in common} == {uri: readers[0].media[uri] for uri in common}
    packagers = [members[name].metric("audiocast_hls_packagers") for name in members.names]
    assert packagers == [0, 1, 0], "one makes it, and it is the owner"


def test_a_crowd_at_one_member_is_one_question_to_the_other(members: Members, started: Started) -> None:
    def asked() -> float:
        labels = '{handler="MemberHls",method="GET",status="200"}'
        return members[OWNER].metric("audiocast_http_requests_total", labels)

    with HlsReader(members[EDGE].base, started.stream_id) as reader:
        number, part = reader.reload().next_position
    before = asked()
    query = {"_HLS_msn": number + 1, "_HLS_part": part}
    with ThreadPoolExecutor(CROWD) as pool:
        answers = list(pool.map(lambda _: requests.get(reader.url, query, timeout=10), range(CROWD)))
    assert [answer.status_code for answer in answers] == [200] * CROWD
    assert len({answer.content for answer in answers}) == 1
    assert asked() - before == 1


def test_what_another_member_refuses_is_refused_in_its_words(members: Members, started: Started) -> None:
    for query, code in (("?_HLS_msn=x", "bad_hls_msn"), ("?_HLS_part=1", "bad_hls_part")):
        url = f"{members[EDGE].base}/stream/{started.stream_id}/hls/index.m3u8{query}"
        response = requests.get(url, timeout=10)
        assert (response.status_code, response.json()["error"]) == (400, code)


def test_it_is_not_given_to_strangers(members: Members, started: Started) -> None:
    url = f"http://127.0.0.1:{members[OWNER].internal_port}/internal/hls/{started.stream_id}?path=index.m3u8"
    assert requests.get(url, timeout=5).status_code == 403


def test_it_goes_on_when_the_member_that_makes_it_is_killed(members: Members, started: Started) -> None:
    readers = [HlsReader(members[name].base, started.stream_id) for name in (FRONT, EDGE)]
    runs = set()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda reader: reader.read(2), readers))
        runs |= {reader.playlist.hint.partition("/")[0] for reader in readers}
        last = max(numbers(readers[0]))
        members[OWNER].stop(signal.SIGKILL)
        list(pool.map(lambda reader: reader.read(3), readers))
    runs |= {reader.playlist.hint.partition("/")[0] for reader in readers}
    assert len(runs) == 2, "the old one, and one new one for both"
    for reader in readers:
        heard = {*numbers(reader), *numbers_of_segments(reader)}
        assert max(heard) > last + 100
        assert heard == set(range(min(heard), max(heard) + 1)), "its backlog has what came meanwhile"
    heir = order(started.stream_id, [FRONT, EDGE])[0]
    other = EDGE if heir == FRONT else FRONT
    assert members[heir].metric("audiocast_hls_packagers") == 1
    assert members[other].metric("audiocast_hls_packagers") == 0
    assert members.complaints() == []
