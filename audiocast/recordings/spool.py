"""Chunks that wait on the local disk, because the store is away and memory is full. Bounded.

Several processes may have the same folder, as workers do. Each one has a folder of its own in it, which it
holds locked (flock(2)) while it lives. If a lock is free, its process is gone, and the next one to start has
the chunks.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

SUFFIX = ".chunk"
# A folder that is not held yet.
UNLOCKED = "new-"

_Result = TypeVar("_Result")


class Spool:
    """A folder of chunks.

    Args:
        folder: Made when it is needed; other spools may have the same. None: nothing is kept.
        max_bytes: Bound of all chunks of this one together.

    Attributes:
        size_bytes: What is there, or about to be.
    """

    def __init__(self, folder: Path | None, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._threads: ThreadPoolExecutor | None = None
        self._own_folder: Path | None = None
        self._making = threading.Lock()
        self._held: list[tuple[Path, int]] = []
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
        try:
            return await self._run(lambda: self._write(data))
        except OSError:
            self.size_bytes -= len(data)
            raise

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
        """Return what processes that are gone have left, with their sizes. It is this one's from now on."""
        if self._folder is None:
            return []
        with contextlib.suppress(OSError):
            found = await self._run(self._take_over)
            self.size_bytes += sum(size_bytes for _, size_bytes in found)
            return found
        return []

    def close(self) -> None:
        """Write no more, and leave what is there to the next."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
        held, self._held = self._held, []
        for folder, lock in held:
            with contextlib.suppress(OSError):
                # Unless there is something in it.
                folder.rmdir()
            os.close(lock)

    async def _run(self, call: Callable[[], _Result]) -> _Result:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(2, thread_name_prefix="recordings-spool")
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _write(self, data: bytes) -> Path:
        with self._making:
            if self._own_folder is None:
                self._own_folder = self._make_own()
        path = self._own_folder / f"{secrets.token_hex(8)}{SUFFIX}"
        try:
            path.write_bytes(data)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path

    def _make_own(self) -> Path:
        assert self._folder is not None
        name = secrets.token_hex(8)
        made = self._folder / f"{UNLOCKED}{name}"
        made.mkdir(parents=True)
        lock = _lock(made)
        assert lock is not None, "nobody looks at such a folder"
        # Nobody may meet it before it is locked.
        folder = made.rename(self._folder / name)
        self._held.append((folder, lock))
        return folder

    def _take_over(self) -> list[tuple[Path, int]]:
        assert self._folder is not None
        found = []
        for folder in self._folder.glob("[0-9a-f]*"):
            lock = _lock(folder)
            if lock is None:
                continue
            self._held.append((folder, lock))
            found += [(path, path.stat().st_size) for path in folder.glob(f"*{SUFFIX}")]
        return found


def _lock(folder: Path) -> int | None:
    """Return the descriptor that holds a folder; None: another process does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
