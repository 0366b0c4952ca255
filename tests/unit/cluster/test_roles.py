"""What a member is for one stream, and how each role ends and becomes another one."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from audiocast.cluster.errors import Refused, Unreachable
from audiocast.cluster.member import Member
from audiocast.cluster.peer_stream import FrameKind, PeerStream, SourceFrame
from audiocast.cluster.peers import Peers
from audiocast.cluster.protocol import MOVED, OLDER, TAKEN_OVER, PeerRequest
from audiocast.cluster.roles import StreamRoles
from audiocast.cluster.stream_requests import ForwardRequest, RelayRequest, ResumePoint
from audiocast.stream.errors import ShuttingDown
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.source_id import SourceId
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.fake_iostream import peer_streams
from tests.unit.cluster.forwarding import forward, settle
from tests.unit.stream.audio import body
from tests.unit.stream.hub_harness import HubHarness


class FakePeers:
    """The other members: one that should have the source, and one that has it.

    Attributes:
        owner: Name of the member that sources go to; empty: this one.
        holder: Name of the member that has the stream; empty: none.
        looked: When it was looked for a holder.
        opened: Whom a connection was opened to, and the target.
        links: The other side of each connection.
    """

    own_name = "me"

    def __init__(self) -> None:
        self.owner = ""
        self.holder = ""
        self.looked: list[float] = []
        self.opened: list[tuple[str, str]] = []
        self.links: list[PeerStream] = []

    def owner_for_source(self, stream_id: str) -> Member | None:
        return Member(self.owner, self.owner, "1", 0.0) if self.owner else None

    async def find_holder(self, stream_id: str, *, ask_all: bool) -> Member | None:
        self.looked.append(asyncio.get_running_loop().time())
        return Member(self.holder, self.holder, "1", 0.0) if self.holder else None

    async def open_stream(self, member: Member, request: PeerRequest) -> tuple[PeerStream, Mapping[str, str]]:
        self.opened.append((member.name, request.target))
        near, far = peer_streams()
        self.links.append(far)
        return near, {}

    async def suspect(self, name: str, error: Unreachable) -> None:
        pass


class Harness:
    """The roles of "me" for one stream."""

    def __init__(self) -> None:
        self.peers = FakePeers()
        self.harness = HubHarness(HubLimits(log_sources=True))
        self.hub = self.harness.hub
        self.roles = StreamRoles(
            self.hub,
            self.harness.clock.time,
            FeedScheduler(self.harness.clock),
            cast(Peers, self.peers),
        )
        self.links: list[PeerStream] = []

    def forward(self, source_id: SourceId, *, age_seconds: float = 0.0) -> PeerStream:
        """Let a front forward a source; give the front's side of the connection."""
        request = forward(source_id, age_seconds=age_seconds)
        ours, theirs = peer_streams()
        self.links.append(theirs)
        self._forwarding = asyncio.ensure_future(self.roles.receive_forward(request, ours))
        return theirs

    def relay(self, resume_point: ResumePoint | None = None) -> PeerStream:
        """Let an edge ask for the stream; give the edge's side of the connection."""
        ours, theirs = peer_streams()
        self.links.append(theirs)
        request = RelayRequest("abc", resume_point)
        self._serving = asyncio.ensure_future(self.roles.serve_relay(request, ours))
        return theirs

    async def stop(self) -> None:
        self.roles.close()
        for link in [*self.links, *self.peers.links]:
            link.close()
        await settle()


def refusal_of(harness: Harness, request: ForwardRequest) -> str:
    """Give the code with which a source is refused; empty: it is the newest."""
    try:
        harness.roles.check_is_newest(request)
    except Refused as error:
        return error.code
    return ""


def test_without_a_source_a_listener_and_a_question_it_has_no_role() -> None:
    async def test() -> None:
        harness = Harness()
        roles = harness.roles
        assert (roles.is_front, roles.is_owner, roles.owned_source, roles.owner) == (False, False, None, "me")
        assert roles.is_idle
        roles.dismiss_source(ShuttingDown("nobody is there"))
        roles.hand_over(MOVED, "nothing is there")
        assert harness.peers.looked == []
        await harness.stop()

    run(test())


