"""A store in memory that fails, is slow and is away as a test wants it; and what a show has in it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from itertools import count

from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from audiocast.recordings.store.store import Conflict, Missing, Stored, StoreEntry, StoreError


class Crash(BaseException):
    """The process ends here."""


class MemoryStore:
    """Fits `Store`.

    Attributes:
        objects: What is there: data, and the number of the write.
        before: Called with the name of the method and the key before each request is done; may raise.
        after: Likewise behind it: what raises then has been done.
        slow_seconds: What a request takes.
        requests: How many there were.
    """

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.before: Callable[[str, str], None] = lambda method, key: None
        self.after: Callable[[str, str], None] = lambda method, key: None
        self.slow_seconds = 0.0
        self.requests = 0
        self._writes = count()

    async def put(self, key: str, data: bytes, *, is_new: bool = False, if_match: str = "") -> str:
        await self._ask("put", key)
        if is_new and key in self.objects:
            raise Conflict(key)
        if if_match and (key not in self.objects or _etag(self.objects[key][0]) != if_match):
            raise Conflict(key)
        self.objects[key] = data, next(self._writes)
        self.after("put", key)
        return _etag(data)

    async def put_parts(self, key: str, parts: AsyncIterator[bytes]) -> None:
        await self._ask("put_parts", key)
        data = b"".join([part async for part in parts])
        self.objects[key] = data, next(self._writes)
        self.after("put_parts", key)

    async def get(self, key: str) -> Stored:
        await self._ask("get", key)
        data = self._data(key)
        self.after("get", key)
        return Stored(data, _etag(data))

    async def read(self, key: str, start: int, end: int) -> bytes:
        await self._ask("read", key)
        return self._data(key)[start:end]

    async def size(self, key: str) -> int:
        await self._ask("size", key)
        return len(self._data(key))

    async def entries(self, folder: str, *, after: str = "") -> list[StoreEntry]:
        await self._ask("entries", folder)
        return sorted(
            StoreEntry(key, len(data), str(write))
            for key, (data, write) in self.objects.items()
            if key.startswith(f"{folder}/") and key > after
        )

    async def delete(self, key: str) -> None:
        await self._ask("delete", key)
        self.objects.pop(key, None)
        self.after("delete", key)

    def close(self) -> None:
        """Nothing is open."""

    def keys(self, folder: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(folder))

    async def _ask(self, method: str, key: str) -> None:
        self.requests += 1
        await asyncio.sleep(self.slow_seconds)
        self.before(method, key)

    def _data(self, key: str) -> bytes:
        if key not in self.objects:
            raise Missing(key)
        return self.objects[key][0]


def _etag(data: bytes) -> str:
    return sha256(data).hexdigest()


def file_packets(data: bytes) -> list[bytes]:
    """Return the audio packets of a file with one logical stream, whose last page is marked as such."""
    reader, assembler = PageReader(), PacketAssembler()
    reader.feed(data)
    packets: list[bytes] = []
    serials, last = set(), None
    while (page := reader.next_page()) is not None:
        packets += assembler.push(page)
        serials.add(page.serial)
        last = page
    assert len(serials) == 1
    assert last is not None
    assert last.is_eos
    assert assembler.dropped == 0
    return packets[2:]


__all__ = ["Crash", "MemoryStore", "StoreError", "file_packets"]
