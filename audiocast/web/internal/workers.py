"""The internal port of a server with workers: metrics and health of all of them together."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from prometheus_client.exposition import choose_encoder
from tornado.web import RequestHandler

from audiocast.telemetry.sums import Sum


class Process(Protocol):
    """A server of its own, as seen from outside."""

    async def is_ready(self) -> bool:
        """Say whether new requests should come to it."""

    async def metrics(self) -> str:
        """Give its metrics as text; empty while it is not there."""


class WorkersHandler(RequestHandler):
    """A handler that asks the workers."""

    def initialize(self, workers: Sequence[Process], is_stopping: Callable[[], bool]) -> None:
        """Take what the routes give."""
        self.workers = workers
        self.is_stopping = is_stopping

    def set_default_headers(self) -> None:
        """Replace Tornado's server name with ours."""
        self.set_header("Server", "audiocast")


class WorkersMetricsHandler(WorkersHandler):
    """`GET /metrics`: the sum. A worker that is not there is not in it."""

    async def get(self) -> None:
        """Give it, in the format that the scraper prefers."""
        encode, content_type = choose_encoder(self.request.headers.get("Accept", ""))
        texts = await asyncio.gather(*(worker.metrics() for worker in self.workers))
        self.set_header("Content-Type", content_type)
        self.write(encode(Sum(texts)))


class WorkersLiveHandler(WorkersHandler):
    """`GET /livez`: the one that starts workers again is there."""

    def get(self) -> None:
        """Say so."""
        self.write("ok\n")


class WorkersReadyHandler(WorkersHandler):
    """`GET /readyz`: new requests should come here. One worker is enough: the kernel asks no dead one."""

    async def get(self) -> None:
        """Say so, or 503 while starting and stopping."""
        ready = await asyncio.gather(*(worker.is_ready() for worker in self.workers))
        if self.is_stopping() or not any(ready):
            self.set_status(503)
        self.write("ok\n" if self.get_status() == 200 else "not ready\n")
