"""One member of a cluster: which roles it has for its streams, what it says of them, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest

from audiocast.cluster.errors import Refused, Unreachable
from audiocast.cluster.node import Node
from audiocast.cluster.peer_stream import FrameKind, PeerStream, SourceFrame
from audiocast.cluster.protocol import GOODBYE, HELLO, LIST_STREAMS, MOVED, OLDER, TAKEN_OVER, PeerRequest
from audiocast.cluster.ring import order
from audiocast.cluster.signature.header import RequestSignature
from audiocast.cluster.signature.identity import Identity, Recipient
from audiocast.cluster.signature.signer import Rejections, Signer
from audiocast.cluster.stream_requests import ForwardAnswer, RelayRequest
from audiocast.stream.clock import Clock
from audiocast.stream.errors import BadKey, SourceError, SourceStalled, StreamEnded
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Visibility
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.registry import Registry
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from tests.support.clock.jumping_loop import JumpingLoop, run
from tests.unit.cluster.fake_iostream import peer_streams
from tests.unit.cluster.fake_peer_client import FakePeerClient
from tests.unit.cluster.forwarding import forward, settle
from tests.unit.cluster.membership_harness import FakeDiscovery, greeting
from tests.unit.stream.audio import body, feed
from tests.unit.stream.hub_harness import LIMITS

SOURCE_AWAY_SECONDS = 0.3

A = "10.0.0.1:8001"
SIGNER = Signer(["a secret of thirty-two characters"], Identity("me", "0"))


class Client(FakePeerClient):
    """Opens connections, too.

    Attributes:
        opened: Address and target of each.
        links: The other side of each.
        is_closed: It was closed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[str, str]] = []
        self.links: list[PeerStream] = []
        self.is_closed = False

    async def open_stream(
        self, recipient: Recipient, request: PeerRequest
    ) -> tuple[PeerStream, Mapping[str, str]]:
        self.opened.append((recipient.address, request.target))
        near, far = peer_streams()
        self.links.append(far)
        return near, {}

    def close(self) -> None:
        self.is_closed = True


class Harness:
    """One node called "me".

    Args:
        addresses: Where member "a" answers; none: "me" is the only one.
        is_alone: It is no member of a cluster.
        greeting_client: Sends greetings.
        max_streams: Streams that are on at the same time.
    """

    def __init__(
        self,
        *addresses: str,
        is_alone: bool = False,
        max_streams: int = 10,
        greeting_client: Client | None = None,
    ) -> None:
        self.client = Client()
        for address in addresses:
            self.client.answers[address] = lambda target, body: greeting()
        clock = cast(Clock, asyncio.get_running_loop())
        self.streams = Registry(
            clock=clock, limits=replace(LIMITS, log_sources=True), max_streams=max_streams
        )
        self.node = Node(
            "me",
            internal_port=lambda: 8001,
            discovery=None if is_alone else FakeDiscovery(*addresses),
            client=self.client,
            greeting_client=greeting_client,
            signer=SIGNER,
            streams=self.streams,
            hls_streams=dict,
        )
        self.dismissed: list[SourceError] = []

    async def hello(self, **said: Any) -> None:
        """Let member "a" greet this one, and this one ask for what has changed."""
        identity, body = self.client.wire(A, greeting(**said))
        signature = RequestSignature(0, "", identity, SIGNER.identity, "")
        self.node.on_hello(body, signature, "10.0.0.1")
        await settle()

    def source(self, stream_id: str = "abc", *, sends: bool = True) -> tuple[Hub, Source]:
        """Connect an encoder to a stream, without telling the node."""
        hub = self.streams.open(stream_id)
        now = self.streams.clock.time()
        source = Source(
            hub,
            source_id=SourceId.new(newer_than=hub.source_id),
            rate_limit=RateLimit(max_kbps=0, lead_seconds=20, now=now),
            generation=0,
            dismiss=self.dismissed.append,
        )
        if sends:
            feed(source, body([0]), now)
        return hub, source


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    harness = Harness()
    await harness.node.start()
    yield harness
    await harness.node.stop()
    assert harness.client.is_closed


