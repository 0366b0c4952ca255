"""What one member builds, another one parses; what a stranger builds is refused or cut."""

import contextlib
import json
from typing import Any

import pytest

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.greeting import GOODBYE_REQUEST, ChangesRequest, Greeting, ListName
from audiocast.cluster.hls_router import HlsRequest
from audiocast.cluster.member import Member, OwnedSource
from audiocast.cluster.protocol import (
    CLIENT_HEADER,
    LAST_PAGE_HEADER,
    PROTOCOL_HEADER,
    STREAM,
    MemberStreamRequest,
    PlayingRequest,
    ReopenRequest,
    RulesRequest,
    StreamAnswer,
    StreamListAnswer,
    format_address,
    is_version_near,
    route,
    split_address,
    version_of,
)
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.stream_requests import (
    ForwardAnswer,
    ForwardRequest,
    RelayAnswer,
    RelayRequest,
    ResumePoint,
)
from audiocast.cluster.versioned_list import ListSummary
from audiocast.stream.broadcaster.presentation import Presentation
from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.stream.hub_state import Rule, StreamEnd
from audiocast.stream.keys import Visibility
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position

SOURCE = SourceId(0x5F2A, 0x9C)
PAGE = Position(17, 200)


def query_of(target: str) -> dict[str, str]:
    _, _, query = target.partition("?")
    return dict(part.split("=", 1) for part in query.split("&")) if query else {}


@pytest.mark.parametrize(
    ("host", "address"), [("10.0.0.1", "10.0.0.1:8001"), ("fd00::a", "[fd00::a]:8001"), ("m0", "m0:8001")]
)
def test_an_address_can_be_taken_apart_again(host: str, address: str) -> None:
    assert format_address(host, 8001) == address
    assert split_address(address) == (host, 8001)


def test_a_path_is_a_route_with_a_group_for_the_id() -> None:
    assert route(STREAM) == "/internal/streams/([^/]*)"
    assert route("/internal/drain") == "/internal/drain"


@pytest.mark.parametrize("resume_point", [None, ResumePoint(SOURCE, PAGE)])
def test_an_edge_says_which_page_it_had_last(resume_point: ResumePoint | None) -> None:
    request = RelayRequest("abc", resume_point)
    built = request.build()
    assert (built.method, built.target.partition("?")[0]) == ("POST", "/internal/relay/abc")
    assert RelayRequest.parse("abc", query_of(built.target)) == request


def test_half_of_a_resume_point_is_one_of_no_source_or_no_page() -> None:
    assert RelayRequest.parse("abc", {"origin": "5f2a-9c"}).resume_point == (SOURCE, (0, 0))
    assert RelayRequest.parse("abc", {"had": "17.200"}).resume_point == (SourceId(0, 0), PAGE)


@pytest.mark.parametrize("query", [{"origin": "x", "had": "17.200"}, {"origin": "5f2a-9c", "had": "x"}])
def test_a_resume_point_that_is_none_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadMessage, match="expected a"):
        RelayRequest.parse("abc", query)


PRESENTATION = Presentation('Из "Вены"', "#b5400f", "https://radio.example/?a=1")


def test_a_stream_begins_anew_as_it_is_presented() -> None:
    for request in (ReopenRequest("abc", "Jazz"), ReopenRequest("abc", "Jazz", PRESENTATION)):
        built = request.build()
        assert ReopenRequest.parse("abc", json.loads(built.content)) == request
    assert ReopenRequest.parse("abc", {"title": "Of an earlier version"}).presentation == Presentation()


@pytest.mark.parametrize("said", ["", "[]", "{", "[" * 100_000, '{"link": "javascript:alert(1)"}'])
def test_a_presentation_that_is_none_shows_nothing(said: str) -> None:
    headers = {"Audiocast-Origin": str(SOURCE), "Audiocast-Presentation": said}
    with contextlib.suppress(BadMessage):
        assert not ForwardRequest.parse("abc", headers).presentation


@pytest.mark.parametrize("is_resumed", [True, False])
def test_a_front_offers_a_source_as_it_is(is_resumed: bool) -> None:
    request = ForwardRequest(
        "abc",
        source_id=SOURCE,
        generation=7,
        title="Größe / 100 %\r\n",
        is_resumed=is_resumed,
        age_seconds=3600.25,
        visibility=Visibility.PUBLIC if is_resumed else None,
        is_muted=is_resumed,
        presentation=PRESENTATION if is_resumed else None,
    )
    built = request.build()
    assert (built.method, built.target) == ("POST", "/internal/forward/abc")
    assert all(value.isascii() and value.isprintable() for value in built.headers.values())
    assert ForwardRequest.parse("abc", built.headers) == request