def test_the_hub_is_in_use_while_somebody_waits_or_a_front_forwards() -> None:
    async def test() -> None:
        harness = Harness()
        uses = [harness.hub.users]
        with harness.roles.awaited():
            uses.append(harness.hub.users)
            with harness.roles.awaited():
                uses.append(harness.hub.users)
        uses.append(harness.hub.users)
        front = harness.forward(SourceId(5, 5))
        await settle()
        uses.append(harness.hub.users)
        front.close()
        await settle()
        uses.append(harness.hub.users)
        assert uses == [0, 1, 2, 0, 1, 0], "the registry forgets no hub that is in use"
        await harness.stop()

    run(test())


def test_while_somebody_waits_the_stream_is_got_from_its_holder() -> None:
    async def test() -> None:
        harness = Harness()
        harness.peers.holder = "a"
        with harness.roles.awaited():
            await settle()
            assert [name for name, _ in harness.peers.opened] == ["a"]
            assert harness.roles.owner == "a"
            assert not harness.roles.is_idle
            source_id = SourceId(5, 5)
            await harness.peers.links[0].send(FrameKind.SOURCE, SourceFrame(source_id, 0).build())
            await harness.peers.links[0].send(FrameKind.PAGES, body(range(10)))
            await settle()
            assert harness.hub.is_on
            assert harness.hub.source_id == source_id
        assert not harness.roles.is_owner, "an edge has nothing to give to others"
        assert harness.roles.owned_source is None
        await harness.stop()

    run(test())


def test_the_last_who_waits_ends_it() -> None:
    async def test() -> None:
        harness = Harness()
        with harness.roles.awaited():
            with harness.roles.awaited():
                await asyncio.sleep(1)
            await asyncio.sleep(60)
            looked = len(harness.peers.looked)
            assert looked > 50, "somebody waits still"
            assert not harness.roles.is_idle
        assert harness.roles.is_idle
        await asyncio.sleep(60)
        assert len(harness.peers.looked) <= looked + 1
        await harness.stop()

    run(test())


def test_what_comes_from_an_encoder_here_is_not_looked_for() -> None:
    async def test() -> None:
        harness = Harness()
        encoder = harness.harness.live()
        disconnect = harness.roles.connect_source(encoder.source)
        await settle()
        assert (harness.roles.is_front, harness.roles.is_owner) == (True, True)
        assert harness.roles.owned_source == encoder.source.source_id
        assert not harness.roles.is_idle
        with harness.roles.awaited():
            await asyncio.sleep(5)
        assert harness.peers.looked == []
        disconnect()
        await harness.stop()

    run(test())


def test_an_encoder_without_audio_does_not_end_what_the_holder_sends() -> None:
    async def test() -> None:
        harness = Harness()
        harness.peers.holder = "a"
        encoder = harness.harness.broadcaster()
        with harness.roles.awaited():
            harness.roles.connect_source(encoder.source)
            await asyncio.sleep(5)
            assert len(harness.peers.opened) == 1
            # With its first audio, the encoder is the source.
            encoder.begin(range(3))
            await asyncio.sleep(1)
            with pytest.raises(Unreachable):
                await harness.peers.links[0].receive()
            await asyncio.sleep(5)
            assert len(harness.peers.opened) == 1
        await harness.stop()

    run(test())


def test_an_encoder_that_connects_again_replaces_its_first_connection() -> None:
    async def test() -> None:
        harness = Harness()
        harness.peers.owner = "a"
        first = harness.harness.live()
        harness.roles.connect_source(first.source)
        await settle()
        assert len(harness.peers.opened) == 1
        second = harness.harness.live([1, 2])
        harness.roles.connect_source(second.source)
        await settle()
        assert len(harness.peers.opened) == 2
        with pytest.raises(Unreachable):
            await harness.peers.links[0].wait_for_end()
        harness.roles.dismiss_source(ShuttingDown("elsewhere"))
        assert [error.code for error in second.told] == ["shutting_down"]
        await harness.stop()

    run(test())


