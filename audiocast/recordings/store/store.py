"""What recordings need of an object store. Nothing here is bound to one kind of it."""

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol


class StoreError(Exception):
    """The store has not done it, or has not said that it did. It may do so later."""


class Missing(StoreError):
    """There is no such object."""


class Conflict(StoreError):
    """The object is there already, or is not as it was."""


class Stored(NamedTuple):
    """An object.

    Attributes:
        data: All of it.
        etag: Changes with the data; for `Store.put`.
    """

    data: bytes
    etag: str


class StoreEntry(NamedTuple):
    """What a list says of an object.

    Attributes:
        key: Its name.
        size_bytes: Its size.
        version: Another one whenever it was written; no `etag`.
    """

    key: str
    size_bytes: int
    version: str


class Store(Protocol):
    """Keeps objects by their keys: names of letters, digits, `.`, `-` and `_` with slashes between them.

    Every method raises `StoreError` when the store is away, full or slow, and nothing else. What a write has
    done that raised is not known.
    """

    async def put(self, key: str, data: bytes, *, is_new: bool = False, if_match: str = "") -> str:
        """Write an object, and return its etag when the bytes are safe.

        Args:
            key: Its name.
            data: All of it.
            is_new: It must not be there.
            if_match: It must have this etag; empty: it need not be there.

        Raises:
            Conflict: It is there, or has another etag, or is gone.
        """

    async def put_parts(self, key: str, parts: AsyncIterator[bytes]) -> None:
        """Write an object of any size; it is there when all of it is, or stays as it was."""

    async def get(self, key: str) -> Stored:
        """Return a small object.

        Raises:
            Missing: There is none.
        """

    async def read(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end` of an object, which has them.

        Raises:
            Missing: There is none.
        """

    async def size(self, key: str) -> int:
        """Return the size of an object.

        Raises:
            Missing: There is none.
        """

    async def entries(self, folder: str, *, after: str = "") -> list[StoreEntry]:
        """Return what is below a folder at any depth, by key; with `after`, only the keys behind that one."""

    async def delete(self, key: str) -> None:
        """Delete an object, whether or not it is there."""

    def close(self) -> None:
        """Give up what is under way."""
