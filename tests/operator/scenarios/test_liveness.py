"""The probes: well while the timer ticks, ready while it can list, on each family of addresses."""

import asyncio
import contextlib
import socket
from pathlib import Path

import httpx2
import pytest
from prometheus_client import generate_latest

from audiocast_operator.metrics import REGISTRY
from audiocast_operator.serving import Answer, OwnServer
from tests.operator.simulated.cluster import simulated_cluster
from tests.operator.simulated.permissions import Permissions
from tests.support.network.ports import free_port


async def answer(port: int, path: str) -> int:
    """Ask a probe; 0 while nobody listens."""
    with contextlib.suppress(httpx2.TransportError):
        async with httpx2.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://127.0.0.1:{port}{path}")).status_code
    return 0


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    free = free_port()
    monkeypatch.setenv("AUDIOCAST_OPERATOR_PROBE_PORT", str(free))
    return free


# The second one has ticked at its start, and is given no time until the next.
@pytest.mark.parametrize(
    ("tick_seconds", "silent_seconds", "expected"),
    [(0.1, 30, (200, 200)), (300, 1e-9, (500, 503))],
    ids=["ticking", "silent"],
)
async def test_the_probes_tell_whether_the_timer_ticks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    port: int,
    tick_seconds: float,
    silent_seconds: float,
    expected: tuple[int, int],
) -> None:
    monkeypatch.setenv("AUDIOCAST_OPERATOR_SILENT_SECONDS", str(silent_seconds))
    ticks = count("audiocast_operator_ticks_total")
    async with simulated_cluster(tmp_path, monkeypatch, tick_seconds=tick_seconds) as cluster:
        await cluster.until(lambda: count("audiocast_operator_ticks_total") > ticks)
        assert (await answer(port, "/healthz"), await answer(port, "/readyz")) == expected
        assert await answer(port, "/else") == 404


async def test_who_cannot_list_lives_and_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    async with simulated_cluster(tmp_path, monkeypatch) as cluster:
        whole = cluster.api.permissions
        cluster.api.permissions = Permissions([])
        cluster.api.permissions.refused = set()
        ticks, failed = (count(f"audiocast_operator_{name}_total") for name in ("ticks", "failed_ticks"))
        await cluster.until(lambda: count("audiocast_operator_failed_ticks_total") > failed + 1)
        stamp = count("audiocast_operator_last_tick_timestamp_seconds")
        await cluster.until(lambda: count("audiocast_operator_failed_ticks_total") > failed + 3)
        assert count("audiocast_operator_ticks_total") > ticks
        # AudiocastOperatorSilent looks at the age of this one.
        assert count("audiocast_operator_last_tick_timestamp_seconds") == stamp
        assert await answer(port, "/healthz") == 200
        cluster.api.permissions = whole
        cluster.create_cast(replicas=1)
        await cluster.until_complete()
        assert await answer(port, "/readyz") == 200
        assert count("audiocast_operator_last_tick_timestamp_seconds") > stamp


async def test_an_operator_that_never_could_list_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    failed = count("audiocast_operator_failed_ticks_total")
    async with simulated_cluster(tmp_path, monkeypatch, forbidden=True) as cluster:
        await cluster.until(lambda: count("audiocast_operator_failed_ticks_total") > failed + 1)
        assert (await answer(port, "/healthz"), await answer(port, "/readyz")) == (200, 503)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_each_family_of_addresses_is_answered(host: str) -> None:
    server = OwnServer(0, {"/healthz": lambda: Answer(200, b"well")})
    try:
        async with httpx2.AsyncClient(trust_env=False) as client:
            told = await client.get(f"http://{host}:{server.server_port}/healthz")
        assert (told.status_code, told.text) == (200, "well")
    finally:
        await asyncio.to_thread(server.close)


async def test_a_node_without_ipv6_is_answered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    bind = OwnServer.server_bind

    def without_ipv6(server: OwnServer) -> None:
        if server.address_family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        bind(server)

    monkeypatch.setattr(OwnServer, "server_bind", without_ipv6)
    server = OwnServer(0, {"/healthz": lambda: Answer(200, b"well")})
    try:
        assert await answer(server.server_port, "/healthz") == 200
    finally:
        await asyncio.to_thread(server.close)


async def test_what_the_operator_does_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count("audiocast_operator_ticks_total")
    done = count("audiocast_operator_reconciles_total", result="ok")
    async with simulated_cluster(tmp_path, monkeypatch) as cluster:
        cluster.create_cast(replicas=1)
        await cluster.until_complete()
    assert count("audiocast_operator_ticks_total") > ticks
    assert count("audiocast_operator_reconciles_total", result="ok") > done
    assert b"audiocast_operator_last_tick_timestamp_seconds" in generate_latest(REGISTRY)
