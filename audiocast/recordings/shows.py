"""The shows that a store has, for whoever asks: lists, files, changes, deletion."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from audiocast.recordings.names import DELETED, FILES, SHOWS, ShowId
from audiocast.recordings.show_record import BadRecord, ShowRecord, ShowState
from audiocast.recordings.store.store import Conflict, Missing, Store, StoreEntry, StoreError

# Of one stream, the newest; the others are in the store all the same.
MAX_LISTED = 500

# Records are read this many at a time, and kept as long as they do not change: about 2 KB each.
READ_AT_ONCE = 8
MAX_KEPT = 2_000

# What the store lists of a stream is asked for once in this time, however many ask here.
LIST_SECONDS = 3.0
MAX_LISTS = 500

MAX_TRIES = 5


class NoSuchShow(Exception):
    """The store has no such show, or it is deleted."""


class NotReady(Exception):
    """The show is on, or is being closed."""


class Shows:
    """The shows of all streams.

    Args:
        store: Where they are.
        now: Seconds of a monotonic clock.
    """

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._records: OrderedDict[str, tuple[str, ShowRecord]] = OrderedDict()
        self._lists: OrderedDict[str, tuple[float, list[StoreEntry]]] = OrderedDict()

    async def of_stream(self, stream_id: str) -> list[ShowRecord]:
        """Return the shows of a stream, the newest first.

        Raises:
            StoreError: The store does not say.
        """
        entries = (await self._list(stream_id))[-MAX_LISTED:]
        at_once = asyncio.Semaphore(READ_AT_ONCE)

        async def read(entry: StoreEntry) -> ShowRecord | None:
            async with at_once:
                return await self._kept(entry)

        found = await asyncio.gather(*(read(entry) for entry in reversed(entries)))
        return [record for record in found if record is not None and record.state is not ShowState.DELETED]

    async def get(self, show_id: ShowId) -> ShowRecord:
        """Return what is known of a show.

        Raises:
            NoSuchShow: There is none.
            StoreError: The store does not say.
        """
        return (await self._read(show_id))[0]

    async def read(self, show_id: ShowId, start: int, end: int) -> bytes:
        """Return a part of the file of a show that is ready; see `Store.read`."""
        return await self._store.read(show_id.file_key, start, end)

    async def edit(
        self,
        show_id: ShowId,
        *,
        title: str | None = None,
        is_kept: bool | None = None,
        is_private: bool | None = None,
    ) -> ShowRecord:
        """Change what is said of a show; None: that stays.

        Raises:
            NoSuchShow: There is none.
            StoreError: It is not sure that this is done.
        """
        return await self._change(
            show_id,
            lambda record: replace(
                record,
                title=record.title if title is None else title,
                is_kept=record.is_kept if is_kept is None else is_kept,
                is_private=record.is_private if is_private is None else is_private,
            ),
        )

    async def delete(self, show_id: ShowId) -> None:
        """Delete a show. Nobody finds it any more when this returns, or when it fails behind the first steps.

        Raises:
            NoSuchShow: There is none.
            NotReady: It is on, or being closed.
            StoreError: It is not sure that all is done; `finish_deletions` goes on.
        """
        record = await self.get(show_id)
        if record.state is not ShowState.READY:
            raise NotReady
        await self._store.put(show_id.deleted_key, b"")
        await self._change(show_id, lambda record: replace(record, state=ShowState.DELETED))
        await self._delete_objects(show_id)

    async def finish_deletions(self) -> None:
        """Go on where a process has stopped.

        Raises:
            StoreError: Not all is done.
        """
        for entry in await self._store.entries(DELETED):
            show_id = ShowId.of_key(entry.key)
            if show_id is None:
                continue
            try:
                record, _ = await self._read(show_id, with_deleted=True)
            except NoSuchShow:
                record = None
            if record is not None and record.state is ShowState.READY:
                # It stopped before anybody was told that the show is gone.
                await self._store.delete(show_id.deleted_key)
            elif record is None or record.state is ShowState.DELETED:
                await self._delete_objects(show_id)

    async def sizes(self) -> dict[ShowId, int]:
        """Return all shows that have a file, with its size.

        Raises:
            StoreError: The store does not say.
        """
        entries = await self._store.entries(FILES)
        return {
            show_id: entry.size_bytes
            for entry in entries
            if (show_id := ShowId.of_key(entry.key)) is not None
        }

    async def _delete_objects(self, show_id: ShowId) -> None:
        await self._store.delete(show_id.file_key)
        await self._store.delete(show_id.record_key)
        self._lists.pop(show_id.stream_id, None)
        await self._store.delete(show_id.deleted_key)

    async def _change(self, show_id: ShowId, change: Callable[[ShowRecord], ShowRecord]) -> ShowRecord:
        for _ in range(MAX_TRIES):
            record, etag = await self._read(show_id)
            changed = change(record)
            try:
                await self._store.put(show_id.record_key, changed.encode(), if_match=etag)
            except Conflict:
                continue
            self._lists.pop(show_id.stream_id, None)
            return changed
        raise StoreError("others change the show all the time")

    async def _read(self, show_id: ShowId, *, with_deleted: bool = False) -> tuple[ShowRecord, str]:
        try:
            stored = await self._store.get(show_id.record_key)
            record = ShowRecord.parse(stored.data)
        except (Missing, BadRecord) as error:
            raise NoSuchShow(str(show_id)) from error
        if record.state is ShowState.DELETED and not with_deleted:
            raise NoSuchShow(str(show_id))
        return record, stored.etag

    async def _list(self, stream_id: str) -> list[StoreEntry]:
        known = self._lists.get(stream_id)
        if known is not None and self._now() - known[0] < LIST_SECONDS:
            return known[1]
        asked_at = self._now()
        entries = await self._store.entries(f"{SHOWS}/{stream_id}")
        self._lists.pop(stream_id, None)
        self._lists[stream_id] = asked_at, entries
        if len(self._lists) > MAX_LISTS:
            self._lists.popitem(last=False)
        return entries

    async def _kept(self, entry: StoreEntry) -> ShowRecord | None:
        known = self._records.get(entry.key)
        if known is not None and known[0] == entry.version:
            self._records.move_to_end(entry.key)
            return known[1]
        try:
            record = ShowRecord.parse((await self._store.get(entry.key)).data)
        except (Missing, BadRecord):
            return None
        self._records.pop(entry.key, None)
        self._records[entry.key] = entry.version, record
        if len(self._records) > MAX_KEPT:
            self._records.popitem(last=False)
        return record
