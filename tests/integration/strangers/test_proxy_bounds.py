"""The shipped proxies name the client to the server, and have bounds of their own in front of its budgets."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.http.exchange import HOST, read_answer
from tests.support.http.source import ingest_head
from tests.support.processes.haproxy_process import HAProxyProcess
from tests.support.processes.nginx_process import NginxProcess
from tests.support.processes.proxy_process import ProxyProcess
from tests.support.processes.server import AudiocastServer

BUDGET = 3
START = b"POST /api/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n%b\r\n"
# More than the proxies let through at once, and fewer than they let through in a minute twice.
MANY_STARTS = 100
MOST_SOURCES = 50


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    # The proxy is trusted, the addresses behind it are not.
    settings: dict[str, str | int | float] = {
        "MAX_STARTS_PER_CLIENT": BUDGET,
        "TRUSTED_PROXIES": "127.0.0.1/32",
    }
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        yield server


@pytest.fixture(params=[NginxProcess, HAProxyProcess])
def proxy(request: pytest.FixtureRequest, tmp_path: Path, server: AudiocastServer) -> Iterator[ProxyProcess]:
    with request.param(tmp_path / "proxy", server.port) as proxy:
        yield proxy


def start(proxy: ProxyProcess, address: str, headers: bytes = b"") -> int:
    with socket.create_connection((HOST, proxy.port), 10, (address, 0)) as connection:
        connection.sendall(START % headers)
        return read_answer(connection).status


def test_the_server_counts_the_clients_of_the_proxy(proxy: ProxyProcess) -> None:
    for address in ("127.0.0.2", "127.0.0.3"):
        assert [start(proxy, address) for _ in range(BUDGET + 1)] == [201] * BUDGET + [429]


def test_a_client_cannot_say_that_it_is_another_one(proxy: ProxyProcess) -> None:
    lies = [b"X-Forwarded-For: 192.0.2.%d\r\n" % number for number in range(BUDGET + 1)]
    assert [start(proxy, "127.0.0.2", lie) for lie in lies] == [201] * BUDGET + [429]


def test_starts_of_an_address_are_bounded_before_the_server(
    server: AudiocastServer, proxy: ProxyProcess
) -> None:
    statuses = Counter(start(proxy, "127.0.0.2") for _ in range(MANY_STARTS))
    assert statuses[201] == BUDGET
    assert statuses[201] + statuses[429] == MANY_STARTS
    refused_by_server = server.metric("audiocast_client_refusals_total", '{kind="starts"}')
    assert 0 < refused_by_server < statuses[429]
    assert start(proxy, "127.0.0.3") == 201


def test_sources_of_an_address_are_bounded_where_they_are_plain_tcp(
    server: AudiocastServer, proxy: ProxyProcess
) -> None:
    started = server.start_stream()
    head = ingest_head(f"/ingest/{started.stream_id}?key=wrong", "raw")
    with ExitStack() as stack:
        for _ in range(MOST_SOURCES):
            connection = stack.enter_context(
                socket.create_connection((HOST, proxy.source_port), 10, ("127.0.0.2", 0))
            )
            # Enough to be known for a source, and to be answered by nobody.
            connection.sendall(head[:20])
        assert is_answered(proxy, "127.0.0.3", head)
        assert not is_answered(proxy, "127.0.0.2", head)


def is_answered(proxy: ProxyProcess, address: str, head: bytes) -> bool:
    """Return whether a source is answered, by whatever status, and not cut off."""
    with socket.create_connection((HOST, proxy.source_port), 10, (address, 0)) as connection:
        try:
            connection.sendall(head)
            return connection.recv(100).startswith(b"HTTP/1.1 401")
        except ConnectionError:
            return False
