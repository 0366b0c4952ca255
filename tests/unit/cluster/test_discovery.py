"""`PEERS` and what it means."""

import pytest

from audiocast.cluster.discovery import DnsPeers, StaticPeers, discovery


@pytest.mark.parametrize("peers", ["", "  "])
def test_nothing_is_alone(peers: str) -> None:
    assert discovery(peers) is None


async def test_a_list_is_a_list() -> None:
    found = discovery("10.0.0.1:8001, audiocast-1.peers:8001,[::1]:9,")
    assert isinstance(found, StaticPeers)
    assert await found.addresses() == ["10.0.0.1:8001", "audiocast-1.peers:8001", "[::1]:9"]


async def test_a_name_is_looked_up() -> None:
    found = discovery("dns+localhost:8001")
    assert isinstance(found, DnsPeers)
    addresses = await found.addresses()
    assert addresses
    assert set(addresses) <= {"127.0.0.1:8001", "[::1]:8001"}


@pytest.mark.parametrize(
    "peers", ["host", "host:", ":1", "host:x", "host:0", "host:65536", "a:1,b", "dns+a", "dns+:1"]
)
def test_anything_else_is_refused(peers: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        discovery(peers)
