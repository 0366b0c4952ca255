"""Where a stream's HLS is asked for: where it is, else where its owner is, else where an owner would be."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from audiocast.cluster import hls_router as module
from audiocast.cluster.errors import ClusterError, NoAnswer, NotListening, Refused, Unreachable
from audiocast.cluster.hls_router import HlsRequest, HlsResponse, HlsRouter
from audiocast.cluster.member import Member
from audiocast.cluster.node import Node
from audiocast.cluster.peer_client import PeerAnswer
from audiocast.cluster.protocol import CLIENT_HEADER, PeerRequest
from audiocast.cluster.ring import order
from audiocast.cluster.signature.identity import Identity, Recipient
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.registry import Registry
from tests.support.clock.fake_clock import FakeClock
from tests.unit.cluster.fake_peer_client import FakePeerClient
from tests.unit.cluster.membership_harness import FakeDiscovery, greeting

ADDRESSES = {"a": "10.0.0.1:8001", "b": "10.0.0.2:8001"}
NAMES = [*ADDRESSES, "me"]


class Client(FakePeerClient):
    def close(self) -> None:
        pass


class Cluster:
    """Three members, of which one is real."""

    def __init__(self) -> None:
        self.said: dict[str, dict[str, Any]] = {name: {} for name in ADDRESSES}
        self.mine: dict[str, int] = {}
        self.client = peer_client = Client()
        for name, address in ADDRESSES.items():
            peer_client.answers[address] = partial(self._greet, name)
        self.node = Node(
            "me",
            internal_port=lambda: 8001,
            discovery=FakeDiscovery(*ADDRESSES.values()),
            client=peer_client,
            signer=None,
            hls_streams=lambda: self.mine,
            streams=Registry(clock=FakeClock(), limits=HubLimits(), max_streams=10),
        )
        self.hls_router = HlsRouter(self.node, self.client)

    def _greet(self, name: str, target: str, body: object) -> dict[str, Any]:
        return greeting(name, **self.said[name])

    async def place(self, stream_id: str) -> str:
        """Give the name of the member, after all have greeted."""
        await self.node.membership.announce()
        member = self.hls_router.member_for(stream_id)
        return member.name if member is not None else "me"


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    cluster = Cluster()
    await cluster.node.membership.start()
    yield cluster
    cluster.hls_router.close()
    await cluster.node.membership.stop()


def stream_of(name: str) -> str:
    """Give a stream whose owner would be this member."""
    return next(text for text in map(str, range(100)) if order(text, NAMES)[0] == name)


@pytest.mark.parametrize("name", NAMES)
async def test_a_stream_that_nobody_has_is_asked_for_where_its_owner_would_be(
    cluster: Cluster, name: str
) -> None:
    assert await cluster.place(stream_of(name)) == name


async def test_one_that_is_on_is_asked_for_at_its_owner(cluster: Cluster) -> None:
    cluster.said["b"]["owned"] = {stream_of("a"): "1-1"}
    assert await cluster.place(stream_of("a")) == "b"


async def test_its_owner_may_be_this_member(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.node, "owns", lambda stream_id: True)
    assert await cluster.place(stream_of("a")) == "me"


async def test_it_stays_where_it_is(cluster: Cluster) -> None:
    cluster.said["a"] = {"packaged": {stream_of("b"): 7}}
    cluster.said["b"] = {"owned": {stream_of("b"): "1-1"}}
    assert await cluster.place(stream_of("b")) == "a"
    cluster.mine = {stream_of("a"): 7}
    assert await cluster.place(stream_of("a")) == "me"


async def test_of_two_the_older_counts(cluster: Cluster) -> None:
    cluster.mine = {"x": 8}
    cluster.said["a"] = {"packaged": {"x": 9}}
    cluster.said["b"] = {"packaged": {"x": 7}}
    assert await cluster.place("x") == "b"
    cluster.mine = {"x": 6}
    assert await cluster.place("x") == "me"


async def test_who_leaves_gives_it_away(cluster: Cluster) -> None:
    cluster.said["a"] = {"packaged": {stream_of("b"): 7}, "draining": True}
    assert await cluster.place(stream_of("b")) == "b"
    cluster.mine = {stream_of("me"): 7}
    cluster.node.membership.leave_ring()
    assert await cluster.place(stream_of("me")) == order(stream_of("me"), ["b"])[0]


async def test_who_is_alone_asks_nobody() -> None:
    streams = Registry(clock=FakeClock(), limits=HubLimits(), max_streams=10)
    node = Node(
        "me",
        internal_port=lambda: 8001,
        discovery=None,
        client=Client(),
        signer=None,
        streams=streams,
        hls_streams=dict,
    )
    hls_router = HlsRouter(node, Client())
    assert hls_router.member_for("x") is None
    hls_router.close()


async def test_of_two_of_the_same_age_the_same_one_counts_everywhere(cluster: Cluster) -> None:
    cluster.said["a"] = {"packaged": {"x": 7}}
    cluster.said["b"] = {"packaged": {"x": 7}}
    cluster.mine = {"x": 7}
    assert await cluster.place("x") == "a"


async def test_an_owner_that_leaves_makes_no_new_one(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.node, "owns", lambda stream_id: True)
    cluster.node.membership.leave_ring()
    assert await cluster.place(stream_of("a")) == "a"


class HlsClient(Client):
    """Fits `PeerClient`, as the router uses it.

    Attributes:
        sent: Every request, with its recipient.
        answer: Status, headers and body, or an error instead.
        is_closed: It was closed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[Recipient, PeerRequest]] = []
        self.answer: tuple[int, dict[str, str], bytes] | ClusterError = 200, {}, b"a part"
        self.is_closed = False

    async def fetch(self, recipient: Recipient, request: PeerRequest) -> PeerAnswer:
        self.sent.append((recipient, request))
        await asyncio.sleep(0.01)
        if isinstance(self.answer, ClusterError):
            raise self.answer
        return PeerAnswer(recipient.identity, *self.answer)

    def close(self) -> None:
        self.is_closed = True


