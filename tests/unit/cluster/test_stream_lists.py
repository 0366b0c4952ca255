"""What members know of each other's streams, by greetings and by what has changed since the last one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from audiocast.cluster import stream_lists, versioned_list
from audiocast.cluster.errors import Refused
from audiocast.cluster.greeting import ChangesRequest, ListName
from audiocast.cluster.member import Member
from audiocast.cluster.membership import view_of
from audiocast.cluster.protocol import MISADDRESSED, PeerRequest
from audiocast.cluster.signature.identity import Identity, Recipient
from audiocast.cluster.stream_lists import ListFollower
from audiocast.cluster.versioned_list import ListPage, ListSummary
from tests.unit.cluster.fake_peer_client import FakePeerClient
from tests.unit.cluster.membership_harness import MembershipHarness, greeting, settle

REFRESH_SECONDS = 0.25

A, B = "10.0.0.1:8001", "10.0.0.2:8001"


@pytest.fixture
async def harness() -> AsyncIterator[MembershipHarness]:
    harness = MembershipHarness(A, B)
    harness.live(A)
    yield harness
    await harness.membership.stop()


async def test_what_a_greeting_says_is_known_before_the_next_round(harness: MembershipHarness) -> None:
    await harness.membership.start()
    before = harness.changes
    harness.hello("10.0.0.1", owned={"abc": "1-1"}, draining=True)
    member = harness.membership.get("a")
    assert member is not None
    assert (member.is_draining, harness.changes) == (True, before + 1)
    await settle()
    assert (member.owned_streams, harness.owned_changes) == ({"abc": "1-1"}, [("a", {"abc"})])


async def test_what_a_greeting_to_nobody_says_is_not_believed(harness: MembershipHarness) -> None:
    await harness.membership.start()
    harness.hello("10.0.0.1", is_addressed=False, owned={"abc": "1-1"}, draining=True)
    await settle()
    member = harness.membership.get("a")
    assert member is not None
    assert (member.is_draining, member.owned_streams) == (False, {})


async def test_lists_are_copied_by_their_changes(harness: MembershipHarness) -> None:
    harness.live(A, owned={"abc": "1-1", "def": "2-2"}, packaged={"abc": 7})
    await harness.membership.start()
    member = harness.membership.get("a")
    assert member is not None
    assert member.owned_streams == {"abc": "1-1", "def": "2-2"}, "known when it has started"
    assert member.hls_streams == {"abc": 7}
    harness.live(A, owned={"abc": "3-3", "ghi": "4-4"})
    await harness.greet()
    assert (member.owned_streams, member.hls_streams) == ({"abc": "3-3", "ghi": "4-4"}, {})
    assert harness.owned_changes[-1] == ("a", {"abc", "def", "ghi"})


async def test_a_greeting_is_addressed_to_who_has_answered_before(harness: MembershipHarness) -> None:
    await harness.membership.start()
    await harness.greet()
    assert harness.peer_client.recipients == [
        Recipient(A),
        Recipient(B),
        Recipient(A, Identity("a", "1")),
    ] or harness.peer_client.recipients == [Recipient(B), Recipient(A), Recipient(A, Identity("a", "1"))]


async def test_a_process_that_is_not_meant_is_greeted_at_once(harness: MembershipHarness) -> None:
    await harness.membership.start()
    answer_of_the_new_one = harness.peer_client.answers[A]
    refusals = [Refused(421, MISADDRESSED, "expected a request for this process, got one for another")]

    def answer(target: str, body: object) -> Any:
        if refusals:
            raise refusals.pop()
        return greeting("a", "2", owned={"abc": "1-1"})

    assert answer_of_the_new_one is not None
    harness.peer_client.answers[A] = answer
    await harness.greet()
    assert harness.peer_client.recipients[-2:] == [Recipient(A, Identity("a", "1")), Recipient(A)]
    member = harness.membership.get("a")
    assert member is not None
    assert (member.instance, member.owned_streams) == ("2", {"abc": "1-1"})


async def test_its_own_lists_are_looked_at_now_and_then_and_when_it_announces(
    harness: MembershipHarness,
) -> None:
    await harness.membership.start()
    harness.membership.greeting()
    harness.owned = {"abc": "1-1"}
    assert harness.membership.greeting().lists[ListName.OWNED].entries == 0
    await harness.membership.announce()
    assert harness.membership.greeting().lists[ListName.OWNED].entries == 1


async def test_what_it_says_of_itself_is_how_it_is_now(harness: MembershipHarness) -> None:
    await harness.membership.start()
    said = harness.membership.greeting()
    assert (said.identity, said.internal_port, said.is_draining) == (Identity("me", "0"), 8001, False)
    assert (said.lists[ListName.OWNED].entries, said.view) == (0, harness.membership.view)
    harness.owned = {"abc": "1-1"}
    harness.membership.leave_ring()
    harness.clock.advance(REFRESH_SECONDS)
    said = harness.membership.greeting()
    assert (said.is_draining, said.lists[ListName.OWNED].entries) == (True, 1)
    assert said.view == view_of(["a"])
    page = harness.membership.changes(ChangesRequest(ListName.OWNED, ""))
    assert page.changes == {"abc": "1-1"}
    harness.membership.rejoin_ring()
    assert harness.ring == ["a", "me"]
    assert not harness.membership.greeting().is_draining


async def test_a_change_is_told_only_when_there_is_one(harness: MembershipHarness) -> None:
    await harness.membership.start()
    changes = harness.changes
    for said, told, owned_told in (
        ({}, 0, 0),
        ({"owned": {"abc": "1-1"}}, 0, 1),
        ({"owned": {"abc": "1-1"}}, 0, 1),
        ({"owned": {"abc": "1-1"}, "draining": True}, 1, 1),
        ({"owned": {"abc": "1-1"}, "draining": True, "view": "another", "packaged": {"x": 1}}, 1, 1),
    ):
        harness.live(A, **said)
        await harness.greet()
        assert (harness.changes, len(harness.owned_changes)) == (changes + told, owned_told)
    member = harness.membership.get("a")
    assert member is not None
    assert (member.view, member.hls_streams, member.is_draining) == ("another", {"x": 1}, True)
    harness.membership.suspect("a", "its link broke")
    assert harness.changes == changes + 2
    harness.membership.suspect("a", "again")
    harness.membership.suspect("nobody", "?")
    assert (harness.changes, harness.membership.lost) == (changes + 2, 1)


@pytest.mark.parametrize(("most_pages", "copied"), [(1, 35), (0, 30)])
async def test_a_long_list_has_as_many_pages_as_it_needs_and_no_more(
    harness: MembershipHarness, monkeypatch: pytest.MonkeyPatch, most_pages: int, copied: int
) -> None:
    monkeypatch.setattr(versioned_list, "PAGE_ENTRIES", 10)
    monkeypatch.setattr(stream_lists, "PAGE_ENTRIES", 10)
    monkeypatch.setattr(stream_lists, "MAX_PAGES", most_pages)
    harness.live(A, owned={str(number): "1-1" for number in range(35)})
    await harness.membership.start()
    member = harness.membership.get("a")
    assert member is not None
    assert len(member.owned_streams) == copied
    await harness.greet()
    assert len(member.owned_streams) == 35, "the rest comes after the next greeting"


@pytest.mark.parametrize(("entries", "pages"), [(0, 20), (999, 20), (2_000, 22)])
async def test_a_list_that_changes_all_the_time_is_asked_for_so_many_pages_after_a_greeting(
    entries: int, pages: int
) -> None:
    asked: list[str] = []

    class Restless(FakePeerClient):
        async def ask(self, recipient: Recipient, request: PeerRequest) -> Any:
            asked.append(request.target)
            return ListPage(f"{len(asked)}.1", len(asked), False, {}).as_json()

    follower = ListFollower(Restless(), lambda *_: None)
    await follower.catch_up(Member("a", A, "1", 0.0), {ListName.OWNED: ListSummary(10**6, entries, "0" * 16)})
    assert len(asked) == pages
    assert asked[:2] == ["/internal/changes?list=owned&after=", "/internal/changes?list=owned&after=1.1"]
