"""What a server needs of its process: descriptors, signals, metrics, the parent of a worker."""

import asyncio
import contextlib
import resource
import sys
from collections.abc import Coroutine
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from audiocast.telemetry.log_queue import LINES_LOST


def allow_many_connections() -> None:
    """Raise the limit of descriptors: the usual one, 1,024, is meant for programs with select."""
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def process_metrics() -> CollectorRegistry:
    """Return a registry with what the process itself tells."""
    metrics = CollectorRegistry()
    ProcessCollector(registry=metrics)
    PlatformCollector(registry=metrics)
    GCCollector(registry=metrics)
    metrics.register(LINES_LOST)
    return metrics


def stop_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` when the parent is gone: the other end of the standard input is closed."""
    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(sys.stdin)
        stop.set()

    loop.add_reader(sys.stdin, gone)


async def wait_for_first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of them, and cancel the others.

    A signal cuts a start short, a second one a drain; a third one ends the process.
    """
    done, others = await asyncio.wait(
        [asyncio.ensure_future(each) for each in waits], return_when=asyncio.FIRST_COMPLETED
    )
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        task.result()