PART = HlsRequest("x", "part7.m4s", {})


@pytest.fixture
async def http(cluster: Cluster) -> AsyncIterator[HlsClient]:
    http = HlsClient()
    cluster.hls_router = HlsRouter(cluster.node, http)
    yield http
    cluster.hls_router.close()
    assert http.is_closed


def member_of(cluster: Cluster, name: str) -> Member:
    member = cluster.node.membership.get(name)
    assert member is not None
    return member


async def test_many_players_that_ask_for_the_same_cost_one_request(cluster: Cluster, http: HlsClient) -> None:
    a = member_of(cluster, "a")
    asking = [asyncio.ensure_future(cluster.hls_router.ask(a, PART)) for _ in range(10)]
    await asyncio.sleep(0)
    asking.pop().cancel()
    answers = await asyncio.gather(*asking)
    assert {answer.body for answer in answers} == {b"a part"}
    assert len(http.sent) == 1
    await cluster.hls_router.ask(a, PART)
    assert len(http.sent) == 2, "an answer is not kept"
    another = HlsRequest("x", "part8.m4s", {})
    await asyncio.gather(cluster.hls_router.ask(a, PART), cluster.hls_router.ask(a, another))
    assert len(http.sent) == 4


async def test_each_pays_for_its_own_muxer(cluster: Cluster, http: HlsClient) -> None:
    """Else who may have no more would shut out all who ask at the same moment."""
    a, clients = member_of(cluster, "a"), (b"\1" * 4, b"\2" * 4, b"\2" * 4)
    http.answer = 429, {}, b"no more"
    asked = [HlsRequest("x", "stream.m3u8", {}, client) for client in clients]
    answers = await asyncio.gather(*(cluster.hls_router.ask(a, request) for request in asked))
    assert [answer.status for answer in answers] == [429] * 3
    assert [request.headers for _, request in http.sent] == [
        {CLIENT_HEADER: client.hex()} for client in clients
    ]


async def test_the_request_goes_to_the_member_and_waits_for_audio(cluster: Cluster, http: HlsClient) -> None:
    await cluster.hls_router.ask(member_of(cluster, "a"), PART)
    assert http.sent == [(Recipient(ADDRESSES["a"], Identity("a", "1")), PART.build())]
    # The other side may wait for a stream, and then for its next part.
    assert (module.ANSWER_SECONDS, module.MAX_REQUESTS) == (15.0, 2_000)


async def test_the_answer_is_passed_on_as_it_came(cluster: Cluster, http: HlsClient) -> None:
    http.answer = 404, {"Content-Type": "audio/mp4", "Cache-Control": "max-age=60"}, b"x"
    a = member_of(cluster, "a")
    assert await cluster.hls_router.ask(a, PART) == HlsResponse(404, "audio/mp4", "max-age=60", b"x")
    http.answer = 200, {}, b""
    assert await cluster.hls_router.ask(a, PART) == HlsResponse(
        200, "application/octet-stream", "no-store", b""
    )


async def test_an_answer_that_takes_too_long_makes_nobody_a_suspect(
    cluster: Cluster, http: HlsClient
) -> None:
    http.answer = NoAnswer("Timeout during request")
    with pytest.raises(Refused) as refused:
        await cluster.hls_router.ask(member_of(cluster, "a"), PART)
    assert (refused.value.status, refused.value.code) == (503, "no_audio_yet")
    assert cluster.node.membership.lost == 0


async def test_a_member_that_is_not_reached_is_suspected_once(cluster: Cluster, http: HlsClient) -> None:
    http.answer = NotListening("Connection refused")
    a = member_of(cluster, "a")
    asking = [asyncio.ensure_future(cluster.hls_router.ask(a, PART)) for _ in range(3)]
    for each in asking:
        with pytest.raises(Unreachable, match="Connection refused"):
            await each
    assert cluster.node.membership.lost == 1
    assert cluster.node.membership.get("a") is None
