"""Turns the host of an address into what sockets connect to.

asyncio, and Tornado with it, asks the process' common threads even for "127.0.0.1". Other work that fills
those threads would keep members from greeting each other. Here a literal address costs no thread at all, and
names have threads of their own, in which a name that many ask for at the same time is looked up once.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.netutil import Resolver

# A look-up that a dead DNS server leaves hanging keeps its thread for half a minute.
LOOKUP_THREADS = 4

SocketAddress = tuple[int, Any]


class AddressResolver(Resolver):
    """A resolver for Tornado's clients. Owned by what made it; `close` gives its threads back."""

    def initialize(self) -> None:
        """Make the resolver; Tornado's `Configurable` calls this instead of `__init__`."""
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="name-look-up")
        self._lookups: dict[tuple[str, int, int], asyncio.Future[list[SocketAddress]]] = {}

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[SocketAddress]:
        """Return families and socket addresses.

        Raises:
            socket.gaierror: The name is not known, or nobody could be asked.
        """
        try:
            return _addresses(host, port, family, socket.AI_NUMERICHOST)
        except socket.gaierror:
            return await self._look_up(host, port, family)

    def close(self) -> None:
        """Forget the look-ups that wait; one that is under way ends when it ends."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str, port: int, family: int) -> list[SocketAddress]:
        key = (host, port, family)
        lookup = self._lookups.get(key)
        if lookup is None:
            loop = asyncio.get_running_loop()
            lookup = loop.run_in_executor(self._threads, _addresses, host, port, family, 0)
            self._lookups[key] = lookup

            def forget(done: asyncio.Future[list[SocketAddress]]) -> None:
                del self._lookups[key]
                # Whoever asked may be gone; an error that nobody reads would be logged.
                _ = done.cancelled() or done.exception()

            lookup.add_done_callback(forget)
        # One of several may give up; the look-up is the others' too.
        return await asyncio.shield(lookup)


def _addresses(host: str, port: int, family: int, flags: int) -> list[SocketAddress]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, flags)
    return [(each_family, address) for each_family, _, _, _, address in found]
