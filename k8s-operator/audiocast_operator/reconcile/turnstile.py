"""Lets one through at a time for each key. Whoever comes while another one waits has nothing to add."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable


class Turnstile:
    """For work that looks at everything anew each time it begins."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._waiting: set[Hashable] = set()

    async def run(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work, after whoever does it now; not at all when it will begin for somebody else anyway."""
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