async def test_a_member_that_has_nothing_owns_nothing(harness: Harness) -> None:
    node = harness.node
    assert (node.connected_sources, node.owned_streams(), node.owns("abc")) == (0, {}, False)
    assert node.owner_of("abc") == "me"
    assert not node.is_handing_over("abc")
    status = node.status()
    assert (status["name"], status["ring"], status["members"]) == ("me", ["me"], [])
    assert (status["owned"], status["relays"], status["questions"], status["bad_signatures"]) == (0, 0, 0, 0)


async def test_an_encoder_makes_it_front_and_owner(harness: Harness) -> None:
    node = harness.node
    hub, source = harness.source()
    disconnect = node.connect_source(hub, source)
    await settle()
    assert node.connected_sources == 1
    assert node.owned_streams() == {"abc": str(source.source_id)}
    assert node.owns("abc")
    assert (node.status()["owned"], node.owner_of("abc")) == (1, "me")
    assert not node.is_handing_over("abc"), "it stays"
    disconnect()
    assert (node.connected_sources, node.owned_streams(), node.owns("abc")) == (0, {}, False)


async def test_the_disconnect_of_an_encoder_that_was_replaced_changes_nothing(harness: Harness) -> None:
    hub, first = harness.source()
    disconnect_first = harness.node.connect_source(hub, first)
    hub, second = harness.source()
    harness.node.connect_source(hub, second)
    await settle()
    disconnect_first()
    assert harness.node.connected_sources == 1
    assert harness.node.owned_streams() == {"abc": str(second.source_id)}


async def test_a_member_that_leaves_hands_over_what_it_owns_and_no_more(harness: Harness) -> None:
    node = harness.node
    for stream_id in ("abc", "def"):
        node.connect_source(*harness.source(stream_id))
    node.connect_source(*harness.source("ghi", sends=False))
    await settle()
    node.hand_over()
    assert node.moves == 2
    assert node.is_draining
    assert node.is_handing_over("abc")
    assert not node.is_handing_over("xyz")
    with pytest.raises(Refused) as refused:
        node.accept_forward(forward(SourceId.new()))
    assert (refused.value.status, refused.value.code) == (503, "draining")
    node.rejoin()
    assert not node.is_draining
    assert not node.is_handing_over("abc")


async def test_only_so_many_encoders_are_sent_away(harness: Harness) -> None:
    for stream_id in ("abc", "def", "ghi"):
        harness.node.connect_source(*harness.source(stream_id))
    harness.node.dismiss_sources(SourceError("elsewhere"), 2)
    assert len(harness.dismissed) == 2


async def test_a_forwarded_source_makes_it_owner_while_it_lasts(harness: Harness) -> None:
    node = harness.node
    source_id = SourceId.new()
    # The owner knows who finds the stream when the front, which has the key, is gone.
    accepted = node.accept_forward(replace(forward(source_id), visibility=Visibility.PUBLIC))
    assert harness.streams.open("abc").claims.visibility is Visibility.PUBLIC
    ours, theirs = peer_streams()
    task = asyncio.ensure_future(accepted.run(ours))
    await settle()
    await theirs.send(FrameKind.PAGES, body([0]))
    await settle()
    assert node.owned_streams() == {"abc": str(source_id)}
    assert node.status()["owned"] == 1
    assert node.connected_sources == 0, "the encoder is at the front"
    assert node.owner_of("abc") == "me"
    node.hand_over()
    assert node.moves == 1
    theirs.close()
    await task
    await settle()
    assert node.owned_streams() == {}


async def test_the_newest_source_wins(harness: Harness) -> None:
    node = harness.node
    hub, source = harness.source()
    node.connect_source(hub, source)
    await asyncio.sleep(0.1)
    older = SourceId(source.source_id.started_at_us - 1, 0)
    for request in (forward(older, is_resumed=True), forward(older, age_seconds=60.0)):
        with pytest.raises(Refused) as refused:
            node.accept_forward(request)
        assert (refused.value.status, refused.value.code) == (409, TAKEN_OVER)
    with pytest.raises(Refused) as refused:
        node.accept_forward(forward(older))
    # It came later, by a clock that is behind: its id has to be greater than this.
    assert (refused.value.code, refused.value.message) == (OLDER, str(source.source_id))
    assert node.accept_forward(forward(source.source_id)).headers is not None


