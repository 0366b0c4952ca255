"""A network between a page and its server that a test makes bad: late, gone for a while, or another one."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from types import TracebackType
from typing import Self

from tests.cluster.loop_thread import LoopThread
from tests.cluster.relay import HOST, Relay

_READ_BYTES = 2_048
# A connection on which something has come within it carries sound.
_BUSY_SECONDS = 1.5


class BadNetwork:
    """Relays connections to the server's port while the `with` block runs.

    It is a good one until a test says otherwise.

    Args:
        server_port: On the loopback address.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._thread = LoopThread()
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._addresses = (f"127.0.1.{number}" for number in count(1))
        self._address = next(self._addresses)
        self._is_gone = False
        self._held_seconds: Callable[[], float] = lambda: 0.0

    def __enter__(self) -> Self:
        self._thread.__enter__()
        self._server = self._thread.call(asyncio.start_server(self._take, HOST, 0))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._thread.loop.call_soon_threadsafe(self._server.close)
        self._thread.__exit__(kind, error, trace)

    @property
    def base(self) -> str:
        """URL of the server over this network."""
        assert self._server is not None
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    @contextmanager
    def late(self, held_seconds: Callable[[], float]) -> Iterator[None]:
        """Hold up each piece of data for as long as it says; none overtakes another."""
        self._held_seconds = held_seconds
        yield
        self._held_seconds = lambda: 0.0

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Let nothing through, not even an end; what was under way arrives when it is back."""
        self._thread.call(self._let_flow(flows=False))
        yield
        self._thread.call(self._let_flow(flows=True))

    def move(self, *, silently: bool) -> None:
        """Be another one from now on: the server sees connections from another address.

        Args:
            silently: What carries sound stays open and nothing comes on it any more. Else it is closed, as
                all others are: browsers drop what they do not use when the network changes.
        """
        self._thread.call(self._move(silently=silently))

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self._server_port, self._address, lambda: self._held_seconds())
        if not self._is_gone:
            link.flows.set()
        self._links.add(link)
        await link(reader, writer)
        self._links.discard(link)

    async def _let_flow(self, *, flows: bool) -> None:
        self._is_gone = not flows
        for link in self._links:
            link.flows.set() if flows and not link.is_dead else link.flows.clear()

    async def _move(self, *, silently: bool) -> None:
        self._address = next(self._addresses)
        for link in list(self._links):
            if silently and link.is_busy:
                link.flows.clear()
                link.is_dead = True
            else:
                link.end()


class _Link(Relay):
    """One connection over it."""

    def __init__(self, port: int, from_host: str, held_seconds: Callable[[], float]) -> None:
        self.flows = asyncio.Event()
        super().__init__(lambda: port, from_host=from_host, flows=self.flows)
        self._held_seconds = held_seconds
        self._came_at = 0.0
        self.is_dead = False
        self._task = asyncio.current_task()

    @property
    def is_busy(self) -> bool:
        """Something has come on it just now."""
        return asyncio.get_running_loop().time() - self._came_at < _BUSY_SECONDS

    def end(self) -> None:
        """Close it at both ends."""
        assert self._task is not None
        self._task.cancel()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.ensure_future(self._deliver(on_the_way, writer))
        try:
            while data := await reader.read(_READ_BYTES):
                self._came_at = loop.time()
                on_the_way.put_nowait((loop.time() + self._held_seconds(), data))
            on_the_way.put_nowait((loop.time(), b""))
            await delivery
        finally:
            delivery.cancel()

    async def _deliver(
        self, on_the_way: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        data = b"the first of them"
        while data:
            due, data = await on_the_way.get()
            await asyncio.sleep(due - loop.time())
            await self.flows.wait()
            writer.write(data)
            await writer.drain()


def jitter(seed: int) -> Callable[[], float]:
    """Give delays of 50 ± 30 ms."""
    chance = random.Random(seed)
    return lambda: chance.uniform(0.02, 0.08)


def stalls(seed: int) -> Callable[[], float]:
    """Give delays of 20 ms, and with 2 % of the pieces of 220 ms."""
    chance = random.Random(seed)
    return lambda: 0.22 if chance.random() < 0.02 else 0.02


def jitter_and_stalls(seed: int) -> Callable[[], float]:
    """Give delays of 50 ± 30 ms, and with 2 % of the pieces of 200 ms more."""
    chance = random.Random(seed)
    return lambda: chance.uniform(0.02, 0.08) + (0.2 if chance.random() < 0.02 else 0.0)
