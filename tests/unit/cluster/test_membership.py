"""Who is there: fast out, slow in, and nobody twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from audiocast.cluster.errors import BadMessage, NoAnswer, Refused
from audiocast.cluster.membership import view_of
from audiocast.cluster.protocol import GOODBYE
from audiocast.cluster.signature.identity import Identity
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.membership_harness import MembershipHarness, settle

MAX_NAME_CHARACTERS = 200
FORGET_SECONDS = 30.0
HELLO_SECONDS = 0.5
LATE_SECONDS = 0.25
PARDON_SECONDS = 10.0
STABLE_SECONDS = 3.0
ANSWER_SECONDS = 1.0

A, B = "10.0.0.1:8001", "10.0.0.2:8001"


@pytest.fixture
async def harness() -> AsyncIterator[MembershipHarness]:
    harness = MembershipHarness(A, B)
    harness.live(A)
    yield harness
    await harness.membership.stop()


async def test_who_answers_the_first_round_is_in_the_ring_at_once(harness: MembershipHarness) -> None:
    await harness.membership.start()
    assert harness.ring == ["a", "me"]
    assert harness.membership.view == view_of(["me", "a"])


async def test_who_comes_later_waits_until_it_is_stable(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.live(B, name="b")
    await harness.membership._greet(B)
    assert [member.name for member in harness.membership.others] == ["a", "b"]
    before = harness.changes
    harness.clock.advance(2.9)
    assert (harness.ring, harness.changes) == (["a", "me"], before)
    harness.clock.advance(0.2)
    assert harness.ring == ["a", "b", "me"]
    assert harness.changes > before


async def test_a_refused_connection_is_the_end_at_once(harness: MembershipHarness) -> None:
    await harness.membership.start()
    del harness.peer_client.answers[A]
    await harness.greet()
    assert (harness.ring, harness.membership.lost) == (["me"], 1)
    await harness.greet()
    assert harness.membership.lost == 1, "once"


@pytest.mark.parametrize("status", [400, 403, 413, 500, 503])
async def test_an_answer_is_never_a_death_whatever_its_status(
    harness: MembershipHarness, status: int
) -> None:
    await harness.membership.start()
    harness.peer_client.answers[A] = Refused(status, "", "Connection refused, if you believe it")
    for _ in range(5):
        await harness.greet()
    assert (harness.ring, harness.membership.lost) == (["a", "me"], 0)


async def test_silence_is_the_end_the_second_time(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.peer_client.answers[A] = NoAnswer("Timeout during request")
    await harness.greet()
    assert harness.ring == ["a", "me"]
    await harness.greet()
    assert harness.ring == ["me"]


async def test_an_answer_between_two_silences_forgives_the_first(harness: MembershipHarness) -> None:
    await harness.membership.start()
    for _ in range(3):
        harness.peer_client.answers[A] = NoAnswer("Timeout during request")
        await harness.greet()
        harness.live(A)
        await harness.greet()
    assert harness.ring == ["a", "me"]


async def test_a_miss_while_this_members_own_loop_was_late_proves_nothing(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.peer_client.answers[A] = NoAnswer("Timeout during request")
    for _ in range(5):
        harness.membership.note_lag(harness.clock.time(), LATE_SECONDS)
        await harness.greet()
        harness.clock.advance(1.0)
    assert harness.ring == ["a", "me"]
    # A loop that is a little late, as every loop is, excuses nothing.
    for _ in range(2):
        harness.membership.note_lag(harness.clock.time(), LATE_SECONDS - 0.01)
        await harness.greet()
    assert harness.ring == ["me"]


async def test_a_member_that_is_always_late_notices_a_death_all_the_same(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.peer_client.answers[A] = NoAnswer("Timeout during request")
    harness.clock.advance(PARDON_SECONDS)
    for _ in range(2):
        harness.membership.note_lag(harness.clock.time(), LATE_SECONDS)
        await harness.greet()
    assert harness.ring == ["me"]


async def test_an_answer_that_was_waited_for_too_long_was_not_looked_for_in_time(
    harness: MembershipHarness,
) -> None:
    await harness.membership.start()

    def time_out(target: str, body: object) -> None:
        harness.clock.advance(ANSWER_SECONDS + LATE_SECONDS)
        raise NoAnswer("Timeout during request")

    harness.peer_client.answers[A] = time_out
    for _ in range(4):
        await harness.greet()
    assert harness.ring == ["a", "me"]


async def test_a_suspect_is_out_and_comes_back_slowly(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.membership.suspect("a", "its link broke")
    assert harness.ring == ["me"]
    await harness.membership._greet(A)
    assert harness.ring == ["me"]
    harness.clock.advance(STABLE_SECONDS)
    assert harness.ring == ["a", "me"]


async def test_a_restart_with_the_same_name_is_a_new_member(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.live(A, instance="2")
    await harness.greet()
    assert harness.ring == ["me"]
    harness.clock.advance(STABLE_SECONDS)
    assert harness.ring == ["a", "me"]


async def test_a_goodbye_is_heard_and_one_of_an_older_process_is_not(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.membership.on_goodbye(Identity("a", "0"))
    assert harness.ring == ["a", "me"]
    harness.membership.on_goodbye(Identity("a", "1"))
    assert harness.ring == ["me"]


async def test_who_leaves_says_goodbye_to_all(harness: MembershipHarness) -> None:
    await harness.membership.start()
    await harness.membership.stop()
    assert (A, "POST", GOODBYE) in harness.peer_client.asked


async def test_who_drains_is_there_and_not_in_the_ring(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.live(A, draining=True)
    await harness.greet()
    assert harness.ring == ["me"]
    assert [member.is_draining for member in harness.membership.others] == [True]
    harness.membership.leave_ring()
    assert harness.ring == []


async def test_a_greeting_from_an_unknown_place_is_answered_and_asked_back(
    harness: MembershipHarness,
) -> None:
    await harness.membership.start()
    answer = harness.hello("10.0.0.3", name="c", instance="7", internal_port=9)
    assert (answer.identity.name, answer.internal_port) == ("me", 8001)
    assert "c" not in [member.name for member in harness.membership.others], "heard, not reached"
    harness.live("10.0.0.3:9", name="c", instance="7")
    await harness.membership._greet("10.0.0.3:9")
    assert "c" in [member.name for member in harness.membership.others]


async def test_a_second_way_to_a_member_says_nothing_of_the_first(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.live(B)
    harness.peer_client.answers[A] = NoAnswer("Timeout during request")
    await harness.greet()
    # Somebody passes greetings on: the member has answered, but not at its address.
    await harness.membership._greet(B)
    await harness.greet()
    assert harness.ring == ["me"]


async def test_no_more_addresses_are_learned_than_fit(
    harness: MembershipHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiocast.cluster.membership.MAX_KNOWN", 10)
    await harness.membership.start()
    for number in range(50):
        harness.hello(f"10.0.1.{number}", name=f"x{number}", instance="1", is_addressed=False)
    assert len(harness.membership._known) == 10
    harness.discovery.publish(A, B, *(f"10.0.2.{number}:8001" for number in range(20)))
    await settle()
    assert len(harness.membership._known) == 30, "what discovery names is always greeted"


async def test_a_thousand_addresses_are_learned_and_no_more(harness: MembershipHarness) -> None:
    await harness.membership.start()
    for number in range(1_010):
        harness.hello(f"10.{number // 250}.1.{number % 250}", name=f"x{number}", is_addressed=False)
    assert len(harness.membership._known) == 1_000


async def test_two_of_one_name_are_not_mixed_up(harness: MembershipHarness) -> None:
    harness.live(B, name="me", instance="of somebody else")
    await harness.membership.start()
    assert harness.ring == ["a", "me"]


async def test_a_name_that_is_taken_is_told_once_for_each_process_and_not_without_end(
    harness: MembershipHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiocast.cluster.membership.MAX_KNOWN", 2)
    await harness.membership.start()
    with capture_logs() as logs:
        for number in (1, 1, 2, 3, 4):
            harness.live(B, name="me", instance=f"of somebody else, {number}")
            await harness.membership._greet(B)
    assert [each["event"] for each in logs].count("name_taken") == 2


async def test_its_own_address_on_the_list_is_no_member(harness: MembershipHarness) -> None:
    harness.live(B, name="me", instance=harness.membership.identity.instance)
    await harness.membership.start()
    assert [member.name for member in harness.membership.others] == ["a"]


def test_an_address_where_nobody_is_any_more_is_forgotten() -> None:
    async def test() -> None:
        harness = MembershipHarness(A, B, clock=asyncio.get_running_loop())
        harness.live(A)
        await harness.membership.start()
        harness.discovery.publish(B)
        await asyncio.sleep(FORGET_SECONDS + 2)
        assert set(harness.membership._known) == {A, B}, "a lives, and b may come yet"
        harness.discovery.publish()
        await asyncio.sleep(FORGET_SECONDS + 2)
        assert set(harness.membership._known) == {A}
        assert set(harness.membership._greeters) == {A}
        await harness.membership.stop()

    run(test())


def test_the_list_of_addresses_may_change() -> None:
    async def test() -> None:
        harness = MembershipHarness(A, clock=asyncio.get_running_loop())
        harness.live(A)
        await harness.membership.start()
        harness.live(B, name="b")
        harness.discovery.publish(A, B)
        await asyncio.sleep(STABLE_SECONDS)
        assert harness.ring == ["a", "me"]
        await asyncio.sleep(HELLO_SECONDS + 0.1)
        assert harness.ring == ["a", "b", "me"]
        # A pod that is on its way out leaves the list before it leaves.
        harness.discovery.publish(B)
        await asyncio.sleep(2 * FORGET_SECONDS)
        assert harness.ring == ["a", "b", "me"]
        del harness.peer_client.answers[A]
        await asyncio.sleep(FORGET_SECONDS + 5)
        assert harness.ring == ["b", "me"]
        asked = [address for address, *_ in harness.peer_client.asked]
        await asyncio.sleep(10)
        assert A not in [address for address, *_ in harness.peer_client.asked[len(asked) :]]
        await harness.membership.stop()

    run(test())


def test_who_does_not_know_where_others_may_be_does_not_think_that_it_is_alone() -> None:
    async def test() -> None:
        harness = MembershipHarness(clock=asyncio.get_running_loop())
        harness.discovery.forget()
        harness.live(A)
        starting = asyncio.ensure_future(harness.membership.start())
        await asyncio.sleep(600)
        assert not starting.done()
        harness.discovery.publish(A)
        await starting
        assert harness.ring == ["a", "me"]
        await harness.membership.stop()

    run(test())


@pytest.mark.parametrize(
    "said",
    [
        {"lists": ["abc"]},
        {"lists": {"owned": {"abc": "1-1"}}},
        {"lists": {"owned": {"version": -1, "entries": 0, "digest": ""}}},
        {"lists": {"hls": {"version": "1", "entries": 0, "digest": ""}}},
        {"internal_port": 0},
        {"internal_port": 65_536},
        {"internal_port": "8001"},
        {"internal_port": True},
        {"view": []},
        {"draining": "no"},
        {"protocol": "2"},
    ],
)
async def test_a_greeting_that_is_none_is_refused(harness: MembershipHarness, said: dict[str, Any]) -> None:
    await harness.membership.start()
    known = set(harness.membership._known)
    with pytest.raises(BadMessage, match="expected"):
        harness.hello("10.0.0.3", name="c", instance="7", on_the_wire=said)
    assert set(harness.membership._known) == known
    harness.live(A, on_the_wire=said)
    for _ in range(2):
        await harness.greet()
    assert harness.ring == ["me"]


def test_a_view_is_what_it_was_in_every_version() -> None:
    """Members of two versions, and the operator, compare their views during a roll-out."""
    assert view_of(["audiocast-0"]) == "42aacb9391529f54"
    assert view_of(["b", "a"]) == view_of(["a", "b"]) == "ffc151170352baa3"


def test_members_greet_each_other_twice_a_second() -> None:
    async def test() -> None:
        harness = MembershipHarness(A, clock=asyncio.get_running_loop())
        harness.live(A)
        await harness.membership.start()
        asked = len(harness.peer_client.asked)
        await asyncio.sleep(10.1)
        assert len(harness.peer_client.asked) == asked + 20
        await harness.membership.stop()
        asked = len(harness.peer_client.asked)
        await asyncio.sleep(10)
        assert len(harness.peer_client.asked) == asked, "it has stopped"

    run(test())


def test_an_address_that_is_given_up_was_greeted_for_half_a_minute() -> None:
    async def test() -> None:
        harness = MembershipHarness(A, B, clock=asyncio.get_running_loop())
        harness.live(A)
        await harness.membership.start()
        harness.discovery.publish(A)
        began_at = asyncio.get_running_loop().time()
        await asyncio.sleep(0.1)
        while B in harness.membership._greeters:
            await asyncio.sleep(0.1)
        assert 30 < asyncio.get_running_loop().time() - began_at < 30.9
        # One that discovery returns again is greeted again.
        harness.discovery.publish(A, B)
        harness.live(B, name="b")
        await asyncio.sleep(5)
        assert harness.ring == ["a", "b", "me"]
        await harness.membership.stop()

    run(test())


async def test_a_new_member_too_is_allowed_one_silence(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.live(B, name="b")
    await harness.membership._greet(B)
    harness.peer_client.answers[B] = NoAnswer("Timeout during request")
    await harness.membership._greet(B)
    assert harness.membership.get("b") is not None
    await harness.membership._greet(B)
    assert harness.membership.get("b") is None


async def test_the_silence_of_one_is_not_the_others(harness: MembershipHarness) -> None:
    harness.live(B, name="b")
    await harness.membership.start()
    harness.peer_client.answers[B] = NoAnswer("Timeout during request")
    for _ in range(3):
        await harness.greet()
    assert harness.ring == ["a", "me"]


async def test_a_greeting_that_only_came_in_forgives_no_silence(harness: MembershipHarness) -> None:
    """A member that reaches this one, and is not reached, is no member."""
    await harness.membership.start()
    harness.peer_client.answers[A] = NoAnswer("Timeout during request")
    for _ in range(2):
        harness.hello("10.0.0.1")
        await harness.greet()
    assert harness.ring == ["me"]


async def test_a_member_that_is_seen_is_no_change_until_it_is_stable(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.clock.advance(STABLE_SECONDS)
    before = harness.changes
    harness.live(B, name="b")
    await harness.membership._greet(B)
    assert harness.changes == before
    harness.clock.advance(STABLE_SECONDS)
    assert harness.changes == before + 1


async def test_the_first_view_is_a_change(harness: MembershipHarness) -> None:
    assert harness.changes == 0
    await harness.membership.start()
    assert harness.changes == 1


async def test_its_own_greeting_changes_nothing(harness: MembershipHarness) -> None:
    await harness.membership.start()
    own = harness.membership.greeting()
    for is_addressed in (True, False):
        answer = harness.membership.on_hello(own, "10.0.0.9", is_addressed=is_addressed)
        assert answer.identity.name == "me"
    assert set(harness.membership._known) == {A, B}
    assert harness.ring == ["a", "me"]


async def test_a_server_that_is_alone_knows_nobody() -> None:
    harness = MembershipHarness(is_alone=True)
    await harness.membership.start()
    answer = harness.hello("10.0.0.1")
    assert (answer.identity.name, harness.ring, harness.membership.others) == ("me", ["me"], [])
    assert harness.membership._known == {}
    await harness.membership.stop()
    assert harness.peer_client.asked == []


async def test_who_drains_when_it_is_first_seen_never_was_in_the_ring(harness: MembershipHarness) -> None:
    harness.live(B, name="b", draining=True)
    await harness.membership.start()
    assert harness.ring == ["a", "me"]
    assert len(harness.membership.others) == 2


def test_members_that_came_after_the_start_wait_though_discovery_answers_again() -> None:
    async def test() -> None:
        harness = MembershipHarness(A, clock=asyncio.get_running_loop())
        harness.live(A)
        await harness.membership.start()
        harness.live(B, name="b")
        harness.discovery.publish(A, B)
        await asyncio.sleep(0.6)
        harness.discovery.publish(A, B)
        await asyncio.sleep(1)
        assert harness.ring == ["a", "me"]
        await harness.membership.stop()

    run(test())


async def test_a_goodbye_that_is_not_heard_keeps_nobody(harness: MembershipHarness) -> None:
    harness.live(B, name="b")
    await harness.membership.start()
    harness.peer_client.answers[A] = NoAnswer("Timeout during request")
    await harness.membership.stop()
    said_to = [address for address, _, target in harness.peer_client.asked if target == GOODBYE]
    assert sorted(said_to) == [A, B]
    assert not harness.membership._task or harness.membership._task.done()
    assert all(task.done() for task in harness.membership._greeters.values())


async def test_a_loop_that_was_late_by_a_quarter_of_a_second_excuses_for_as_long_as_is_asked(
    harness: MembershipHarness,
) -> None:
    assert not harness.membership.was_late(1e9)
    now = harness.clock.time()
    harness.membership.note_lag(now, 0.24)
    assert not harness.membership.was_late(1e9)
    harness.membership.note_lag(now, 0.25)
    harness.clock.advance(2.0)
    assert harness.membership.was_late(2.0)
    assert not harness.membership.was_late(1.9)


@pytest.mark.parametrize(("silent_seconds", "lost"), [(9.9, 0), (10.0, 1)])
async def test_misses_of_a_late_member_count_after_ten_seconds(
    harness: MembershipHarness, silent_seconds: float, lost: int
) -> None:
    await harness.membership.start()
    harness.peer_client.answers[A] = NoAnswer("Timeout during request")
    harness.clock.advance(silent_seconds)
    harness.membership.note_lag(harness.clock.time(), 5.0)
    for _ in range(2):
        await harness.greet()
    assert harness.membership.lost == lost


async def test_a_member_that_refuses_is_logged_once_until_it_answers(harness: MembershipHarness) -> None:
    await harness.membership.start()
    with capture_logs() as events:
        for _ in range(2):
            harness.peer_client.answers[A] = Refused(403, "bad_signature", "m" * 1000)
            for _ in range(5):
                await harness.greet()
            harness.live(A)
            await harness.greet()
    refusals = [event for event in events if event["event"] == "greeting_refused"]
    assert [event["address"] for event in refusals] == [A] * 2
    assert {len(event["reason"]) for event in refusals} == {200}, "another member's words are bounded"


async def test_a_member_that_comes_back_is_the_same_one_for_its_goodbye(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.membership.on_goodbye(Identity("a", "1"))
    harness.membership.on_goodbye(Identity("a", "1"))
    harness.membership.on_goodbye(Identity("nobody", "1"))
    assert (harness.ring, harness.membership.lost) == (["me"], 1)


async def test_a_miss_that_took_its_usual_time_counts(harness: MembershipHarness) -> None:
    await harness.membership.start()

    def time_out(target: str, body: object) -> None:
        harness.clock.advance(ANSWER_SECONDS)
        raise NoAnswer("Timeout during request")

    harness.peer_client.answers[A] = time_out
    for _ in range(2):
        await harness.greet()
    assert harness.ring == ["me"]


def test_an_address_that_refuses_and_comes_back_is_logged_again() -> None:
    async def test() -> None:
        harness = MembershipHarness(B, clock=asyncio.get_running_loop())
        harness.peer_client.answers[B] = Refused(403, "bad_signature", "no")
        await harness.membership.start()
        harness.discovery.publish()
        await asyncio.sleep(40)
        harness.discovery.publish(B)
        await asyncio.sleep(5)
        await harness.membership.stop()

    with capture_logs() as events:
        run(test())
    assert [event["event"] for event in events] == ["greeting_refused"] * 2


@pytest.mark.parametrize("name", ["", "x" * (MAX_NAME_CHARACTERS + 1)])
async def test_a_name_has_a_length(harness: MembershipHarness, name: str) -> None:
    await harness.membership.start()
    with pytest.raises(BadMessage, match="expected a greeting"):
        harness.hello("10.0.0.3", name=name, instance="7")