async def test_an_edge_is_served_where_the_source_is(harness: Harness) -> None:
    node = harness.node
    request = RelayRequest("abc", None)
    harness.streams.open("abc")
    with pytest.raises(Refused) as refused:
        node.accept_relay(request)
    assert (refused.value.status, refused.value.code) == (404, "not_the_owner")
    node.connect_source(*harness.source())
    await settle()
    ours, theirs = peer_streams()
    task = asyncio.ensure_future(node.accept_relay(request).run(ours))
    await settle()
    assert node.relays == 1
    theirs.close()
    await task
    assert node.relays == 0


async def test_a_newer_source_at_another_member_takes_the_stream() -> None:
    harness = Harness(A)
    node = harness.node
    await node.start()
    assert [member["name"] for member in node.status()["members"]] == ["a"]
    mine = next(name for name in map(str, range(100)) if order(name, ["me", "a"])[0] == "me")
    hub, source = harness.source(mine)
    node.connect_source(hub, source)
    await settle()
    assert node.owned_streams() == {mine: str(source.source_id)}
    came_at = source.source_id.started_at_us
    for theirs, conflicts in (
        ({mine: str(SourceId(came_at - 1, 0)), "other": "1-1"}, 0),
        ({mine: "no id"}, 0),
        # The same source: this member was its owner a moment ago, or will be in a moment.
        ({mine: str(source.source_id)}, 0),
        ({mine: str(SourceId(came_at + 1, 0))}, 1),
    ):
        harness.client.answers["10.0.0.1:8001"] = partial(lambda said, *_: greeting(owned=said), theirs)
        await node.announce()
        assert node.conflicts == conflicts
        await settle()
        assert [name for name, _ in harness.client.opened] == [A] * conflicts
    # The encoder's front offers it to the other one, which knows which is the newer one.
    assert (node.owner_of(mine), node.owned_streams()) == ("a", {})
    await node.stop()


async def test_a_stream_that_does_not_come_is_not_waited_for_longer(harness: Harness) -> None:
    assert await harness.node.wait_for_stream("abc", 0.01) is None
    hub, source = harness.source("def")
    harness.node.connect_source(hub, source)
    assert await harness.node.wait_for_stream("def", 1.0) is hub


async def test_what_has_changed_is_announced_at_once() -> None:
    harness = Harness(A)
    await harness.node.start()
    asked = len(harness.client.asked)
    await harness.node.announce()
    assert len(harness.client.asked) == asked + 1
    await harness.node.stop()


def test_an_edge_is_told_that_the_source_has_moved_when_it_is_away() -> None:
    async def test() -> None:
        harness = Harness()
        await harness.node.start()
        disconnect = harness.node.connect_source(*harness.source())
        await settle()
        ours, theirs = peer_streams()
        task = asyncio.ensure_future(harness.node.accept_relay(RelayRequest("abc", None)).run(ours))
        ending = asyncio.ensure_future(theirs.wait_for_end())
        await asyncio.sleep(10 * SOURCE_AWAY_SECONDS)
        assert not ending.done(), "an encoder that is silent is connected nevertheless"
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        loop.be_late(10 * SOURCE_AWAY_SECONDS)
        await settle()
        assert not ending.done(), "a loop that is late has seen nobody go"
        disconnect()
        await asyncio.sleep(SOURCE_AWAY_SECONDS - 0.1)
        assert not ending.done(), "it may come back"
        await asyncio.sleep(0.4)
        assert ending.done()
        with pytest.raises(Refused) as refused:
            await ending
        assert refused.value.code == MOVED
        await task
        assert harness.node.relays == 0
        theirs.close()
        await harness.node.stop()

    run(test())