@pytest.mark.parametrize("listens", [True, False])
def test_listeners_of_an_encoder_that_is_gone_get_what_the_holder_sends_next(listens: bool) -> None:
    async def test() -> None:
        harness = Harness()
        encoder = harness.harness.live(range(10))
        disconnect = harness.roles.connect_source(encoder.source)
        await settle()
        if listens:
            harness.harness.listen()
        assert harness.hub.source_log is not None
        last_page = harness.hub.source_log.last
        harness.peers.holder = "a"
        disconnect()
        encoder.leave()
        await asyncio.sleep(0.5)
        source_id = encoder.source.source_id
        target = f"/internal/relay/abc?origin={source_id}&had={last_page}&private=1"
        # Listeners here have heard all of that source.
        assert harness.peers.opened == ([("a", target)] if listens else [])
        assert not harness.roles.is_front
        await harness.stop()

    run(test())


def test_a_forwarded_source_is_owned_until_its_front_is_gone() -> None:
    async def test() -> None:
        harness = Harness()
        source_id = SourceId(5, 5)
        front = harness.forward(source_id)
        await front.send(FrameKind.PAGES, body(range(10)))
        await settle()
        roles = harness.roles
        assert (roles.is_owner, roles.is_front, roles.owner) == (True, False, "me")
        assert roles.owned_source == source_id
        assert not roles.is_idle
        assert harness.hub.source_log is not None
        assert roles.last_page_of(source_id) == harness.hub.source_log.last
        assert roles.last_page_of(SourceId(5, 6)) is None
        front.close()
        await settle()
        assert (roles.is_owner, roles.owned_source) == (False, None)
        assert harness.peers.looked == [], "nobody listens here"
        await harness.stop()

    run(test())


def test_a_forwarded_source_is_owned_before_its_first_page() -> None:
    async def test() -> None:
        harness = Harness()
        harness.forward(SourceId(5, 5))
        await settle()
        assert harness.roles.is_owner
        assert not harness.roles.is_idle
        with harness.roles.awaited():
            await asyncio.sleep(2)
        assert harness.peers.looked == [], "it is here"
        await harness.stop()

    run(test())


def test_listeners_of_a_forwarded_source_that_is_gone_are_supplied_by_the_next_holder() -> None:
    async def test() -> None:
        harness = Harness()
        front = harness.forward(SourceId(5, 5))
        await front.send(FrameKind.PAGES, body(range(10)))
        await settle()
        harness.harness.listen()
        harness.peers.holder = "a"
        assert harness.peers.looked == []
        front.close()
        await asyncio.sleep(0.5)
        assert [name for name, _ in harness.peers.opened] == ["a"]
        await harness.stop()

    run(test())


def test_a_front_that_connects_anew_is_not_ended_by_its_first_connection() -> None:
    async def test() -> None:
        harness = Harness()
        source_id = SourceId(5, 5)
        first = harness.forward(source_id)
        await first.send(FrameKind.PAGES, body(range(10)))
        await settle()
        second = harness.forward(source_id)
        await settle()
        first.close()
        await settle()
        assert harness.roles.is_owner
        await second.send_end(MOVED, "elsewhere")
        await settle()
        assert not harness.roles.is_owner
        await harness.stop()

    run(test())


def test_the_generation_of_a_forwarded_sources_key_counts_here() -> None:
    async def test() -> None:
        harness = Harness()
        ours, theirs = peer_streams()
        request = forward(SourceId(5, 5), generation=4)
        task = asyncio.ensure_future(harness.roles.receive_forward(request, ours))
        await theirs.send(FrameKind.PAGES, body(range(10)))
        await settle()
        assert harness.hub.generation == 4
        theirs.close()
        await task
        await harness.stop()

    run(test())


def test_of_two_sources_that_never_met_the_one_that_came_last_wins() -> None:
    async def test() -> None:
        harness = Harness()
        newest, older = SourceId(50, 5), SourceId(40, 5)
        assert refusal_of(harness, forward(older)) == "", "no source is here"
        front = harness.forward(newest, age_seconds=60.0)
        await front.send(FrameKind.PAGES, body(range(10)))
        await asyncio.sleep(10)
        await front.send(FrameKind.BEAT)
        # Sources of both kinds: one with a greater id, and the one that is here.
        assert refusal_of(harness, forward(SourceId(50, 6), age_seconds=500)) == ""
        assert refusal_of(harness, forward(newest, is_resumed=True, age_seconds=500)) == ""
        assert refusal_of(harness, forward(older, age_seconds=70.5)) == TAKEN_OVER
        assert refusal_of(harness, forward(older, age_seconds=70.0)) == OLDER
        assert refusal_of(harness, forward(older, age_seconds=69.5)) == OLDER
        assert refusal_of(harness, forward(older, is_resumed=True)) == TAKEN_OVER
        await harness.stop()

    run(test())


