"""Bytes that were made last, in bounded memory; what many ask for at the same time is made once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable


class ByteCache:
    """Keeps what was asked for last.

    Args:
        max_bytes: Bound of all of it.

    Attributes:
        size_bytes: What is kept now.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._made: dict[str, asyncio.Task[bytes]] = {}
        self.size_bytes = 0

    async def get(self, name: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return what has a name, and make it if it is not there.

        Raises:
            Exception: What `make` raises; nothing is kept then.
        """
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.move_to_end(name)
            return kept
        task = self._made.get(name)
        if task is None:
            task = self._made[name] = asyncio.ensure_future(self._make(name, make))
            task.add_done_callback(lambda done: self._forget(name, done))
        # One of many may go; the bytes are the others' too.
        return await asyncio.shield(task)

    async def _make(self, name: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        data = await make()
        if len(data) <= self._max_bytes:
            self._kept[name] = data
            self.size_bytes += len(data)
        while self.size_bytes > self._max_bytes:
            _, gone = self._kept.popitem(last=False)
            self.size_bytes -= len(gone)
        return data

    def _forget(self, name: str, done: asyncio.Task[bytes]) -> None:
        del self._made[name]
        if not done.cancelled():
            # Nobody may be left who asks.
            done.exception()