def test_what_a_front_leaves_out_is_nothing_and_what_is_too_long_is_cut() -> None:
    headers = {"Audiocast-Origin": str(SOURCE), "Audiocast-Title": "t" * 300}
    request = ForwardRequest.parse("abc", headers)
    assert (request.generation, request.is_resumed, request.age_seconds) == (0, False, 0.0)
    assert request.title == "t" * 200
    assert ForwardRequest.parse("abc", {"Audiocast-Origin": str(SOURCE)}).title == ""


@pytest.mark.parametrize(
    "bad", [{"Audiocast-Origin": ""}, {"Audiocast-Generation": "x"}, {"Audiocast-Age": "old"}]
)
def test_a_source_that_is_none_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(BadMessage):
        ForwardRequest.parse("abc", {"Audiocast-Origin": str(SOURCE), **bad})


@pytest.mark.parametrize("last_page", [None, PAGE, Position(0, 0)])
def test_an_owner_says_which_page_it_has(last_page: Position | None) -> None:
    answer = ForwardAnswer(last_page)
    assert ForwardAnswer.parse(answer.as_headers()) == answer


def test_an_owner_that_says_nothing_has_no_page_and_nonsense_is_refused() -> None:
    assert ForwardAnswer.parse({}).last_page is None
    with pytest.raises(BadMessage):
        ForwardAnswer.parse({LAST_PAGE_HEADER: "17"})


def test_titles_cross_as_they_are() -> None:
    playing = PlayingRequest("abc", "Title", "Artist", 7)
    built = playing.build()
    assert (built.method, built.target) == ("POST", "/internal/streams/abc/playing")
    assert isinstance(built.body, dict)
    assert PlayingRequest.parse("abc", built.body) == playing
    assert PlayingRequest.parse("abc", {}) == PlayingRequest("abc", "", "", 0)
    with pytest.raises(BadMessage):
        PlayingRequest.parse("abc", {"generation": "second"})


@pytest.mark.parametrize(
    "edit",
    [
        StreamEdit("", is_muted=True),
        StreamEdit("New"),
        StreamEdit(description="Jazz", accent="#117733", link="", starts_at=0),
        StreamEdit(),
        None,
    ],
)
def test_an_edit_goes_beside_the_track_that_earlier_versions_know(edit: StreamEdit | None) -> None:
    request = PlayingRequest("abc", "Track", "Artist", 7, edit)
    built = request.build()
    assert isinstance(built.body, dict)
    assert (built.body["title"], built.body["artist"]) == ("Track", "Artist")
    assert PlayingRequest.parse("abc", built.body) == request


def test_an_edit_of_a_stranger_is_cut_or_changes_nothing() -> None:
    nonsense = {
        "title": ["x"],
        "muted": "yes",
        "description": 1,
        "accent": None,
        "link": {},
        "starts_at": True,
    }
    bad = PlayingRequest.parse("abc", {"edit": nonsense})
    assert bad.edit == StreamEdit()
    assert PlayingRequest.parse("abc", {"edit": "x"}).edit is None
    long = PlayingRequest.parse("abc", {"edit": {"title": "\0" + "x" * 500}})
    assert long.edit == StreamEdit("x" * 200)


def test_who_takes_a_stream_is_told_what_is_muted() -> None:
    for muted in (SOURCE, None):
        assert RelayAnswer.parse(RelayAnswer(muted).as_headers()).muted_source == muted
    assert RelayAnswer.parse({}).muted_source is None
    with pytest.raises(BadMessage):
        RelayAnswer.parse({"Audiocast-Muted": "x"})
    reopen = ReopenRequest("abc", "Title")
    built = reopen.build()
    assert (built.method, built.target) == ("POST", "/internal/streams/abc/reopen")
    assert isinstance(built.body, dict)
    assert ReopenRequest.parse("abc", built.body) == reopen
    assert ReopenRequest.parse("abc", {}) == ReopenRequest("abc", "")