def test_the_age_of_a_source_that_is_connected_here_counts_from_its_encoder() -> None:
    async def test() -> None:
        harness = Harness()
        encoder = harness.harness.live()
        harness.roles.connect_source(encoder.source)
        await asyncio.sleep(10)
        older = SourceId(encoder.source.source_id.started_at_us - 1, 0)
        assert refusal_of(harness, forward(older, age_seconds=10.5)) == TAKEN_OVER
        assert refusal_of(harness, forward(older, age_seconds=9.5)) == OLDER
        await harness.stop()

    run(test())


def test_a_source_that_an_edge_only_hears_has_no_age() -> None:
    async def test() -> None:
        harness = Harness()
        harness.peers.holder = "a"
        with harness.roles.awaited():
            await settle()
            await harness.peers.links[0].send(FrameKind.SOURCE, SourceFrame(SourceId(50, 5), 0).build())
            await harness.peers.links[0].send(FrameKind.PAGES, body(range(10)))
            await settle()
        assert harness.hub.source_id == SourceId(50, 5)
        assert refusal_of(harness, forward(SourceId(40, 5), age_seconds=1e9)) == OLDER
        await harness.stop()

    run(test())


def test_an_edge_gets_what_comes_after_its_last_page() -> None:
    async def test() -> None:
        harness = Harness()
        encoder = harness.harness.live(range(10))
        harness.roles.connect_source(encoder.source)
        await settle()
        assert harness.hub.source_log is not None
        last_page = harness.hub.source_log.last
        assert last_page is not None
        encoder.send(body(range(15))[len(body(range(10))) :])
        edge = harness.relay(ResumePoint(encoder.source.source_id, last_page))
        assert await edge.receive() == (FrameKind.PAGES, body(range(15))[len(body(range(10))) :])
        new = harness.relay()
        kind, data = await new.receive()
        assert (kind, SourceFrame.parse(data).source_id) == (FrameKind.SOURCE, encoder.source.source_id)
        assert await new.receive() == (FrameKind.PAGES, body(range(15)))
        await harness.stop()

    run(test())


def test_a_front_whose_owner_is_another_member_keeps_its_edges() -> None:
    async def test() -> None:
        harness = Harness()
        harness.peers.owner = "a"
        encoder = harness.harness.live()
        harness.roles.connect_source(encoder.source)
        edge = harness.relay()
        ending = asyncio.ensure_future(edge.wait_for_end())
        await asyncio.sleep(10)
        assert (harness.roles.is_owner, harness.roles.owner) == (False, "a")
        assert not ending.done()
        ending.cancel()
        await harness.stop()

    run(test())


def test_a_source_that_comes_back_in_a_moment_keeps_its_edges() -> None:
    async def test() -> None:
        harness = Harness()
        disconnect = harness.roles.connect_source(harness.harness.live().source)
        edge = harness.relay()
        ending = asyncio.ensure_future(edge.wait_for_end())
        await asyncio.sleep(1)
        for _ in range(3):
            disconnect()
            await asyncio.sleep(0.15)
            disconnect = harness.roles.connect_source(harness.harness.live().source)
            await asyncio.sleep(0.15)
        assert not ending.done()
        disconnect()
        went_at = asyncio.get_running_loop().time()
        with pytest.raises(Refused, match=MOVED):
            await ending
        assert 0.2 < asyncio.get_running_loop().time() - went_at < 0.5
        await harness.stop()

    run(test())


