"""What members say of the same stream becomes one state."""

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from audiocast.cluster import stream_directory
from audiocast.cluster.errors import NoAnswer
from audiocast.cluster.node import Node
from audiocast.cluster.protocol import HELLO, STREAMS, PeerRequest
from audiocast.cluster.stream_directory import StreamDirectory, merge, merge_all, merge_history, public
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.registry import Registry
from tests.support.clock.fake_clock import FakeClock
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.fake_peer_client import FakePeerClient
from tests.unit.cluster.membership_harness import FakeDiscovery, greeting

GOOD_SECONDS = 1.0
UNKNOWN_SECONDS = 3.0

STREAM_PREFIX = f"{STREAMS}/"
A, B = "10.0.0.1:8001", "10.0.0.2:8001"


LISTED = SimpleNamespace(is_listed=lambda stream_id: True)


def state(**fields: Any) -> dict[str, Any]:
    return {
        "stream_id": "abc",
        "state": "live",
        "started_at": 5.0,
        "listeners": 1,
        "listener_peak": 1,
        "is_owner": False,
        "owner": "m0",
        **fields,
    }


def test_nobody_knows_it() -> None:
    assert merge([]) is None


def test_the_owner_is_believed_and_all_listeners_count() -> None:
    mine, owners = state(owner="?", title=""), state(is_owner=True, owner="m1", title="T", listeners=40)
    whole = merge([mine, owners, state(listeners=2, state="held")])
    assert whole is not None
    assert (whole["owner"], whole["title"], whole["listeners"], whole["state"]) == ("m1", "T", 43, "live")


def test_without_an_owner_who_has_it_on_is_believed() -> None:
    whole = merge([state(state="ended"), state(state="waiting"), state(state="held", owner="m2")])
    assert whole is not None
    assert (whole["state"], whole["owner"]) == ("held", "m2")


def test_a_peak_is_never_below_the_number_of_now() -> None:
    whole = merge([state(listeners=3, listener_peak=3), state(listeners=4, listener_peak=5)])
    assert whole is not None
    assert whole["listener_peak"] == 7


def test_whoever_knows_how_the_stream_is_presented_is_believed() -> None:
    owners = state(is_owner=True, accent="", description="", link="")
    fronts = state(accent="#b5400f", description="Jazz", link="", history=[])
    whole = merge([owners, fronts])
    assert whole is not None
    assert (whole["accent"], whole["description"], whole["link"]) == ("#b5400f", "Jazz", "")
    whole = merge([{**owners, "accent": "#000000"}, fronts])
    assert whole is not None
    assert (whole["accent"], whole["description"]) == ("#000000", "")


def test_one_that_sends_the_encoder_away_is_enough() -> None:
    whole = merge([state(is_owner=True, draining=False), state(draining=True)])
    assert whole is not None
    assert whole["draining"]


def track(title: str, started_at: float) -> dict[str, Any]:
    return {"title": title, "artist": "", "started_at": started_at}


def test_the_history_is_the_owners() -> None:
    owners = [track("C", 30), track("B", 20), track("A", 10)]
    edges = [track("B", 35), track("C", 31)]
    whole = merge([state(history=edges), state(is_owner=True, history=owners)])
    assert whole is not None
    assert whole["history"] == owners


def test_what_was_before_the_owner_came_others_know() -> None:
    owners, fronts = [track("C", 30), track("B", 25)], [track("C", 31), track("B", 20), track("A", 10)]
    assert merge_history(owners, [owners, fronts]) == [track("C", 30), track("B", 20), track("A", 10)]
    owners = [track("C", 30)]
    assert merge_history(owners, [owners, fronts]) == [track("C", 30), track("B", 20), track("A", 10)]
    assert merge_history([], [[], fronts]) == fronts
    assert merge_history([], []) == []


def test_each_stream_is_listed_once_the_oldest_first() -> None:
    young = state(stream_id="young", started_at=9.0)
    listed = merge_all([young, state(), state(listeners=2)])
    assert [(each["stream_id"], each["listeners"]) for each in listed] == [("abc", 3), ("young", 1)]


def test_the_public_is_not_told_what_members_tell_each_other() -> None:
    assert set(state(history=[])) - set(public(state(history=[]))) == {
        "history",
        "is_owner",
    }


def answer(name: str, target: str, _: object) -> dict[str, Any]:
    return (
        greeting(name) if target == HELLO else {"state": state(stream_id=target.removeprefix(STREAM_PREFIX))}
    )


