"""Where a stream is: told first, then asked in the ring's order, then everyone."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from audiocast.cluster.errors import (
    BadMessage,
    ClusterError,
    NoAnswer,
    NotListening,
    PeerSilent,
    Refused,
    Unreachable,
)
from audiocast.cluster.peers import Peers, QuestionBudget
from audiocast.cluster.protocol import HELLO, LIST_STREAMS, MISADDRESSED, STREAMS, MemberStreamRequest
from audiocast.cluster.ring import order
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.fake_peer_client import FakePeerClient
from tests.unit.cluster.membership_harness import MembershipHarness, greeting

LATE_SECONDS = 0.25
SILENCE_SECONDS = 2.0
ANSWERING_SECONDS = 1.0
FIRST_QUESTIONS = 2
PROOF_SECONDS = 0.3
UNLISTED_BURST = 400.0
UNLISTED_PER_SECOND = 100.0

STREAM_PREFIX = f"{STREAMS}/"
NAMES = [f"m{number:03}" for number in range(100)]
ADDRESSES = {name: f"10.0.0.{number + 1}:8001" for number, name in enumerate(NAMES)}


class Cluster:
    """One member of many, whose others answer as the test says."""

    def __init__(self, names: list[str]) -> None:
        self.harness = MembershipHarness(*(ADDRESSES[name] for name in names))
        self.owners: dict[str, str] = {}
        self.told: dict[str, dict[str, str]] = {}
        for name in names:
            self.harness.peer_client.answers[ADDRESSES[name]] = partial(self._answer, name)
        self.peers = Peers(self.harness.membership, self.harness.peer_client)
        self.names = [*names, "me"]

    def _answer(self, name: str, target: str, _: object) -> Any:
        if not target.startswith(STREAM_PREFIX):
            return greeting(name, owned=self.told.get(name, {}))
        if self.owners.get(target.removeprefix(STREAM_PREFIX)) != name:
            raise Refused(404, "stream_not_found", "no such stream here")
        return {"owned": True}

    def asked(self) -> list[str]:
        """Give whom it asked for a stream, in order."""
        by_address = {address: name for name, address in ADDRESSES.items()}
        return [
            by_address[address]
            for address, _, target in self.harness.peer_client.asked
            if STREAM_PREFIX in target
        ]


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    cluster = Cluster(NAMES[:8])
    await cluster.harness.membership.start()
    yield cluster
    await cluster.harness.membership.stop()


async def test_who_has_told_is_not_asked(cluster: Cluster) -> None:
    cluster.told["m005"] = {"abc": "5-5"}
    await cluster.harness.membership.announce()
    holder = await cluster.peers.find_holder("abc", ask_all=True)
    assert holder is not None
    assert (holder.name, cluster.peers.questions) == ("m005", 0)


async def test_of_two_who_tell_the_one_with_the_newer_source_is_believed(cluster: Cluster) -> None:
    cluster.told.update({"m001": {"abc": "5-5"}, "m002": {"abc": "10-1"}, "m003": {"abc": "nonsense"}})
    await cluster.harness.membership.announce()
    holder = await cluster.peers.find_holder("abc", ask_all=True)
    assert holder is not None
    assert holder.name == "m002"


async def test_the_likely_ones_are_asked_first_and_in_order(cluster: Cluster) -> None:
    ranked = [name for name in order("abc", cluster.names) if name != "me"]
    cluster.owners["abc"] = ranked[1]
    holder = await cluster.peers.find_holder("abc", ask_all=True)
    assert holder is not None
    assert (holder.name, cluster.asked()) == (ranked[1], ranked[:2])


async def test_then_everyone_and_only_if_that_is_wanted(cluster: Cluster) -> None:
    ranked = [name for name in order("abc", cluster.names) if name != "me"]
    cluster.owners["abc"] = ranked[-1]
    assert await cluster.peers.find_holder("abc", ask_all=False) is None
    assert cluster.asked() == ranked[:FIRST_QUESTIONS]
    holder = await cluster.peers.find_holder("abc", ask_all=True)
    assert holder is not None
    assert holder.name == ranked[-1]
    assert cluster.asked()[FIRST_QUESTIONS:] == ranked


async def test_who_does_not_answer_is_asked_no_more_for_a_while_and_not_suspected(cluster: Cluster) -> None:
    ranked = [name for name in order("abc", cluster.names) if name != "me"]
    cluster.owners["abc"] = ranked[1]
    cluster.harness.peer_client.answers[ADDRESSES[ranked[0]]] = NoAnswer("Timeout during request")
    for _ in range(3):
        holder = await cluster.peers.find_holder("abc", ask_all=True)
        assert holder is not None
        assert holder.name == ranked[1]
    assert cluster.asked() == [*ranked[:2], ranked[1], ranked[1]]
    assert ranked[0] in cluster.harness.membership.ring, "greetings decide, not questions"


async def test_an_address_that_refuses_connections_is_out_at_once(cluster: Cluster) -> None:
    ranked = [name for name in order("abc", cluster.names) if name != "me"]
    del cluster.harness.peer_client.answers[ADDRESSES[ranked[0]]]
    assert await cluster.peers.find_holder("abc", ask_all=False) is None
    assert ranked[0] not in cluster.harness.membership.ring


@pytest.mark.parametrize(
    ("error", "is_out"),
    [
        (NotListening("Connection refused"), True),
        (Unreachable("the connection is gone"), False),
        (PeerSilent("nothing came for 2 s"), True),
        (NoAnswer("Timeout during request"), False),
    ],
)
async def test_what_the_end_of_a_connection_proves(
    cluster: Cluster, error: Unreachable, *, is_out: bool
) -> None:
    cluster.harness.clock.advance(SILENCE_SECONDS)
    await cluster.peers.suspect("m001", error)
    assert ("m001" not in cluster.harness.membership.ring) is is_out


@pytest.mark.parametrize(
    ("answer", "is_out"),
    [
        (NotListening("Connection refused"), True),
        (NoAnswer("Timeout during request"), True),
        (Refused(421, MISADDRESSED, "another process is here now"), True),
        (Refused(429, "too_many_requests", "it is there"), False),
    ],
    ids=["not listening", "no answer", "another process", "refused"],
)
async def test_a_member_whose_connection_broke_is_asked_whether_it_lives(
    cluster: Cluster, answer: ClusterError, *, is_out: bool
) -> None:
    cluster.harness.peer_client.answers[ADDRESSES["m001"]] = answer
    await cluster.peers.suspect("m001", Unreachable("the connection is gone"))
    assert ("m001" not in cluster.harness.membership.ring) is is_out


async def test_a_member_of_many_broken_connections_is_asked_once() -> None:
    cluster = Cluster(NAMES[:3])
    await cluster.harness.membership.start()
    before = len(cluster.harness.peer_client.asked)
    gone = Unreachable("the connection is gone")
    await asyncio.gather(*(cluster.peers.suspect("m001", gone) for _ in range(100)))
    assert cluster.harness.peer_client.asked[before:] == [(ADDRESSES["m001"], "POST", HELLO)]
    assert cluster.harness.peer_client.recipients[-1].identity.name == "m001"
    await cluster.peers.suspect("m001", gone)
    assert len(cluster.harness.peer_client.asked) == before + 2, "a later break is another one"
    await cluster.peers.suspect("nobody", gone)
    assert len(cluster.harness.peer_client.asked) == before + 2
    await cluster.harness.membership.stop()


def test_a_member_that_does_not_answer_is_waited_for_shortly() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        cluster = Cluster(NAMES[:3])
        await cluster.harness.membership.start()

        async def hang(*_: object) -> None:
            await asyncio.sleep(60)

        cluster.harness.peer_client.ask = hang  # type: ignore[assignment, method-assign]
        began_at = loop.time()
        await cluster.peers.suspect("m001", Unreachable("the connection is gone"))
        assert loop.time() - began_at == pytest.approx(PROOF_SECONDS, abs=0.01)
        assert "m001" not in cluster.harness.membership.ring
        cluster.harness.membership.note_lag(cluster.harness.clock.time(), LATE_SECONDS)
        await cluster.peers.suspect("m002", Unreachable("the connection is gone"))
        assert "m002" in cluster.harness.membership.ring, "this member was late itself"
        asking = asyncio.ensure_future(cluster.peers.suspect("m002", Unreachable("the connection is gone")))
        await asyncio.sleep(0)
        cluster.peers.close()
        with pytest.raises(asyncio.CancelledError):
            await asking

    run(test())


async def test_both_clients_are_closed_and_each_once() -> None:
    closed: list[str] = []

    def client(name: str) -> FakePeerClient:
        made = FakePeerClient()
        made.close = lambda: closed.append(name)  # type: ignore[method-assign]
        return made

    harness = MembershipHarness()
    questions, unlisted = client("questions"), client("unlisted")
    Peers(harness.membership, questions, unlisted).close()
    Peers(harness.membership, questions).close()
    assert closed == ["questions", "unlisted", "questions"]


async def test_a_silence_that_this_member_itself_slept_through_proves_nothing(cluster: Cluster) -> None:
    cluster.harness.membership.note_lag(cluster.harness.clock.time(), LATE_SECONDS)
    cluster.harness.clock.advance(SILENCE_SECONDS - 0.1)
    await cluster.peers.suspect("m001", PeerSilent("nothing came for 2 s"))
    assert "m001" in cluster.harness.membership.ring
    cluster.harness.clock.advance(0.2)
    await cluster.peers.suspect("m001", PeerSilent("nothing came for 2 s"))
    assert "m001" not in cluster.harness.membership.ring


async def test_a_silence_of_a_member_that_answers_greetings_proves_nothing(cluster: Cluster) -> None:
    silent = PeerSilent("nothing came for 2 s")
    await cluster.harness.greet()
    cluster.harness.clock.advance(ANSWERING_SECONDS)
    await cluster.peers.suspect("m001", silent)
    assert "m001" in cluster.harness.membership.ring
    cluster.harness.peer_client.answers[ADDRESSES["m002"]] = NoAnswer("Timeout during request")
    await cluster.peers.suspect("m002", Unreachable("the connection is gone"))
    assert "m002" not in cluster.harness.membership.ring
    cluster.harness.clock.advance(0.1)
    await cluster.peers.suspect("m001", silent)
    assert "m001" not in cluster.harness.membership.ring


async def test_a_source_goes_where_its_stream_is_and_else_to_the_first_of_the_ring(cluster: Cluster) -> None:
    stream_id = next(name for name in map(str, range(100)) if order(name, cluster.names)[0] == "m003")
    member = cluster.peers.owner_for_source(stream_id)
    assert member is not None
    assert member.name == "m003"
    cluster.told["m006"] = {stream_id: "5-5"}
    await cluster.harness.membership.announce()
    pinned = cluster.peers.owner_for_source(stream_id)
    assert pinned is not None
    assert pinned.name == "m006"


async def test_a_source_that_is_this_members_own_goes_nowhere(cluster: Cluster) -> None:
    stream_id = next(name for name in map(str, range(100)) if order(name, cluster.names)[0] == "me")
    assert cluster.peers.owner_for_source(stream_id) is None


async def test_a_hundred_members_find_their_streams_in_two_questions() -> None:
    cluster = Cluster(NAMES)
    await cluster.harness.membership.start()
    streams = [f"stream-{number}" for number in range(200)]
    for stream_id in streams:
        ranked = [name for name in order(stream_id, cluster.names) if name != "me"]
        # Where it began, or where it went when that member was lost.
        cluster.owners[stream_id] = ranked[len(cluster.owners) % 2]
        holder = await cluster.peers.find_holder(stream_id, ask_all=False)
        assert holder is not None
        assert holder.name == cluster.owners[stream_id]
    assert cluster.peers.questions <= 2 * len(streams)
    await cluster.harness.membership.stop()


async def test_a_broadcast_reaches_everyone_and_suspects_only_who_is_gone(cluster: Cluster) -> None:
    answers = cluster.harness.peer_client.answers
    for name in cluster.names[:-1]:
        answers[ADDRESSES[name]] = lambda target, body: {"got": target}
    answers[ADDRESSES["m001"]] = NotListening("Connection refused")
    answers[ADDRESSES["m003"]] = NoAnswer("Timeout during request")
    answers[ADDRESSES["m002"]] = Refused(404, "stream_not_found", "no such stream here")
    heard = await cluster.peers.broadcast(LIST_STREAMS)
    assert heard == [{"got": STREAMS}] * (len(cluster.names) - 4)
    assert "m001" not in cluster.harness.membership.ring
    assert "m002" in cluster.harness.membership.ring, "it is there, and has said no"
    assert "m003" in cluster.harness.membership.ring, "it may be busy"
    assert cluster.peers.questions == 0


async def test_only_two_are_asked_before_all_are(cluster: Cluster) -> None:
    assert await cluster.peers.find_holder("abc", ask_all=False) is None
    assert (len(cluster.asked()), cluster.peers.questions) == (2, 2)


async def test_an_id_that_is_none_is_older_than_any(cluster: Cluster) -> None:
    cluster.told.update({"m001": {"abc": "nonsense"}, "m002": {"abc": "0-1"}})
    await cluster.harness.membership.announce()
    holder = await cluster.peers.find_holder("abc", ask_all=True)
    assert holder is not None
    assert holder.name == "m002"


async def test_a_source_does_not_go_to_a_member_that_leaves_though_it_has_the_stream(
    cluster: Cluster,
) -> None:
    stream_id = next(name for name in map(str, range(100)) if order(name, cluster.names)[0] == "m003")
    cluster.told["m006"] = {stream_id: "5-5"}
    await cluster.harness.membership.announce()
    leaving = cluster.harness.membership.get("m006")
    assert leaving is not None
    leaving.is_draining = True
    member = cluster.peers.owner_for_source(stream_id)
    assert member is not None
    assert member.name == "m003"
    # Listeners get what is there.
    assert await cluster.peers.find_holder(stream_id, ask_all=False) is leaving


async def test_the_only_member_that_leaves_keeps_its_sources() -> None:
    cluster = Cluster([])
    await cluster.harness.membership.start()
    cluster.harness.membership.leave_ring()
    assert cluster.peers.owner_for_source("abc") is None
    assert cluster.peers.own_name == "me"
    await cluster.harness.membership.stop()


async def test_a_member_that_says_no_or_nonsense_is_not_suspected(cluster: Cluster) -> None:
    answers = cluster.harness.peer_client.answers
    for name in cluster.names[:-1]:
        answers[ADDRESSES[name]] = lambda target, body: {"owned": False}
    answers[ADDRESSES["m001"]] = Refused(503, "busy", "later")
    answers[ADDRESSES["m002"]] = BadMessage("nonsense")
    assert await cluster.peers.find_holder("abc", ask_all=True) is None
    assert cluster.harness.membership.lost == 0
    assert cluster.peers.questions == len(cluster.names) - 1, "each is asked once"


def test_a_member_that_did_not_answer_is_not_asked_for_two_seconds() -> None:
    async def test() -> None:
        cluster = Cluster(NAMES[:1])
        await cluster.harness.membership.start()
        answers = cluster.harness.peer_client.answers
        answers[ADDRESSES["m000"]] = NoAnswer("Timeout during request")
        assert await cluster.peers.broadcast(LIST_STREAMS) == []
        answers[ADDRESSES["m000"]] = lambda target, body: (
            greeting("m000") if target == HELLO else {"owned": True}
        )
        await asyncio.sleep(1.99)
        assert await cluster.peers.find_holder("abc", ask_all=True) is None
        assert await cluster.peers.broadcast(LIST_STREAMS) == []
        # An order is not a question: it is sent all the same.
        assert await cluster.peers.broadcast(MemberStreamRequest("abc").build_end()) == [{"owned": True}]
        assert (cluster.peers.questions, cluster.harness.membership.lost) == (0, 0)
        await asyncio.sleep(0.01)
        holder = await cluster.peers.find_holder("abc", ask_all=True)
        assert holder is not None
        assert (holder.name, cluster.peers.questions, cluster.peers._unasked) == ("m000", 1, {})
        await cluster.harness.membership.stop()

    run(test())


def test_made_up_ids_cost_no_more_than_a_hundred_questions_a_second() -> None:
    async def test() -> None:
        cluster = Cluster(NAMES[:8])
        await cluster.harness.membership.start()
        for second in range(10):
            for number in range(500):
                assert await cluster.peers.find_holder(f"made-up-{second}-{number}", ask_all=True) is None
                await asyncio.sleep(0.002)
        assert UNLISTED_BURST <= cluster.peers.questions <= UNLISTED_BURST + 10.1 * UNLISTED_PER_SECOND
        assert cluster.peers.unlisted.refusals > 4000
        # Whoever asks for a stream that is listed does not notice.
        cluster.told["m005"] = {"abc": "5-5"}
        await cluster.harness.membership.announce()
        holder = await cluster.peers.find_holder("abc", ask_all=True)
        assert holder is not None
        assert holder.name == "m005"
        assert cluster.peers.is_listed("abc")
        assert not cluster.peers.is_listed("made-up-0-0")
        await cluster.harness.membership.stop()

    run(test())


async def test_questions_about_unlisted_streams_have_a_client_of_their_own(cluster: Cluster) -> None:
    own = FakePeerClient()
    own.answers = {address: (lambda target, body: {"state": {}}) for address in ADDRESSES.values()}
    peers = Peers(cluster.harness.membership, cluster.harness.peer_client, own)
    before = len(cluster.harness.peer_client.asked)
    await peers.find_holder("abc", ask_all=True)
    assert await peers.ask_about_unlisted(MemberStreamRequest("abc").build()) == [{"state": {}}] * 8
    assert len(cluster.harness.peer_client.asked) == before
    assert len(own.asked) == 16
    while await peers.ask_about_unlisted(MemberStreamRequest("abc").build()) is not None:
        pass
    assert peers.unlisted.refusals == 1


def test_questions_about_unlisted_streams_are_four_hundred_at_once_and_a_hundred_a_second() -> None:
    async def test() -> None:
        await asyncio.sleep(100)
        budget = QuestionBudget()
        assert [budget.spend(399), budget.spend(2), budget.spend(1), budget.spend(1)] == [
            True,
            False,
            True,
            False,
        ]
        assert budget.refusals == 2
        await asyncio.sleep(0.505)
        assert [budget.spend(51), budget.spend(50), budget.spend(1)] == [False, True, False]
        await asyncio.sleep(1000)
        # More than there ever are count as all.
        assert [budget.spend(401), budget.spend(1)] == [True, False]
        assert budget.refusals == 5

    run(test())
