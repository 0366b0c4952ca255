"""A store in a bucket of S3, Google Cloud Storage or Azure, by obstore. Credentials are the environment's."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import from_url

from audiocast.recordings.store.store import Conflict, Missing, Stored, StoreEntry, StoreError

# Who asks tries again by itself, after longer and longer pauses; tries of the library's own would only keep
# it waiting. A part of a large file is tried again here, since all of it would have to be.
MAX_TRIES = 2

PART_BYTES = 8 * 1024 * 1024
PARTS_AT_ONCE = 2

# Messages of stores may be pages of HTML.
MAX_REASON_CHARACTERS = 200

_QUERY = re.compile(r"\?\S+")

_Result = TypeVar("_Result")


class BucketStore:
    """Fits `Store`. The bucket must write on conditions, as S3, GCS, Azure, R2 and MinIO do.

    Args:
        url: As s3://bucket/prefix, gs://bucket/prefix, az://container/prefix.

    Raises:
        ValueError: There is no such kind of store, or the environment does not say enough.
    """

    def __init__(self, url: str) -> None:
        try:
            self._store: Any = from_url(
                url,
                # Whoever names an address of a bucket without TLS means it.
                client_options={"timeout": "60s", "connect_timeout": "5s", "allow_http": True},
                retry_config={"max_retries": MAX_TRIES},
            )
        except BaseError as error:
            raise ValueError(_reason(error)) from error

    async def put(self, key: str, data: bytes, *, is_new: bool = False, if_match: str = "") -> str:
        """See `Store`."""
        mode: Any = "create" if is_new else {"e_tag": if_match} if if_match else "overwrite"
        # Conditions hold for what is put at once.
        try:
            result = await _asked(
                lambda: obstore.put_async(self._store, key, data, mode=mode, use_multipart=False)
            )
        except Missing as error:
            raise Conflict("the object is gone") from error
        return str(result["e_tag"] or "")

    async def put_parts(self, key: str, parts: AsyncIterator[bytes]) -> None:
        """See `Store`."""
        failed: list[Exception] = []

        async def watched() -> AsyncIterator[bytes]:
            try:
                async for part in parts:
                    if part:
                        yield part
            except Exception as error:
                failed.append(error)
                raise

        try:
            await _asked(
                lambda: obstore.put_async(
                    self._store,
                    key,
                    watched(),
                    use_multipart=True,
                    chunk_size=PART_BYTES,
                    max_concurrency=PARTS_AT_ONCE,
                )
            )
        except StoreError as error:
            # The library tells errors of the source as its own.
            raise failed[0] if failed else error from error

    async def get(self, key: str) -> Stored:
        """See `Store`."""
        result = await _asked(lambda: obstore.get_async(self._store, key))
        return Stored(bytes(await _asked(result.bytes_async)), str(result.meta["e_tag"] or ""))

    async def read(self, key: str, start: int, end: int) -> bytes:
        """See `Store`."""
        data = bytes(await _asked(lambda: obstore.get_range_async(self._store, key, start=start, end=end)))
        if len(data) != end - start:
            raise StoreError(f"expected {end - start} bytes, got {len(data)}")
        return data

    async def size(self, key: str) -> int:
        """See `Store`."""
        return int((await _asked(lambda: obstore.head_async(self._store, key)))["size"])

    async def entries(self, folder: str, *, after: str = "") -> list[StoreEntry]:
        """See `Store`."""
        listing = obstore.list(self._store, folder, offset=after or None, chunk_size=1000)
        found = await _asked(listing.collect_async)
        return sorted(
            StoreEntry(
                str(each["path"]),
                int(each["size"]),
                f"{each['last_modified'].timestamp()} {each['e_tag']}",
            )
            for each in found
        )

    async def delete(self, key: str) -> None:
        """See `Store`."""
        try:
            await _asked(lambda: obstore.delete_async(self._store, key))
        except Missing:
            return

    def close(self) -> None:
        """See `Store`."""


async def _asked(ask: Callable[[], Awaitable[_Result]]) -> _Result:
    try:
        return await ask()
    except (NotFoundError, FileNotFoundError) as error:
        raise Missing("no such object") from error
    except (AlreadyExistsError, PreconditionError) as error:
        raise Conflict("the object is there already, or is not as it was") from error
    except (BaseError, OSError) as error:
        raise StoreError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Return the first line of an error, without the queries of URLs: Azure's have signatures."""
    lines = _QUERY.sub("", str(error)).splitlines()
    return lines[0][:MAX_REASON_CHARACTERS] if lines else type(error).__name__
