"""A lock for each key, which runs calls one after the other and coalesces those that wait.

A call that waits has not looked at anything yet. When another call for the same key comes meanwhile, it would
see the same, so the later one returns at once and does nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable


class KeyedLock:
    """Runs work for many keys. The work must read everything anew when it starts."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._waiting: set[Hashable] = set()

    async def run(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Run the work when no other work for this key runs; not at all when another call waits already."""
        if key in self._waiting:
            return
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._waiting.add(key)
        try:
            await lock.acquire()
        finally:
            self._waiting.discard(key)
        try:
            await work()
        finally:
            lock.release()
            if key not in self._waiting:
                del self._locks[key]