async def test_a_member_that_stands_still_costs_its_time_out_once() -> None:
    peer_client = FakePeerClient()
    for name, address in (("a", A), ("b", B)):
        peer_client.answers[address] = partial(answer, name)
    node = Node(
        "me",
        internal_port=lambda: 8001,
        discovery=FakeDiscovery(A, B),
        client=peer_client,
        signer=None,
        hls_streams=dict,
        streams=Registry(clock=FakeClock(), limits=HubLimits(), max_streams=10),
    )
    await node.start()
    peer_client.answers[B] = NoAnswer("Timeout during request")
    answers = StreamDirectory(node)
    for stream_id in ("x", "y", "z"):
        known = await answers.find(stream_id, None)
        assert known is not None
        assert known["stream_id"] == stream_id, "the others' word is heard"
    asked = [
        (address, target) for address, _, target in peer_client.asked if target.startswith(STREAM_PREFIX)
    ]
    assert [target for address, target in asked if address == A] == [STREAM_PREFIX + name for name in "xyz"]
    assert [target for address, target in asked if address == B] == [STREAM_PREFIX + "x"]
    await node.membership.stop()


def test_an_answer_is_good_for_a_second_and_costs_one_round() -> None:
    async def test() -> None:
        rounds: list[str] = []

        async def broadcast(request: PeerRequest) -> list[Any]:
            rounds.append(request.target)
            await asyncio.sleep(0.1)
            return [{"state": state(stream_id=request.target.removeprefix(STREAM_PREFIX))}]

        directory = StreamDirectory(
            cast(Node, SimpleNamespace(is_alone=False, broadcast=broadcast, peers=LISTED))
        )
        for _ in range(2):
            await asyncio.gather(*(directory.find("abc", None) for _ in range(10)))
        assert rounds == [STREAM_PREFIX + "abc"]
        await asyncio.sleep(GOOD_SECONDS - 0.2)
        await directory.find("abc", None)
        assert len(rounds) == 1
        await asyncio.sleep(0.2)
        await directory.find("abc", None)
        assert len(rounds) == 2

    run(test())


async def test_a_server_that_is_alone_asks_no_member() -> None:
    directory = StreamDirectory(cast(Node, SimpleNamespace(is_alone=True)))
    assert await directory.find("abc", None) is None
    assert [each["stream_id"] for each in await directory.list_live([state()])] == ["abc"]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"is_owner": True, "state": "ended"}, {"state": "live"}),
        ({"state": "live"}, {"state": "held"}),
        ({"state": "held"}, {"state": "ended"}),
        ({"state": "ended"}, {"state": "waiting"}),
        ({"state": "ended", "started_at": 1.0}, {"state": "of a newer version", "started_at": 9.0}),
        ({"state": "live", "started_at": 9.0}, {"state": "live", "started_at": 8.0}),
        ({"state": "live", "started_at": 0.5}, {"state": "live", "started_at": None}),
    ],
)
def test_whose_word_counts(better: dict[str, Any], worse: dict[str, Any]) -> None:
    snapshots = [state(**worse, title="worse"), state(**better, title="better")]
    for each in (snapshots, snapshots[::-1]):
        whole = merge(each)
        assert whole is not None
        assert whole["title"] == "better"


def test_what_a_member_does_not_say_counts_as_nothing() -> None:
    whole = merge([{"stream_id": "abc"}])
    assert whole == {
        "stream_id": "abc",
        "access_code": "",
        "cover": None,
        "history": [],
        "listeners": 0,
        "listener_peak": 0,
        "max_listeners": 0,
        "last_broadcast": None,
        "last_refusal": None,
        "draining": False,
        "visibility": None,
        "starts_at": None,
    }
    whole = merge([state(listeners=None, listener_peak=None), state(listeners=2, listener_peak=5)])
    assert whole is not None
    assert (whole["listeners"], whole["listener_peak"]) == (2, 5)


def test_a_history_is_bounded_and_of_the_others_the_longest_counts() -> None:
    owners = [track(f"T{number}", 1000 - number) for number in range(15)]
    short = [track("S", 5), track("R", 4)]
    long = [track(f"L{number}", 100 - number) for number in range(15)]
    merged = merge_history(owners, [owners, short, long])
    assert merged == [*owners, *long[:5]]
    assert merge_history([], [short, long]) == long


def test_a_track_that_began_with_the_owners_first_one_is_the_owners() -> None:
    owners, fronts = [track("C", 30)], [track("C", 30), track("B", 20)]
    assert merge_history(owners, [owners, fronts]) == [track("C", 30), track("B", 20)]
    same_title = {**track("B", 20), "artist": "Another"}
    owners = [track("B", 25)]
    assert merge_history(owners, [owners, [same_title]]) == [track("B", 25), same_title], "another song"


