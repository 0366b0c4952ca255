"""Chunks that wait on the local disk, because the store is away and memory is full. Bounded."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

SUFFIX = ".chunk"

_Result = TypeVar("_Result")


class Spool:
    """A folder of chunks.

    Args:
        folder: Made when it is needed; None: nothing is kept.
        max_bytes: Bound of all chunks together.

    Attributes:
        size_bytes: What is there, or about to be.
    """

    def __init__(self, folder: Path | None, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._threads: ThreadPoolExecutor | None = None
        self.size_bytes = 0

    def reserve(self, size_bytes: int) -> bool:
        """Take room for a chunk; return whether there is any."""
        if self._folder is None or self.size_bytes + size_bytes > self._max_bytes:
            return False
        self.size_bytes += size_bytes
        return True

    async def write(self, data: bytes) -> Path:
        """Write a chunk that has room, and return its file.

        Raises:
            OSError: It is not written, and has its room no more.
        """
        assert self._folder is not None
        path = self._folder / f"{secrets.token_hex(8)}{SUFFIX}"
        try:
            await self._run(lambda: _write(path, data))
        except OSError:
            self.size_bytes -= len(data)
            raise
        return path

    async def read(self, path: Path) -> bytes:
        """Return a chunk.

        Raises:
            OSError: It cannot be read.
        """
        return await self._run(path.read_bytes)

    async def drop(self, path: Path, size_bytes: int) -> None:
        """Delete a chunk, and give its room back."""
        self.size_bytes -= size_bytes
        with contextlib.suppress(OSError):
            await self._run(lambda: path.unlink(missing_ok=True))

    async def leftovers(self) -> list[tuple[Path, int]]:
        """Return what a process before has left, with their sizes."""
        if self._folder is None:
            return []
        folder = self._folder
        with contextlib.suppress(OSError):
            found = await self._run(lambda: _leftovers(folder))
            self.size_bytes += sum(size_bytes for _, size_bytes in found)
            return found
        return []

    def close(self) -> None:
        """Write no more."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)

    async def _run(self, call: Callable[[], _Result]) -> _Result:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(2, thread_name_prefix="recordings-spool")
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(data)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _leftovers(folder: Path) -> list[tuple[Path, int]]:
    return [(path, path.stat().st_size) for path in folder.glob(f"*{SUFFIX}")]
