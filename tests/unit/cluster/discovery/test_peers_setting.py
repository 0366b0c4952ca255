"""`PEERS` and what it means."""

import asyncio
import socket
from contextlib import aclosing
from typing import Any

import pytest
from structlog.testing import capture_logs

from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.discovery.kubernetes_peers import KubernetesPeers
from audiocast.cluster.discovery.peers_setting import (
    Discovery,
    DnsPeers,
    StaticPeers,
    parse_peers,
)
from audiocast.cluster.discovery.pod import Pod
from tests.support.clock.jumping_loop import run


def read(peers: str) -> Discovery | None:
    return parse_peers(peers, pod=Pod(), internal_port=8001)


@pytest.mark.parametrize("peers", ["", "  "])
def test_nothing_is_alone(peers: str) -> None:
    assert read(peers) is None


async def test_a_list_is_a_list() -> None:
    found = read("10.0.0.1:8001, audiocast-1.peers:8001,[::1]:9,")
    assert isinstance(found, StaticPeers)
    assert [answer async for answer in found.answers()] == [
        ["10.0.0.1:8001", "audiocast-1.peers:8001", "[::1]:9"]
    ]


async def test_a_name_is_looked_up() -> None:
    found = read("dns+localhost:8001")
    assert isinstance(found, DnsPeers)
    async with aclosing(found.answers()) as answers:
        addresses = await anext(answers)
    assert addresses
    assert set(addresses) <= {"127.0.0.1:8001", "[::1]:8001"}


@pytest.mark.parametrize("peers", ["k8s+audiocast-peers", "k8s+a:internal", "k8s+a1:8001", "k8s+a-b:p-1"])
def test_a_service_is_watched(peers: str) -> None:
    assert isinstance(read(peers), KubernetesPeers)


@pytest.mark.parametrize(
    "peers", ["host", "host:", ":1", "host:x", "host:0", "host:65536", "a:1,b", "dns+a", "dns+:1"]
)
def test_anything_else_is_refused(peers: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        read(peers)


@pytest.mark.parametrize(
    "service",
    [
        "",
        ":8001",
        "a:",
        "a:0",
        "a:65536",
        "A",
        "1a",
        "a-",
        "a.b",
        "a:UPPER",
        "a:a-name-of-16-abc",
        "a/b",
        "a" * 64,
    ],
)
def test_a_service_of_no_name_is_refused(service: str) -> None:
    with pytest.raises(ValueError, match="expected SERVICE or SERVICE:PORT"):
        read(f"k8s+{service}")


@pytest.mark.parametrize("port", [1, 65535])
def test_every_port_that_exists_is_taken(port: int) -> None:
    assert isinstance(read(f"a:{port}"), StaticPeers)
    assert isinstance(read(f"k8s+a:{port}"), KubernetesPeers)


def test_a_name_is_looked_up_again_and_again_and_a_resolver_that_fails_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        looked_up_at: list[float] = []
        found = ["10.0.0.1", "::1", "10.0.0.1"]
        results: list[Any] = [
            [(0, (host, 8001)) for host in found],
            socket.gaierror(socket.EAI_AGAIN, "try again"),
            socket.gaierror(socket.EAI_NONAME, "no such name"),
            socket.gaierror(socket.EAI_NONAME, "no such name"),
        ]

        async def resolve(_: AddressResolver, host: str, port: int) -> Any:
            assert (host, port) == ("peers", 8001)
            looked_up_at.append(loop.time())
            result = results.pop(0)
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(AddressResolver, "resolve", resolve)
        async with aclosing(DnsPeers("peers", 8001).answers()) as answers:
            assert list(await anext(answers)) == ["10.0.0.1:8001", "[::1]:8001"]
            with capture_logs() as logs:
                assert list(await anext(answers)) == []
                assert list(await anext(answers)) == []
            assert [entry["event"] for entry in logs] == ["peers_not_resolved", "peers_name_unknown"]
        assert [at - looked_up_at[0] for at in looked_up_at] == [0, 2, 4, 6], "every two seconds"

    run(test())
