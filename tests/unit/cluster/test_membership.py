"""Who is there: fast out, slow in, and nobody twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from audiocast.cluster.errors import BadFrame, Refused, Unreachable
from audiocast.cluster.membership import FORGET_SECONDS, GOODBYE, HELLO_SECONDS, STABLE_SECONDS, view_of
from tests.unit.cluster.stage import Stage, greeting
from tests.unit.cluster.turned_loop import run

A, B = "10.0.0.1:8001", "10.0.0.2:8001"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage(A, B)
    stage.live(A)
    yield stage
    await stage.membership.stop()


async def test_who_answers_the_first_round_is_in_the_ring_at_once(stage: Stage) -> None:
    await stage.membership.start()
    assert stage.ring == ["a", "me"]
    assert stage.membership.view == view_of(["me", "a"])


async def test_who_comes_later_waits_until_it_is_stable(stage: Stage) -> None:
    await stage.membership.start()
    stage.live(B, name="b")
    await stage.membership._greet(B)
    assert [member.name for member in stage.membership.others] == ["a", "b"]
    before = stage.changes
    stage.clock.advance(STABLE_SECONDS - 0.1)
    assert (stage.ring, stage.changes) == (["a", "me"], before)
    stage.clock.advance(0.2)
    assert stage.ring == ["a", "b", "me"]
    assert stage.changes > before


async def test_a_refused_connection_is_the_end_at_once(stage: Stage) -> None:
    await stage.membership.start()
    del stage.dialer.answers[A]
    await stage.greet()
    assert (stage.ring, stage.membership.lost) == (["me"], 1)


@pytest.mark.parametrize("error", [Refused(403, "bad_signature", "no"), Unreachable("Connection refused")])
async def test_so_is_an_answer_that_is_none(stage: Stage, error: Refused | Unreachable) -> None:
    await stage.membership.start()
    stage.dialer.answers[A] = error
    await stage.greet()
    assert stage.ring == ["me"]


async def test_silence_is_the_end_the_second_time(stage: Stage) -> None:
    await stage.membership.start()
    stage.dialer.answers[A] = Unreachable("Timeout during request")
    await stage.greet()
    assert stage.ring == ["a", "me"]
    await stage.greet()
    assert stage.ring == ["me"]


async def test_an_answer_between_two_silences_forgives_the_first(stage: Stage) -> None:
    await stage.membership.start()
    for _ in range(3):
        stage.dialer.answers[A] = Unreachable("Timeout during request")
        await stage.greet()
        stage.live(A)
        await stage.greet()
    assert stage.ring == ["a", "me"]


async def test_a_suspect_is_out_and_comes_back_slowly(stage: Stage) -> None:
    await stage.membership.start()
    stage.membership.suspect("a", "its link broke")
    assert stage.ring == ["me"]
    await stage.membership._greet(A)
    assert stage.ring == ["me"]
    stage.clock.advance(STABLE_SECONDS)
    assert stage.ring == ["a", "me"]


async def test_a_restart_with_the_same_name_is_a_new_member(stage: Stage) -> None:
    await stage.membership.start()
    stage.live(A, instance="2")
    await stage.greet()
    assert stage.ring == ["me"]
    stage.clock.advance(STABLE_SECONDS)
    assert stage.ring == ["a", "me"]


async def test_a_goodbye_is_heard_and_one_of_an_older_process_is_not(stage: Stage) -> None:
    await stage.membership.start()
    stage.membership.parted({"name": "a", "instance": "0"})
    assert stage.ring == ["a", "me"]
    stage.membership.parted({"name": "a", "instance": "1"})
    assert stage.ring == ["me"]


async def test_who_leaves_says_goodbye_to_all(stage: Stage) -> None:
    await stage.membership.start()
    await stage.membership.stop()
    assert (A, "POST", GOODBYE) in stage.dialer.asked


async def test_who_drains_is_there_and_not_in_the_ring(stage: Stage) -> None:
    await stage.membership.start()
    stage.live(A, draining=True)
    await stage.greet()
    assert stage.ring == ["me"]
    assert [member.draining for member in stage.membership.others] == [True]
    stage.membership.draining = True
    assert stage.ring == []


async def test_a_greeting_from_an_unknown_place_is_answered_and_asked_back(stage: Stage) -> None:
    await stage.membership.start()
    answer = stage.membership.greeted(greeting("c", "7", internal_port=9), "10.0.0.3")
    assert (answer["name"], answer["internal_port"]) == ("me", 8001)
    assert "c" not in [member.name for member in stage.membership.others], "heard, not reached"
    stage.live("10.0.0.3:9", name="c", instance="7")
    await stage.membership._greet("10.0.0.3:9")
    assert "c" in [member.name for member in stage.membership.others]


async def test_what_a_greeting_says_is_known_before_the_next_round(stage: Stage) -> None:
    await stage.membership.start()
    before = stage.changes
    stage.membership.greeted(greeting(owned={"abc": "1-1"}), "10.0.0.1")
    member = stage.membership.get("a")
    assert member is not None
    assert (member.owned, stage.changes) == ({"abc": "1-1"}, before + 1)


async def test_two_of_one_name_are_not_mixed_up(stage: Stage) -> None:
    stage.live(B, name="me", instance="of somebody else")
    await stage.membership.start()
    assert stage.ring == ["a", "me"]


async def test_its_own_address_on_the_list_is_no_member(stage: Stage) -> None:
    stage.live(B, name="me", instance=stage.membership.instance)
    await stage.membership.start()
    assert [member.name for member in stage.membership.others] == ["a"]


def test_an_address_where_nobody_is_any_more_is_forgotten() -> None:
    async def test() -> None:
        stage = Stage(A, B, clock=asyncio.get_running_loop())
        stage.live(A)
        await stage.membership.start()
        stage.places.tell(B)
        await asyncio.sleep(FORGET_SECONDS + 2)
        assert set(stage.membership._known) == {A, B}, "a lives, and b may come yet"
        stage.places.tell()
        await asyncio.sleep(FORGET_SECONDS + 2)
        assert set(stage.membership._known) == {A}
        await stage.membership.stop()

    run(test())


def test_the_list_of_addresses_may_change() -> None:
    async def test() -> None:
        stage = Stage(A, clock=asyncio.get_running_loop())
        stage.live(A)
        await stage.membership.start()
        stage.live(B, name="b")
        stage.places.tell(A, B)
        await asyncio.sleep(STABLE_SECONDS)
        assert stage.ring == ["a", "me"]
        await asyncio.sleep(HELLO_SECONDS + 0.1)
        assert stage.ring == ["a", "b", "me"]
        # A pod that is on its way out leaves the list before it leaves.
        stage.places.tell(B)
        await asyncio.sleep(2 * FORGET_SECONDS)
        assert stage.ring == ["a", "b", "me"]
        del stage.dialer.answers[A]
        await asyncio.sleep(FORGET_SECONDS + 5)
        assert stage.ring == ["b", "me"]
        asked = [address for address, *_ in stage.dialer.asked]
        await asyncio.sleep(10)
        assert A not in [address for address, *_ in stage.dialer.asked[len(asked) :]]
        await stage.membership.stop()

    run(test())


def test_who_does_not_know_where_others_may_be_does_not_think_that_it_is_alone() -> None:
    async def test() -> None:
        stage = Stage(clock=asyncio.get_running_loop())
        stage.places.forget()
        stage.live(A)
        starting = asyncio.ensure_future(stage.membership.start())
        await asyncio.sleep(600)
        assert not starting.done()
        stage.places.tell(A)
        await starting
        assert stage.ring == ["a", "me"]
        await stage.membership.stop()

    run(test())


@pytest.mark.parametrize(
    "said",
    [
        {"owned": ["abc"]},
        {"owned": "abc"},
        {"owned": {"abc": 5}},
        {"packaged": ["abc"]},
        {"packaged": {"abc": "5"}},
        {"internal_port": 0},
        {"internal_port": 65_536},
        {"internal_port": "8001"},
        {"internal_port": True},
        {"name": 5},
        {"name": ""},
        {"instance": None},
        {"view": []},
        {"draining": "no"},
    ],
)
async def test_a_greeting_that_is_none_is_refused(stage: Stage, said: dict[str, Any]) -> None:
    await stage.membership.start()
    known = set(stage.membership._known)
    with pytest.raises(BadFrame, match="expected a greeting"):
        stage.membership.greeted(greeting("c", "7") | said, "10.0.0.3")
    assert set(stage.membership._known) == known
    stage.dialer.answers[A] = lambda target, body: greeting() | said
    for _ in range(2):
        await stage.greet()
    assert stage.ring == ["me"]