async def test_a_source_is_taken_only_with_a_key_that_is_good_for_the_stream(harness: Harness) -> None:
    hub, source = harness.source()
    newer = SourceId.new(newer_than=source.source_id)
    hub.admit(0)
    hub.close()
    with pytest.raises(StreamEnded):
        harness.node.accept_forward(forward(newer))
    hub.reopen("")
    ours, theirs = peer_streams()
    accepted = harness.node.accept_forward(forward(newer, generation=7))
    task = asyncio.ensure_future(accepted.run(ours))
    await theirs.send(FrameKind.PAGES, body([0]))
    await settle()
    with pytest.raises(BadKey):
        harness.node.accept_forward(forward(SourceId.new(newer_than=newer), generation=6))
    theirs.close()
    await task


async def test_the_title_of_a_forwarded_source_names_a_stream_without_one(harness: Harness) -> None:
    hub = harness.streams.open("abc")
    assert hub.title == ""
    harness.node.accept_forward(forward(SourceId.new()))
    assert hub.title == "T"
    hub.title = "The broadcaster's own"
    harness.node.accept_forward(forward(SourceId.new()))
    assert hub.title == "The broadcaster's own"


async def test_the_front_learns_which_page_the_owner_has(harness: Harness) -> None:
    source_id = SourceId.new()
    assert ForwardAnswer.parse(harness.node.accept_forward(forward(source_id)).headers).last_page is None
    ours, theirs = peer_streams()
    task = asyncio.ensure_future(harness.node.accept_forward(forward(source_id)).run(ours))
    await theirs.send(FrameKind.PAGES, body([0, 1, 2]))
    await settle()
    hub = harness.streams.get("abc")
    assert hub is not None
    assert hub.source_log is not None
    answer = ForwardAnswer.parse(harness.node.accept_forward(forward(source_id, is_resumed=True)).headers)
    assert answer.last_page == hub.source_log.last
    assert answer.last_page is not None
    theirs.close()
    await task


async def test_a_stream_whose_source_has_only_connected_is_not_given_to_edges(harness: Harness) -> None:
    accepted = harness.node.accept_forward(forward(SourceId.new()))
    ours, theirs = peer_streams()
    task = asyncio.ensure_future(accepted.run(ours))
    await settle()
    assert not harness.node.owns("abc"), "no audio has come"
    with pytest.raises(Refused):
        harness.node.accept_relay(RelayRequest("abc", None))
    theirs.close()
    await task


async def test_only_a_front_that_leaves_hands_over_its_encoders(harness: Harness) -> None:
    accepted = harness.node.accept_forward(forward(SourceId.new()))
    ours, theirs = peer_streams()
    task = asyncio.ensure_future(accepted.run(ours))
    await settle()
    harness.node.hand_over()
    assert not harness.node.is_handing_over("abc"), "the encoder is at another member"
    with pytest.raises(Refused, match=MOVED):
        await theirs.wait_for_end()
    theirs.close()
    await task


async def test_the_status_shows_the_ring_and_every_member() -> None:
    harness = Harness(A)
    await harness.node.start()
    status = harness.node.status()
    assert (status["ring"], status["draining"]) == (["a", "me"], False)
    assert status["members"] == [{"name": "a", "address": A, "draining": False, "view": "", "protocol": 3}]
    assert status["view"] == harness.node.membership.view
    await harness.hello(draining=True, view="theirs")
    harness.node.hand_over()
    status = harness.node.status()
    assert (status["ring"], status["draining"]) == ([], True)
    assert status["members"] == [
        {"name": "a", "address": A, "draining": True, "view": "theirs", "protocol": 3}
    ]
    harness.node.on_goodbye(Identity("a", "1"))
    assert harness.node.status()["members"] == []
    await harness.node.stop()


async def test_a_request_to_all_brings_all_answers() -> None:
    harness = Harness(A)
    await harness.node.start()
    harness.client.answers[A] = lambda target, body: {"got": target}
    assert await harness.node.broadcast(LIST_STREAMS) == [{"got": LIST_STREAMS.target}]
    harness.client.answers[A] = lambda target, body: greeting()
    await harness.node.stop()