def test_rules_are_only_what_is_said() -> None:
    said: dict[str, Any] = {"generation": 3, "suspended": True}
    assert RulesRequest.parse("abc", said) == RulesRequest("abc", Rule(3, is_suspended=True))
    assert RulesRequest.parse("abc", {"ended": True}) == RulesRequest("abc", Rule(is_ended=True))
    assert RulesRequest.parse("abc", {}) == RulesRequest("abc", Rule())
    assert RulesRequest.parse("abc", {"suspended": "yes", "ended": 1}) == RulesRequest("abc", Rule())
    revoked = {"listen_links_revoked_at_ms": 1_764_504_000_000}
    assert RulesRequest.parse("abc", revoked) == RulesRequest("abc", Rule(0, False, False, 1_764_504_000_000))
    with pytest.raises(BadMessage):
        RulesRequest.parse("abc", {"suspended": True, "generation": "third"})
    for wrong in ("noon", None, float("inf")):
        with pytest.raises(BadMessage, match="expected a listen_links_revoked_at_ms"):
            RulesRequest.parse("abc", {"listen_links_revoked_at_ms": wrong})


def test_a_stream_is_asked_for_and_ended_at_the_same_path() -> None:
    request = MemberStreamRequest("abc")
    assert (request.build().method, request.build().target) == ("GET", "/internal/streams/abc")
    assert (request.build_end().method, request.build_end().target) == ("DELETE", "/internal/streams/abc")
    assert request.build_end(7).target == "/internal/streams/abc?generation=7"
    assert request.build_end(7, for_good=False).target == "/internal/streams/abc?generation=7&for_good=false"
    assert MemberStreamRequest.is_for_good({"generation": "7"})
    assert not MemberStreamRequest.is_for_good({"generation": "7", "for_good": "false"})
    assert MemberStreamRequest.parse_end({"generation": "7"}) == 7
    assert MemberStreamRequest.parse_end({}) is None
    with pytest.raises(BadMessage):
        MemberStreamRequest.parse_end({"generation": "second"})


@pytest.mark.parametrize("text", ["1-2", "1-2 7"])
def test_an_owned_source_is_listed_with_its_generation(text: str) -> None:
    assert str(OwnedSource.parse(text)) == text


@pytest.mark.parametrize("text", ["", "1-2 seven", "1-2 7 8", "7"])
def test_what_is_no_owned_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a source id|invalid literal"):
        OwnedSource.parse(text)


@pytest.mark.parametrize("is_owned", [True, False])
def test_what_a_member_knows_of_a_stream_crosses_whole(is_owned: bool) -> None:
    answer = StreamAnswer(is_owned, {"state": "live"})
    assert StreamAnswer.parse(answer.as_json()) == answer


@pytest.mark.parametrize("body", [None, [], "x", {}, {"state": "live"}, {"owned": 0, "state": None}])
def test_an_answer_without_a_snapshot_is_an_empty_one(body: object) -> None:
    assert StreamAnswer.parse(body) == StreamAnswer(False, {})


def test_a_list_of_streams_crosses_and_what_is_no_snapshot_is_left_out() -> None:
    answer = StreamListAnswer([{"stream_id": "a"}, {"stream_id": "b"}])
    assert StreamListAnswer.parse(answer.as_json()) == answer
    assert StreamListAnswer.parse({"streams": [{"stream_id": "a"}, 5, "x"]}).snapshots == [{"stream_id": "a"}]
    # The operator gets the ends of streams, too, and members leave them alone.
    asked = StreamListAnswer([], [StreamEnd("a", 2, 5.5, is_reopened=True)]).as_json()
    assert asked["ends"] == [{"stream_id": "a", "generation": 2, "at": 5.5, "reopened": True}]
    assert "ends" not in answer.as_json()
    assert StreamListAnswer.parse(asked) == StreamListAnswer([])
    nothings: list[object] = [None, [], {}]
    for body in nothings:
        assert StreamListAnswer.parse(body).snapshots == []


def test_a_player_gets_what_it_asks_another_member_for() -> None:
    request = HlsRequest("abc", "stream.m3u8", {"_HLS_msn": "5", "_HLS_part": "2"})
    built = request.build()
    assert (built.method, built.target.partition("?")[0]) == ("GET", "/internal/hls/abc")
    query = query_of(built.target)
    assert HlsRequest.parse("abc", query, built.headers) == request
    del query["path"]
    with pytest.raises(BadMessage, match="expected a path"):
        HlsRequest.parse("abc", query, {})


def test_a_member_says_for_whom_it_asks_beside_what_all_ask_for() -> None:
    clients = (b"", bytes((192, 0, 2, 7)), bytes.fromhex("20010db8000001"))
    asked = [HlsRequest("abc", "stream.m3u8", {}, client) for client in clients]
    built = [request.build() for request in asked]
    assert len({each.target for each in built}) == 1
    query = query_of(built[0].target)
    assert [HlsRequest.parse("abc", query, each.headers) for each in built] == asked
    for client in ("x", "a", "A0", "a0" * 17, "a0 "):
        with pytest.raises(BadMessage, match="expected a client"):
            HlsRequest.parse("abc", query, {CLIENT_HEADER: client})


