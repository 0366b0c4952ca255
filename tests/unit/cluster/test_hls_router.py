"""Where a stream's HLS is asked for: where it is, else where its owner is, else where an owner would be."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.hls_router import HlsRouter
from audiocast.cluster.node import Node
from audiocast.cluster.ring import order
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.registry import Registry
from tests.support.clock.fake_clock import FakeClock
from tests.unit.cluster.fake_peer_client import FakePeerClient
from tests.unit.cluster.membership_harness import FakeDiscovery, greeting

ADDRESSES = {"a": "10.0.0.1:8001", "b": "10.0.0.2:8001"}
NAMES = [*ADDRESSES, "me"]


class Cluster:
    """Three members, of which one is real."""

    def __init__(self) -> None:
        self.said: dict[str, dict[str, Any]] = {name: {} for name in ADDRESSES}
        self.mine: dict[str, int] = {}
        peer_client = FakePeerClient()
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
        self.hls_router = HlsRouter(self.node, None, AddressResolver())

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
        client=FakePeerClient(),
        signer=None,
        streams=streams,
        hls_streams=dict,
    )
    hls_router = HlsRouter(node, None, AddressResolver())
    assert hls_router.member_for("x") is None
    hls_router.close()