def test_streams_that_began_together_or_never_are_listed_by_their_ids() -> None:
    listed = merge_all(
        [
            state(stream_id="b"),
            state(stream_id="a"),
            state(stream_id="c", started_at=None),
            state(stream_id="d", started_at=0.5),
        ]
    )
    assert [each["stream_id"] for each in listed] == ["c", "d", "a", "b"]


class Cluster:
    """Other members, whose answers take a tenth of a second.

    Attributes:
        rounds: The target of each round of questions.
    """

    is_alone = False

    def __init__(self) -> None:
        self.rounds: list[str] = []
        self.peers = LISTED

    async def broadcast(self, request: PeerRequest) -> list[Any]:
        self.rounds.append(request.target)
        await asyncio.sleep(0.1)
        if request.target == STREAMS:
            return [{"streams": [state(stream_id="x")]}, {"streams": [state(stream_id="x"), 5]}]
        return [{"state": state(stream_id=request.target.removeprefix(STREAM_PREFIX))}, {"state": None}]


def test_what_is_on_anywhere_is_listed_and_asked_for_once_a_second() -> None:
    async def test() -> None:
        cluster = Cluster()
        directory = StreamDirectory(cast(Node, cluster))
        listed = await directory.list_live([state(stream_id="y", started_at=9.0)])
        assert [(each["stream_id"], each["listeners"]) for each in listed] == [("x", 2), ("y", 1)]
        await directory.list_live([])
        assert cluster.rounds == [STREAMS]
        await asyncio.sleep(0.89)
        await directory.list_live([])
        assert cluster.rounds == [STREAMS]
        await asyncio.sleep(0.01)
        await directory.list_live([])
        assert cluster.rounds == [STREAMS] * 2, "good for a second"

    run(test())


def test_one_who_asks_and_goes_does_not_take_the_answer_from_the_others() -> None:
    async def test() -> None:
        directory = StreamDirectory(cast(Node, Cluster()))
        asking = [asyncio.ensure_future(directory.find("abc", None)) for _ in range(3)]
        await asyncio.sleep(0.05)
        asking[0].cancel()
        for each in asking[1:]:
            found = await each
            assert found is not None
            assert found["stream_id"] == "abc"

    run(test())


def test_answers_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        monkeypatch.setattr(stream_directory, "MAX_KEPT", 3)
        cluster = Cluster()
        directory = StreamDirectory(cast(Node, cluster))
        await asyncio.gather(*(directory.find(name, None) for name in "abc"))
        await directory.find("a", None)
        assert (len(cluster.rounds), set(directory._kept)) == (3, {"a", "b", "c"})
        await directory.find("d", None)
        assert set(directory._kept) == {"d"}

    run(test())


def directory_answered(answer: object) -> StreamDirectory:
    """Give the directory of a member whose one neighbour always answers the same."""

    async def broadcast(_: PeerRequest) -> list[Any]:
        return [answer]

    return StreamDirectory(cast(Node, SimpleNamespace(is_alone=False, broadcast=broadcast, peers=LISTED)))


async def test_the_texts_of_other_members_are_cleaned() -> None:
    dirty = {"title": "\ud800 A", "artist": "\x1b[2JB"}
    clean = {"title": "\ufffd A", "artist": "[2JB"}
    history = [{**dirty, "started_at": 3.0}, "no track"]
    directory = directory_answered({"state": state(title="\udfffT\x07", now_playing=dirty, history=history)})
    found = await directory.find("abc", None)
    assert found is not None
    assert (found["title"], found["now_playing"]) == ("\ufffdT", clean)
    assert found["history"] == [{**clean, "started_at": 3.0}]


@pytest.mark.parametrize("playing", [None, "a title", [], 5])
async def test_what_is_no_track_of_another_member_is_none(playing: object) -> None:
    directory = directory_answered({"streams": [state(title=None, now_playing=playing)]})
    (found,) = await directory.list_live([])
    assert (found["title"], found["now_playing"]) == ("", None)


class Guesser:
    """A node that is asked for streams which no member lists."""

    def __init__(self, *, knows: bool = False) -> None:
        self.is_alone = False
        self.asked: list[str] = []
        self.listed: set[str] = set()
        self.left = 1000
        self.answer = [{"state": state(title="T")}] if knows else []
        self.peers = self

    def is_listed(self, stream_id: str) -> bool:
        return stream_id in self.listed

    async def ask_about_unlisted(self, request: PeerRequest) -> list[Any] | None:
        if not self.left:
            return None
        self.left -= 1
        self.asked.append(request.target)
        return self.answer

    async def broadcast(self, request: PeerRequest) -> list[Any]:
        self.asked.append(f"listed {request.target}")
        return [{"state": state(title="On")}]