async def test_a_server_that_is_alone_is_ready_and_asks_nobody() -> None:
    harness = Harness(is_alone=True)
    node = harness.node
    await node.start()
    assert node.is_alone
    hub, source = harness.source()
    disconnect = node.connect_source(hub, source)
    await settle()
    assert await node.wait_for_stream("abc", 0.01) is hub
    assert await node.wait_for_stream("def", 0.01) is None
    assert (node.owner_of("abc"), node.owned_streams(), node.connected_sources) == ("me", {}, 0)
    disconnect()
    await node.stop()
    assert harness.client.asked == []


def test_a_stream_that_is_asked_for_is_got_from_the_member_that_has_it() -> None:
    async def test() -> None:
        harness = Harness(A)
        node = harness.node
        await node.start()
        await harness.hello(owned={"abc": "1-1"})
        waiting = asyncio.ensure_future(node.wait_for_stream("abc", 5))
        await settle()
        assert [name for name, _ in harness.client.opened] == [A]
        assert node.owner_of("abc") == "a"
        assert node.owner_of("def") == "me"
        link = harness.client.links[0]
        await link.send(FrameKind.SOURCE, SourceFrame(SourceId(1, 1), 0).build())
        await link.send(FrameKind.PAGES, body([0]))
        assert await waiting is harness.streams.get("abc")
        link.close()
        await node.stop()

    run(test())


def test_a_member_that_stops_closes_its_connections() -> None:
    async def test() -> None:
        harness = Harness(A)
        node = harness.node
        await node.start()
        theirs = next(name for name in map(str, range(100)) if order(name, ["me", "a"])[0] == "a")
        node.connect_source(*harness.source(theirs))
        await settle()
        (link,) = harness.client.links
        await node.stop()
        with pytest.raises(Unreachable):
            await link.wait_for_end()
        link.close()

    run(test())


def test_a_stream_that_nobody_asks_for_any_more_is_forgotten() -> None:
    async def test() -> None:
        harness = Harness(A)
        node = harness.node
        await node.start()
        questions = node.status()["questions"]
        assert await node.wait_for_stream("abc", 0.01) is None
        assert node.status()["questions"] > questions
        # Its edge would stay for some seconds, in case that somebody comes back.
        harness.source("def")
        assert await node.wait_for_stream("def", 0.01) is not None
        assert node.owner_of("abc") == "me"
        assert set(node._roles) == {"def"}
        await node.stop()

    run(test())


def test_a_stream_that_was_forgotten_and_comes_again_has_new_roles() -> None:
    async def test() -> None:
        harness = Harness(max_streams=1)
        node = harness.node
        await node.start()
        hub, source = harness.source()
        disconnect = node.connect_source(hub, source)
        disconnect()
        hub.end(SourceStalled("gone"))
        for stream_id in ("def", "ghi"):
            harness.streams.open(stream_id).users += 1
        assert harness.streams.get("abc") is None
        again, source = harness.source()
        assert again is not hub
        node.connect_source(again, source)
        await settle()
        assert node.owns("abc")
        await node.stop()

    run(test())


async def test_greetings_go_where_no_question_is_in_their_way() -> None:
    greetings = Client()
    greetings.answers[A] = lambda target, body: greeting()
    harness = Harness(A, greeting_client=greetings)
    harness.client.answers[A] = lambda target, body: {"got": target}
    await harness.node.start()
    await harness.node.broadcast(LIST_STREAMS)
    await harness.node.stop()
    assert {target for _, _, target in harness.client.asked} == {LIST_STREAMS.target}
    assert {target for _, _, target in greetings.asked} == {HELLO, GOODBYE}
    assert (greetings.is_closed, harness.client.is_closed) == (True, True)


async def test_a_member_checks_signatures_and_a_server_that_is_alone_answers_no_member(
    harness: Harness,
) -> None:
    check = harness.node.signature_check
    assert check.signer is SIGNER
    assert harness.node.rejections is check.rejections
    alone = Node(
        "me",
        internal_port=lambda: 8001,
        discovery=None,
        client=harness.client,
        signer=None,
        streams=harness.streams,
        hls_streams=dict,
    )
    with pytest.raises(AssertionError, match="alone answers no member"):
        _ = alone.signature_check
    assert alone.rejections == Rejections(requests=0, answers=0, frames=0)
