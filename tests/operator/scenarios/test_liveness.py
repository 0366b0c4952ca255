"""The liveness probe: well while the timer ticks, an error when it is silent."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import httpx2
import kopf
import pytest
from prometheus_client import generate_latest

from audiocast_operator.handlers import probe_silence
from audiocast_operator.metrics import REGISTRY
from tests.operator.simulated.cluster import simulated_cluster
from tests.support.processes.proxy_process import free_ports


async def answer(url: str) -> int:
    """Ask the probe; 0 while nobody listens."""
    with contextlib.suppress(httpx2.TransportError):
        async with httpx2.AsyncClient(trust_env=False) as client:
            return (await client.get(url)).status_code
    return 0


# The second one has ticked at its start, and is given no time until the next.
@pytest.mark.parametrize(
    ("tick_seconds", "silent_seconds", "expected"),
    [(0.1, 30, 200), (300, 1e-9, 500)],
    ids=["ticking", "silent"],
)
async def test_the_probe_tells_whether_the_timer_ticks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tick_seconds: float,
    silent_seconds: float,
    expected: int,
) -> None:
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}/healthz"
    monkeypatch.setenv("AUDIOCAST_OPERATOR_SILENT_SECONDS", str(silent_seconds))
    more: dict[str, Any] = {"tick_seconds": tick_seconds, "options": [f"--liveness={url}"]}
    async with simulated_cluster(tmp_path, monkeypatch, **more) as cluster:
        # An answer from before its start would say nothing of the timer.
        await cluster.until(lambda: bool(cluster.api.requests))
        status = await answer(url)
        while not status:
            await asyncio.sleep(0.05)
            status = await answer(url)
    assert status == expected


async def test_a_probe_that_comes_too_early_is_answered_at_once() -> None:
    arguments: dict[str, Any] = {"memo": kopf.Memo()}
    told: Any = probe_silence(**arguments)
    with pytest.raises(kopf.PermanentError, match="got one that starts"):
        await told


async def test_what_the_operator_does_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def count(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    ticks = count("audiocast_operator_ticks_total")
    done = count("audiocast_operator_reconciles_total", result="ok")
    async with simulated_cluster(tmp_path, monkeypatch) as cluster:
        cluster.create_cast(replicas=1)
        await cluster.until_complete()
    assert count("audiocast_operator_ticks_total") > ticks
    assert count("audiocast_operator_reconciles_total", result="ok") > done
    assert b"audiocast_operator_last_tick_timestamp_seconds" in generate_latest(REGISTRY)