def test_a_stream_that_nobody_knows_is_not_asked_for_again_at_once_but_when_it_is_listed() -> None:
    async def test() -> None:
        node = Guesser()
        directory = StreamDirectory(cast(Node, node))
        for _ in range(100):
            assert await directory.find("abc", None) is None
        assert node.asked == ["/internal/streams/abc"]
        node.listed.add("abc")
        found = await directory.find("abc", None)
        assert found is not None
        assert found["title"] == "On"
        node.listed.clear()
        await asyncio.sleep(UNKNOWN_SECONDS + 0.1)
        await directory.find("abc", None)
        assert node.asked == [
            "/internal/streams/abc",
            "listed /internal/streams/abc",
            "/internal/streams/abc",
        ]

    run(test())


async def test_ids_that_nobody_knows_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_directory, "MAX_KEPT", 3)
    node = Guesser()
    directory = StreamDirectory(cast(Node, node))
    for _ in range(2):
        for stream_id in ("a", "b", "c"):
            await directory.find(stream_id, None)
    assert len(node.asked) == 3, "each of them once"
    await directory.find("d", None)
    await directory.find("a", None)
    assert len(node.asked) == 5, "the fourth has pushed out the others"


async def test_many_who_ask_for_one_that_is_not_listed_cost_one_question() -> None:
    node = Guesser(knows=True)
    directory = StreamDirectory(cast(Node, node))
    found = await asyncio.gather(*(directory.find("abc", None) for _ in range(20)))
    assert len(found) == 20
    assert len(node.asked) == 1


async def test_a_stream_that_waits_at_another_member_is_found() -> None:
    found = await StreamDirectory(cast(Node, Guesser(knows=True))).find("abc", None)
    assert found is not None
    assert found["title"] == "T"


async def test_without_a_question_left_only_what_is_known_here_is_said() -> None:
    node = Guesser(knows=True)
    node.left = 0
    directory = StreamDirectory(cast(Node, node))
    assert await directory.find("abc", None) is None
    mine = await directory.find("abc", state(state="waiting", title="Mine"))
    assert mine is not None
    assert mine["title"] == "Mine"
    node.left = 1
    assert await directory.find("abc", None) is not None, "it was not taken for unknown"


async def test_a_stream_that_is_on_here_is_asked_for_whatever_is_left() -> None:
    node = Guesser()
    node.left = 0
    await StreamDirectory(cast(Node, node)).find("abc", state(state="held"))
    assert node.asked == ["listed /internal/streams/abc"]


def test_the_last_refusal_is_that_of_whichever_member_was_last() -> None:
    older = {"code": "too_fast", "message": "m", "at": 100.0}
    newer = {"code": "not_ogg_opus", "message": "m", "at": 101.0}
    states = [{"stream_id": "s", "last_refusal": refusal} for refusal in (older, newer, None, "no object")]
    merged = merge([{"stream_id": "s", "is_owner": True}, *states])
    assert merged is not None
    assert merged["last_refusal"] == newer
    assert "last_refusal" not in public(merged)


def last(started_at: float, ended_at: float, listener_peak: int) -> dict[str, Any]:
    return {"started_at": started_at, "ended_at": ended_at, "listener_peak": listener_peak}


def test_of_a_broadcast_that_is_over_each_member_has_seen_a_part() -> None:
    ended = [
        state(state="ended", last_broadcast=each)
        for each in (last(10, 99, 3), last(30, 60, 8), last(1, 9, 50), None, "no object")
    ]
    for states in (ended, ended[::-1]):
        whole = merge(states)
        assert whole is not None
        assert whole["last_broadcast"] == last(10, 99, 8)
    live = merge([*ended, state(is_owner=True)])
    assert live is not None
    assert live["last_broadcast"] is None


async def test_ten_thousand_answers_are_remembered_of_each_kind() -> None:
    directory = StreamDirectory(cast(Node, Guesser()))
    directory._unknown = {f"unknown{number}": 0.0 for number in range(9_999)}
    await directory.find("a", None)
    assert len(directory._unknown) == 10_000
    await directory.find("b", None)
    assert set(directory._unknown) == {"b"}
    for node in (Guesser(knows=True), Cluster()):
        directory = StreamDirectory(cast(Node, node))
        nothing: asyncio.Future[list[dict[str, Any]]] = asyncio.get_running_loop().create_future()
        directory._kept = {f"kept{number}": (0.0, nothing) for number in range(9_999)}
        await directory.find("a", None)
        assert len(directory._kept) == 10_000
        await directory.find("b", None)
        assert set(directory._kept) == {"b"}
