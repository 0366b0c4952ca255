"""A store in a folder. What `put` has returned for survives a loss of power: file and folder are synced."""

import asyncio
import contextlib
import fcntl
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from audiocast.recordings.store.store import Conflict, Missing, Stored, StoreEntry, StoreError

# A disk has few heads, and a share that hangs must not take the threads of others.
THREADS = 8

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")

# Names with a dot in front are no objects.
LOCK = ".lock"
TEMPORARY = ".writing-"

# What a crashed process has left of a file that it was writing.
OLD_SECONDS = 3600.0

_Result = TypeVar("_Result")


class FolderStore:
    """Fits `Store`. Several processes, and machines that share a file system, may use one folder.

    Args:
        root: The folder; made when something is written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="recordings")

    async def put(self, key: str, data: bytes, *, is_new: bool = False, if_match: str = "") -> str:
        """See `Store`."""
        return await self._run(lambda: self._put(key, data, is_new, if_match))

    async def put_parts(self, key: str, parts: AsyncIterator[bytes]) -> None:
        """See `Store`."""
        path = self._path(key)
        temporary = await self._run(lambda: self._begin(path))
        try:
            async for part in parts:
                await self._run(lambda data=part: _append(temporary, data))  # type: ignore[misc]
            await self._run(lambda: self._finish(temporary, path))
        finally:
            await self._run(lambda: temporary.unlink(missing_ok=True))

    async def get(self, key: str) -> Stored:
        """See `Store`."""
        data = await self._run(self._path(key).read_bytes)
        return Stored(data, _etag(data))

    async def read(self, key: str, start: int, end: int) -> bytes:
        """See `Store`."""
        return await self._run(lambda: _read(self._path(key), start, end))

    async def size(self, key: str) -> int:
        """See `Store`."""
        return (await self._run(self._path(key).stat)).st_size

    async def entries(self, folder: str, *, after: str = "") -> list[StoreEntry]:
        """See `Store`."""
        return await self._run(lambda: self._entries(folder, after))

    async def delete(self, key: str) -> None:
        """See `Store`."""
        await self._run(lambda: self._delete(key))

    def close(self) -> None:
        """See `Store`."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, call: Callable[[], _Result]) -> _Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except FileNotFoundError as error:
            raise Missing("no such object") from error
        except (OSError, RuntimeError) as error:
            # A RuntimeError: the store is closed.
            raise StoreError(str(error)) from error

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise StoreError(f"expected a key of letters, digits, dots and dashes, got {key[:100]!r}")
        return self._root / key

    def _put(self, key: str, data: bytes, is_new: bool, if_match: str) -> str:
        path = self._path(key)
        temporary = self._begin(path)
        try:
            _append(temporary, data)
            if is_new:
                try:
                    os.link(temporary, path)
                except FileExistsError as error:
                    raise Conflict("the object is there already") from error
                _sync_folder(path.parent)
            elif if_match:
                with self._lock():
                    if not path.exists() or _etag(path.read_bytes()) != if_match:
                        raise Conflict("the object is not as it was")
                    self._finish(temporary, path)
            else:
                self._finish(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return _etag(data)

    def _begin(self, path: Path) -> Path:
        """Make an empty file beside `path`; whoever deletes the last object of a folder deletes it too."""
        for tries_left in reversed(range(5)):
            _make_folder(path.parent)
            temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
            try:
                temporary.touch(exist_ok=False)
            except FileNotFoundError:
                if not tries_left:
                    raise
            else:
                return temporary
        raise AssertionError

    def _finish(self, temporary: Path, path: Path) -> None:
        temporary.replace(path)
        _sync_folder(path.parent)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._root / LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _entries(self, folder: str, after: str) -> list[StoreEntry]:
        root = self._path(folder)
        found = []
        old = time.time() - OLD_SECONDS
        for parent, _, names in os.walk(root):
            above = Path(parent).relative_to(self._root).as_posix()
            for name in names:
                # A show that is on for long has thousands: of those that are known nothing is asked.
                if after and f"{above}/{name}" <= after:
                    continue
                path = Path(parent, name)
                with contextlib.suppress(FileNotFoundError):
                    stat = path.stat()
                    if not name.startswith("."):
                        key = path.relative_to(self._root).as_posix()
                        found.append(StoreEntry(key, stat.st_size, f"{stat.st_mtime_ns:x}-{stat.st_ino:x}"))
                    elif name.startswith(TEMPORARY) and stat.st_mtime < old:
                        path.unlink()
        return sorted(found)

    def _delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for parent in path.parents:
                if parent == self._root:
                    break
                parent.rmdir()


def _etag(data: bytes) -> str:
    return sha256(data).hexdigest()


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, start: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(end - start)
    if len(data) != end - start:
        raise StoreError(f"expected {end - start} bytes, got {len(data)}")
    return data


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