ME = Identity("m0", "f00")
LISTS = {
    ListName.PRIVATE: ListSummary(2, 0, "0" * 16),
    ListName.OWNED: ListSummary(7, 1, "0123456789abcdef"),
    ListName.HLS: ListSummary(0, 0, "0" * 16),
    ListName.BROADCASTS: ListSummary(3, 0, "0" * 16),
}


def test_a_greeting_crosses_whole_and_what_a_newer_version_adds_is_ignored() -> None:
    sent = Greeting(ME, 8001, is_draining=True, view="view", lists=LISTS)
    built = sent.build()
    assert (built.method, built.target) == ("POST", "/internal/hello")
    assert Greeting.parse(built.body, ME) == sent
    newer = {**sent.as_json(), "mood": "good", "lists": {**sent.as_json()["lists"], "moods": [1]}}
    assert Greeting.parse(newer, ME) == sent
    assert (GOODBYE_REQUEST.method, GOODBYE_REQUEST.target) == ("POST", "/internal/goodbye")


def test_a_greeting_has_the_same_size_whatever_is_on() -> None:
    lists = dict.fromkeys(ListName, ListSummary(10**12, 10**6, "f" * 16))
    full = Greeting(ME, 65_535, is_draining=False, view="f" * 16, lists=lists).build().content
    empty = Greeting(ME, 1, is_draining=False, view="", lists=LISTS).build().content
    assert len(full) - len(empty) < 150
    assert len(full) < 500


@pytest.mark.parametrize("name", ["n", "n" * 200])
@pytest.mark.parametrize("port", [1, 65_535])
def test_a_greeting_at_its_bounds_is_one(name: str, port: int) -> None:
    sent = Greeting(Identity(name, "1"), port, is_draining=False, view="", lists=LISTS)
    assert Greeting.parse(sent.as_json(), sent.identity) == sent


def test_a_member_asks_for_what_has_changed() -> None:
    request = ChangesRequest(ListName.OWNED, "17.4")
    built = request.build()
    assert (built.method, built.target.partition("?")[0]) == ("GET", "/internal/changes")
    assert ChangesRequest.parse(query_of(built.target)) == request
    assert ChangesRequest.parse({"list": "hls"}) == ChangesRequest(ListName.HLS, "")
    queries: list[dict[str, str]] = [{}, {"list": "moods"}]
    for query in queries:
        with pytest.raises(BadMessage):
            ChangesRequest.parse(query)


@pytest.mark.parametrize(("version", "is_near"), [(0, False), (1, False), (2, True), (4, True), (5, False)])
def test_neighbouring_versions_are_one_cluster(version: int, *, is_near: bool) -> None:
    assert version_of({PROTOCOL_HEADER: str(version)}) == version
    assert is_version_near(version) is is_near


def test_a_version_has_eight_digits_at_most() -> None:
    assert version_of({PROTOCOL_HEADER: "9" * 8}) == 99_999_999
    assert version_of({PROTOCOL_HEADER: "0" * 8 + "2"}) == 0


@pytest.mark.parametrize("text", ["", "x", "-2", "2.0", "9" * 9, "9" * 5000, "\xb2"])
def test_a_version_that_is_none_is_none(text: str) -> None:
    assert version_of({PROTOCOL_HEADER: text}) == version_of({}) == 0


@pytest.mark.parametrize(
    ("name", "port"), [("", 8001), ("n" * 201, 8001), ("m0", 0), ("m0", 65_536), ("m0", -1), ("m0", True)]
)
def test_a_greeting_beyond_its_bounds_is_none(name: str, port: int) -> None:
    sent = Greeting(Identity(name, "1"), port, is_draining=False, view="", lists=LISTS)
    with pytest.raises(BadMessage, match="expected a greeting"):
        Greeting.parse(sent.as_json(), sent.identity)


def test_of_a_member_that_was_just_found_nothing_more_is_known() -> None:
    member = Member("m0", "10.0.0.1:8001", "f00", 5.0)
    assert member.recipient == ("10.0.0.1:8001", ME)
    assert (member.version, member.view, member.is_draining) == (0, "", False)
    assert (member.misses, member.answered_at) == (0, 0.0)
    assert (member.owned_streams, member.hls_streams) == ({}, {})
    assert member.copies is not Member("m1", "", "", 0.0).copies
    assert OwnedSource(SOURCE) == OwnedSource.parse("5f2a-9c") == (SOURCE, 0)
