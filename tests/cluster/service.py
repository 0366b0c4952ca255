"""A balancer before all members, as a Kubernetes Service is one: only those who say that they are ready."""

import asyncio
import contextlib
from itertools import count
from types import TracebackType
from typing import Self

from tests.cluster.loop_thread import LoopThread
from tests.cluster.members import Members
from tests.cluster.relay import HOST, Relay

LOOK_SECONDS = 0.1
_READY = b"HTTP/1.1 200 "


class Service:
    """Looks at the members, and relays TCP connections to one after the other, while the `with` block runs.

    Args:
        members: All of them.
        thread: Where it runs.
    """

    def __init__(self, members: Members, thread: LoopThread) -> None:
        self._members = members
        self._thread = thread
        self._ready: list[str] = []
        self._turn = count()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.call(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._thread.loop.call_soon_threadsafe(self._server.close)

    @property
    def base(self) -> str:
        """URL of the balancer."""
        assert self._server is not None
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    def choose(self) -> str:
        """Give the next member that is ready."""
        return self._ready[next(self._turn) % len(self._ready)]

    async def _start(self) -> None:
        await self._look()
        self._server = await asyncio.start_server(Relay(lambda: self._members[self.choose()].port), HOST, 0)
        self._looking = asyncio.ensure_future(self._keep_looking())

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._look()

    async def _look(self) -> None:
        names = self._members.names
        ready = await asyncio.gather(*(_is_ready(self._members[name].internal_port) for name in names))
        self._ready = [name for name, is_ready in zip(names, ready, strict=True) if is_ready]


async def _is_ready(internal_port: int) -> bool:
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(HOST, internal_port)
        with contextlib.closing(writer):
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return (await reader.read(len(_READY))) == _READY
    return False
