"""An edge is supplied for as long as somebody listens, from whichever owner there is."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from audiocast.cluster.edge import Edge
from audiocast.cluster.errors import BadMessage, Refused, Unreachable
from audiocast.cluster.member import Member
from audiocast.cluster.peer_stream import PeerStream
from audiocast.cluster.peers import Peers
from audiocast.cluster.relay_receiver import RelayReceiver
from audiocast.cluster.stream_requests import RelayRequest, ResumePoint
from audiocast.stream.errors import BadKey
from audiocast.stream.hub import Hub
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import Position
from tests.support.clock.jumping_loop import run

LINGER_SECONDS = 10.0


class Surroundings:
    """What an edge speaks to: owners one after the other, each with a relay that a test breaks.

    Attributes:
        asked: When a link was opened, and to whom.
        requests: What was asked for.
        looked: When an owner was looked for, and whether every member was to be asked.
        refusal: Instead of a link.
        waiting: The last page that waits for its turn.
        while_opening: Called before an owner has answered.
        received: How many relays were received.
        pages: How many each relay brings.
        suspected: Members that it takes for dead.
        wanted: Somebody listens.
        has_source: The source is here.
    """

    def __init__(self) -> None:
        self.owner: Member | None = member("m1")
        self.asked: list[tuple[float, str]] = []
        self.requests: list[object] = []
        self.suspected: list[str] = []
        self.wanted = True
        self.has_source = False
        self.closed = self.received = 0
        self.pages = 1
        self.looked: list[tuple[float, bool]] = []
        self.refusal: Exception | None = None
        self._broken: asyncio.Future[None] | None = None
        self.log = SimpleNamespace(end=100)
        self.source_id = None
        self.resume_point: object = None
        self.waiting: object = None
        self.while_opening: Callable[[], None] = lambda: None
        self.edge = Edge(
            cast(Hub, SimpleNamespace(stream_id="abc", source_log=self.log)),
            cast(RelayReceiver, self),
            has_source=lambda: self.has_source,
            is_wanted=lambda: self.wanted,
            peers=cast(Peers, self),
        )

    async def find_holder(self, stream_id: str, *, ask_all: bool) -> Member | None:
        self.looked.append((asyncio.get_running_loop().time(), ask_all))
        return self.owner

    async def open_stream(self, member: Member, request: object) -> tuple[PeerStream, Any]:
        self.asked.append((asyncio.get_running_loop().time(), member.address))
        self.requests.append(request)
        if self.refusal is not None:
            raise self.refusal
        self.while_opening()
        return cast(PeerStream, self), {}

    def process_received(self) -> None:
        """Have what waited for its turn, if anything did."""
        self.resume_point, self.waiting = self.waiting or self.resume_point, None

    async def receive(self, link: PeerStream, source_id: object) -> None:
        self.received += 1
        self._broken = asyncio.get_running_loop().create_future()
        self.log.end += self.pages
        await self._broken

    async def suspect(self, name: str, error: Unreachable) -> None:
        self.suspected.append(name)

    def close(self) -> None:
        self.closed += 1
        self.break_with(Unreachable("closed"))

    @property
    def pauses(self) -> list[float]:
        """Seconds between each look for an owner and the next."""
        return [round(after - before, 3) for (before, _), (after, _) in pairwise(self.looked)]

    def break_with(self, error: Exception) -> None:
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)


def member(name: str) -> Member:
    return Member(name, name, "1", 0.0)


def test_a_relay_that_broke_after_an_hour_is_replaced_at_once() -> None:
    async def test() -> None:
        around = Surroundings()
        around.edge.supply()
        await asyncio.sleep(3600)
        around.owner = member("m2")
        broke_at = asyncio.get_running_loop().time()
        around.break_with(Unreachable("the connection is gone"))
        await asyncio.sleep(1)
        assert [name for _, name in around.asked] == ["m1", "m2"]
        assert around.asked[1][0] - broke_at < 0.1
        assert around.suspected == ["m1"]
        assert around.closed == 1, "the first one"
        around.edge.close()

    run(test())


def test_an_owner_that_says_why_it_ends_the_relay_is_not_suspected() -> None:
    async def test() -> None:
        around = Surroundings()
        around.edge.supply()
        await asyncio.sleep(1)
        around.break_with(Refused(0, "moved", "the source of this stream is not here any more"))
        await asyncio.sleep(1)
        assert (len(around.asked), around.suspected) == (2, [])
        around.edge.close()

    run(test())


def test_a_relay_that_nobody_listens_to_is_given_up_and_begun_again_when_asked_for() -> None:
    async def test() -> None:
        around = Surroundings()
        around.edge.supply()
        await asyncio.sleep(1)
        around.wanted = False
        await asyncio.sleep(LINGER_SECONDS - 1)
        assert not around.closed
        await asyncio.sleep(3 * LINGER_SECONDS)
        assert around.closed
        assert (len(around.asked), around.suspected) == (1, [])
        around.wanted = True
        around.edge.supply()
        await asyncio.sleep(1)
        assert len(around.asked) == 2
        around.edge.close()

    run(test())


def test_a_member_that_gets_the_source_itself_needs_no_relay() -> None:
    async def test() -> None:
        around = Surroundings()
        around.edge.supply()
        await asyncio.sleep(1)
        around.has_source = True
        await asyncio.sleep(0.3)
        assert around.closed
        await asyncio.sleep(100)
        assert (len(around.asked), around.suspected) == (1, [])
        around.has_source = False
        await asyncio.sleep(2)
        assert len(around.asked) == 2
        around.edge.close()

    run(test())


def test_a_page_that_waits_for_its_turn_is_not_asked_for_again() -> None:
    async def test() -> None:
        around = Surroundings()
        around.waiting = ResumePoint(SourceId(1, 1), Position(7, 9))
        around.edge.supply()
        await asyncio.sleep(0.01)
        assert around.requests == [RelayRequest("abc", ResumePoint(SourceId(1, 1), Position(7, 9))).build()]
        around.edge.close()

    run(test())


@pytest.mark.parametrize("field", ["has_source", "resume_point"])
def test_pages_that_came_another_way_meanwhile_are_not_asked_for_again(field: str) -> None:
    async def test() -> None:
        around = Surroundings()
        news = True if field == "has_source" else ResumePoint(SourceId(1, 1), Position(7, 9))
        around.while_opening = lambda: setattr(around, field, news)
        around.edge.supply()
        await asyncio.sleep(0.01)
        assert (len(around.asked), around.received, around.closed) == (1, 0, 1)
        await asyncio.sleep(1)
        # Who has no source of its own asks again, for what comes after these.
        assert around.received == (1 if field == "resume_point" else 0)
        around.edge.close()

    run(test())


def test_an_owner_that_is_nowhere_is_looked_for_less_and_less_often() -> None:
    async def test() -> None:
        around = Surroundings()
        around.owner = None
        around.edge.supply()
        await asyncio.sleep(60)
        assert around.asked == []
        around.owner = member("m2")
        await asyncio.sleep(1.1)
        assert [name for _, name in around.asked] == ["m2"]
        around.edge.close()

    run(test())


FIRST_PAUSES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_pauses_between_two_looks_for_an_owner_double_up_to_a_second() -> None:
    async def test() -> None:
        around = Surroundings()
        around.owner = None
        around.edge.supply()
        await asyncio.sleep(4)
        assert around.pauses == FIRST_PAUSES
        # Greetings tell the rest.
        assert [ask_all for _, ask_all in around.looked] == [True] + [False] * len(FIRST_PAUSES)
        around.edge.close()

    run(test())


@pytest.mark.parametrize("pages", [0, 1])
def test_only_a_relay_that_brought_pages_is_replaced_in_haste(pages: int) -> None:
    async def test() -> None:
        around = Surroundings()
        around.owner = None
        around.edge.supply()
        await asyncio.sleep(10)
        around.owner, around.pages = member("m1"), pages
        await asyncio.sleep(1.5)
        around.owner = None
        looked = len(around.looked)
        around.break_with(Refused(0, "moved", "elsewhere"))
        await asyncio.sleep(2.5)
        assert around.looked[looked][1] is bool(pages), "every member is asked"
        assert around.pauses[looked:][:2] == ([0.1, 0.2] if pages else [1.0])
        around.edge.close()

    run(test())


def test_a_relay_is_given_up_ten_seconds_after_its_last_listener() -> None:
    async def test() -> None:
        around = Surroundings()
        around.edge.supply()
        await asyncio.sleep(60)
        around.wanted = False
        await asyncio.sleep(9.5)
        around.wanted = True
        await asyncio.sleep(1)
        around.wanted = False
        await asyncio.sleep(9.5)
        assert not around.closed
        assert around.edge.relays_from == "m1"
        await asyncio.sleep(1)
        assert around.closed
        assert around.edge.relays_from == ""
        around.edge.close()

    run(test())


def test_an_owner_is_looked_for_only_while_the_stream_is_wanted() -> None:
    async def test() -> None:
        around = Surroundings()
        around.owner = None
        around.edge.supply()
        await asyncio.sleep(5)
        around.wanted = False
        looked = len(around.looked)
        await asyncio.sleep(9)
        around.wanted = True
        await asyncio.sleep(1.1)
        assert len(around.looked) == looked + 1
        around.wanted = False
        await asyncio.sleep(12)
        looked = len(around.looked)
        around.wanted = True
        await asyncio.sleep(60)
        assert len(around.looked) == looked, "it has stopped by itself"
        around.edge.supply()
        await asyncio.sleep(0.01)
        assert len(around.looked) == looked + 1

    run(test())


def test_one_edge_gets_one_copy_however_often_it_is_asked_for() -> None:
    async def test() -> None:
        around = Surroundings()
        for _ in range(3):
            around.edge.supply()
            await asyncio.sleep(1)
        assert len(around.asked) == len(around.looked) == 1
        around.edge.close()
        await asyncio.sleep(60)
        assert (len(around.looked), around.edge.relays_from) == (1, "")

    run(test())


@pytest.mark.parametrize(
    ("refusal", "suspected"),
    [
        (Unreachable("no connection"), True),
        (Refused(404, "not_the_owner", "elsewhere"), False),
        (BadMessage("nonsense"), False),
        (BadKey("the ingest key was replaced"), False),
    ],
)
def test_only_an_owner_that_is_not_reached_is_suspected_and_all_are_tried_again(
    refusal: Exception, suspected: bool
) -> None:
    async def test() -> None:
        around = Surroundings()
        around.refusal = refusal
        around.edge.supply()
        await asyncio.sleep(4)
        assert around.pauses == FIRST_PAUSES
        assert around.suspected == (["m1"] * len(around.looked) if suspected else [])
        assert around.edge.relays_from == ""
        around.edge.close()

    run(test())