def test_an_edge_that_goes_leaves_nothing_behind() -> None:
    async def test() -> None:
        harness = Harness()
        harness.roles.connect_source(harness.harness.live().source)
        assert harness.hub.source_log is not None
        before = len(harness.hub.on_change)
        tasks = len(asyncio.all_tasks())
        edge = harness.relay()
        await asyncio.sleep(1)
        assert len(harness.hub.on_change) == before + 1
        edge.close()
        await asyncio.sleep(0)
        await asyncio.wait_for(harness._serving, 1)
        await settle()
        assert (len(harness.hub.on_change), len(harness.hub.source_log.on_growth)) == (before, 0)
        assert len(asyncio.all_tasks()) == tasks
        await harness.stop()

    run(test())


@pytest.mark.parametrize("code", [MOVED, TAKEN_OVER])
def test_a_front_is_told_why_its_source_is_handed_over(code: str) -> None:
    async def test() -> None:
        harness = Harness()
        front = harness.forward(SourceId(5, 5))
        await settle()
        harness.roles.hand_over(code, "why")
        with pytest.raises(Refused) as refused:
            await front.wait_for_end()
        assert (refused.value.code, refused.value.message) == (code, "why")
        await harness.stop()

    run(test())


def test_an_own_source_that_is_handed_over_goes_to_its_next_owner() -> None:
    async def test() -> None:
        harness = Harness()
        harness.roles.connect_source(harness.harness.live().source)
        await settle()
        harness.peers.owner = "b"
        harness.roles.hand_over(MOVED, "elsewhere")
        await settle()
        assert [name for name, _ in harness.peers.opened] == ["b"]
        assert (harness.roles.owner, harness.roles.is_owner, harness.roles.is_front) == ("b", False, True)
        await harness.stop()

    run(test())


def test_closing_ends_every_connection_to_another_member() -> None:
    async def test() -> None:
        edge, owner, front = Harness(), Harness(), Harness()
        edge.peers.holder = front.peers.owner = "a"
        front.roles.connect_source(front.harness.live().source)
        with edge.roles.awaited():
            forwarding = owner.forward(SourceId(5, 5))
            await settle()
            looked = len(edge.peers.looked)
            for harness in (edge, owner, front):
                harness.roles.close()
            for link in (edge.peers.links[0], forwarding, front.peers.links[0]):
                with pytest.raises(Unreachable):
                    await link.wait_for_end()
            await asyncio.sleep(10)
            assert (len(edge.peers.looked), len(edge.peers.opened)) == (looked, 1)
        for harness in (edge, owner, front):
            await harness.stop()

    run(test())


def test_an_encoder_that_is_gone_or_replaced_is_forwarded_no_more() -> None:
    async def test() -> None:
        harness = Harness()
        harness.peers.owner = "a"
        first, second = harness.harness.broadcaster(), harness.harness.broadcaster()
        harness.roles.connect_source(first.source)
        first.begin(range(5))
        await asyncio.sleep(0.1)
        assert len(harness.peers.links) == 1
        disconnect = harness.roles.connect_source(second.source)
        await asyncio.sleep(0.1)
        with pytest.raises(Unreachable):
            await asyncio.wait_for(drained(harness.peers.links[0]), 5)
        second.begin(range(5, 10))
        await asyncio.sleep(0.1)
        assert len(harness.peers.links) == 2
        disconnect()
        await asyncio.sleep(0.1)
        with pytest.raises(Unreachable):
            await asyncio.wait_for(drained(harness.peers.links[1]), 5)
        await asyncio.sleep(60)
        assert len(harness.peers.links) == 2, "nobody offers it again"
        assert not harness.roles.is_front
        await harness.stop()

    run(test())


async def drained(link: PeerStream) -> None:
    """Receive all that comes on a connection."""
    while True:
        await link.receive()


def test_what_is_told_to_a_front_is_held_until_it_is_told_and_no_longer() -> None:
    async def test() -> None:
        harness = Harness()
        front = harness.forward(SourceId(5, 5))
        await settle()
        harness.roles.hand_over(MOVED, "elsewhere")
        # asyncio alone would let a task go that nobody holds.
        assert len(harness.roles._endings) == 1
        with pytest.raises(Refused, match="elsewhere"):
            await front.wait_for_end()
        await settle()
        assert harness.roles._endings == set()
        await harness.stop()

    run(test())
