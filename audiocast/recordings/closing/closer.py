"""Closes shows that are over. Each step may be the last one that a process takes: the next run goes on.

    lease --> plan the file --> write it --> read it back --> write the index
          --> tell --> delete the chunks --> wait until it is told --> forget

A show is over when who has written it says so, or when its object has not changed for as long as a gap may
last, by the clock of whoever looks. A lease is over in the same way. Only who has it may go on. It is told
before the show is forgotten, and once more by whoever goes on where another one has stopped.
"""

import asyncio
import secrets
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256

import structlog

from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.recordings.chunk import BadChunk, Chunk, parse_chunk
from audiocast.recordings.chunk_queue import RecordingCounts
from audiocast.recordings.closing.plan import Planner, ReadHead, ShowPlan, positions, seconds
from audiocast.recordings.closing.show_file import ShowFile
from audiocast.recordings.names import OPEN, ShowId, reel_of
from audiocast.recordings.open_show import OpenShow
from audiocast.recordings.show_record import BadRecord, ShowRecord, ShowState
from audiocast.recordings.store.store import Conflict, Missing, Store, StoreError

log = structlog.get_logger()

# A lease is renewed while its holder works, and is over when it was not for so long.
RENEW_SECONDS = 20.0
LEASE_SECONDS = 90.0

# So long a show waits for those who are told of it: two tries, and less than a lease is valid.
TELL_SECONDS = 45.0

READ_BYTES = 1_048_576

# Tells that a show is closed, and again if a member has stopped before it was forgotten. Returns what is done
# when all have taken it; None: nobody is told.
OnReady = Callable[[ShowRecord], asyncio.Future[None] | None]


def tell_nobody(record: ShowRecord) -> None:
    """Fit `OnReady`."""


class LeaseLost(Exception):
    """Another member closes the show."""


@dataclass(slots=True)
class _Seen:
    """An open show as it was looked at last; `since` is when it became so, monotonic seconds."""

    version: str
    since: float
    opened: OpenShow | None = None
    etag: str = ""


@dataclass(slots=True)
class _ToldShow:
    """A closed show that others are being told of, since a moment in monotonic seconds."""

    show_id: ShowId
    lease: "_Lease"
    told: asyncio.Future[None]
    since: float


class Closer:
    """Closes the shows of a store, one at a time.

    Args:
        store: Where they are.
        gap_seconds: After so long without chunks a show is over.
        now: Seconds of a monotonic clock.
        counts: Added to.
        is_mine: Whether this member is the one that is to close the shows of a stream; it is the others' when
            nobody has done it for another gap.
        on_ready: See `OnReady`.
    """

    def __init__(
        self,
        store: Store,
        *,
        gap_seconds: float,
        now: Callable[[], float],
        counts: RecordingCounts,
        is_mine: Callable[[str], bool] = lambda stream_id: True,
        on_ready: OnReady = tell_nobody,
    ) -> None:
        self._store = store
        self._gap_seconds = gap_seconds
        self._now = now
        self._counts = counts
        self._is_mine = is_mine
        self._on_ready = on_ready
        self._seen: dict[str, _Seen] = {}
        self._told: dict[str, _ToldShow] = {}

    async def look(self) -> None:
        """Close what is over.

        Raises:
            StoreError: The store does not say what is open.
        """
        await self._forget_told()
        entries = await self._store.entries(OPEN)
        now = self._now()
        for key in self._seen.keys() - {entry.key for entry in entries}:
            del self._seen[key]
        for entry in entries:
            show_id = ShowId.of_key(entry.key)
            if show_id is None:
                continue
            seen = self._seen.get(entry.key)
            if seen is None or seen.version != entry.version:
                seen = self._seen[entry.key] = _Seen(entry.version, now)
            with suppress(StoreError):
                await self._look_at(show_id, seen)

    async def _look_at(self, show_id: ShowId, seen: _Seen) -> None:
        age = self._now() - seen.since
        is_mine = self._is_mine(show_id.stream_id)
        if not is_mine and age < 2 * self._gap_seconds:
            return
        if seen.opened is None:
            stored = await self._store.get(show_id.open_key)
            seen.opened, seen.etag = OpenShow.parse(stored.data), stored.etag
        opened = seen.opened
        is_unchanged = age >= (LEASE_SECONDS if opened.lease else self._gap_seconds)
        if is_unchanged or (opened.is_over and not opened.lease):
            await self._close(show_id, opened, seen.etag)

    async def _close(self, show_id: ShowId, opened: OpenShow, etag: str) -> None:
        lease = _Lease(self._store, show_id, opened, etag, self._now)
        try:
            await lease.renew(is_first=True)
            outcome = await self._close_leased(show_id, lease)
        except (Conflict, LeaseLost):
            # Another member is at it.
            return
        except (StoreError, BadChunk) as error:
            self._counts.closed["failed"] += 1
            log.warning("recording_not_closed", show_id=str(show_id), reason=str(error)[:200])
            raise StoreError(str(error)) from error
        self._counts.closed[outcome] += 1
        log.info("recording_closed", show_id=str(show_id), outcome=outcome)

    async def _close_leased(self, show_id: ShowId, lease: "_Lease") -> str:
        store = self._store
        record, etag = await self._record(show_id)
        keys = [
            each.key for each in await store.entries(show_id.chunks_folder) if reel_of(each.key) is not None
        ]
        outcome = "ready"
        if record.state is ShowState.DELETED or (record.state is not ShowState.READY and not keys):
            outcome = "empty"
            await store.delete(show_id.file_key)
            await store.delete(show_id.record_key)
        elif record.state is not ShowState.READY:
            record = await self._make(show_id, record, etag, keys, lease)
        # Who has closed it before may have stopped before anybody was told.
        told = self._on_ready(record) if outcome == "ready" else None
        for key in keys:
            await lease.renew()
            await store.delete(key)
        if told is None or told.done():
            await self._forget(show_id, lease)
        else:
            self._told[show_id.open_key] = _ToldShow(show_id, lease, told, self._now())
        return outcome

    async def _forget_told(self) -> None:
        """Forget the shows that are told of, and those that have waited for long."""
        for key, each in list(self._told.items()):
            if each.told.done() or self._now() - each.since >= TELL_SECONDS:
                del self._told[key]
                # What fails here is closed once more, and told, when the lease is over.
                with suppress(StoreError, LeaseLost):
                    await self._forget(each.show_id, each.lease)

    async def _forget(self, show_id: ShowId, lease: "_Lease") -> None:
        await lease.renew()
        await self._store.delete(show_id.open_key)

    async def _make(
        self, show_id: ShowId, record: ShowRecord, etag: str, keys: list[str], lease: "_Lease"
    ) -> ShowRecord:
        """Write file and index, and return the record."""
        store = self._store
        record = replace(record, state=ShowState.CLOSING)
        etag = await store.put(show_id.record_key, record.encode(), if_match=etag, is_new=not etag)
        plan, channels, damaged = await self._plan(keys, lease.renew)
        if not plan.chunks:
            raise BadChunk("expected a chunk that can be read, got none")
        digest = sha256()
        size = 0

        async def parts() -> AsyncIterator[bytes]:
            nonlocal size
            show_file = ShowFile(record, plan, channels)
            for planned in plan.chunks:
                await lease.renew()
                part = show_file.add(planned, await self._read_chunk(planned.key))
                digest.update(part)
                size += len(part)
                yield part
                await asyncio.sleep(0)
            part = show_file.finish()
            digest.update(part)
            size += len(part)
            yield part

        await store.put_parts(show_id.file_key, parts())
        await self._compare(show_id, size, digest.digest(), lease.renew)
        record = replace(
            record,
            state=ShowState.READY,
            seconds=round(plan.samples / SAMPLE_RATE, 3),
            size_bytes=size,
            sha256=digest.hexdigest(),
            channels=channels,
            missing=seconds(plan.missing),
            gaps=seconds(plan.gaps),
            cuts=seconds(plan.cuts),
            # Its record may not have learned of it before the member that recorded it was gone.
            is_private=record.is_private or plan.is_private,
            titles=positions(plan.titles),
            sources=positions(plan.sources),
        )
        # Its title may have been changed meanwhile, and it may have been deleted: the next run looks again.
        await store.put(show_id.record_key, record.encode(), if_match=etag)
        if damaged:
            log.error("recording_chunks_damaged", show_id=str(show_id), chunks=damaged)
        return record

    async def _plan(self, keys: list[str], renew: Callable[[], Awaitable[None]]) -> tuple[ShowPlan, int, int]:
        """Return what is to be done, how many channels there are, and how many chunks cannot be read."""
        heads: dict[int, list[ReadHead]] = {}
        damaged = 0
        for key in keys:
            await renew()
            try:
                chunk = await self._read_chunk(key)
            except BadChunk:
                damaged += 1
                continue
            streams = chunk.opus_head.stream_count
            lengths = array(
                "I", (sum(packet_samples(each, streams) for each in page) for page in chunk.pages)
            )
            reel = reel_of(key) or 0
            heads.setdefault(reel, []).append(ReadHead(key, reel, chunk.head, chunk.opus_head, lengths))
            await asyncio.sleep(0)
        planner = Planner()
        # A reel may be written late, from a spool: what it has came before what others have.
        for reads in sorted(heads.values(), key=lambda each: (each[0].head.at_ms, each[0].reel)):
            for read in reads:
                planner.add(read)
        channels = max((read.opus_head.channels for reads in heads.values() for read in reads), default=0)
        return planner.plan, channels, damaged

    async def _read_chunk(self, key: str) -> Chunk:
        return parse_chunk((await self._store.get(key)).data)

    async def _compare(
        self, show_id: ShowId, size: int, digest: bytes, renew: Callable[[], Awaitable[None]]
    ) -> None:
        """Read the file back.

        Raises:
            StoreError: It is not what was written.
        """
        stored_size = await self._store.size(show_id.file_key)
        found = sha256()
        for start in range(0, min(size, stored_size), READ_BYTES):
            await renew()
            found.update(await self._store.read(show_id.file_key, start, min(start + READ_BYTES, size)))
        if stored_size != size or found.digest() != digest:
            raise StoreError("expected the file that was written, got another one")

    async def _record(self, show_id: ShowId) -> tuple[ShowRecord, str]:
        """Return what is known of a show, and its etag; empty: there was nothing."""
        nothing = ShowRecord(str(show_id), show_id.stream_id, "", show_id.started_at, is_private=False)
        try:
            stored = await self._store.get(show_id.record_key)
            return ShowRecord.parse(stored.data), stored.etag
        except Missing:
            return nothing, ""
        except BadRecord:
            return nothing, stored.etag


class _Lease:
    """The right to close a show."""

    def __init__(
        self, store: Store, show_id: ShowId, opened: OpenShow, etag: str, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._show_id = show_id
        self._opened = replace(opened, lease=secrets.token_hex(8))
        self._etag = etag
        self._now = now
        self._renewed_at = 0.0

    async def renew(self, *, is_first: bool = False) -> None:
        """Go on to have it.

        Raises:
            LeaseLost: Somebody else has it, or may have.
            Conflict: Likewise, of the first time.
        """
        age = self._now() - self._renewed_at
        if not is_first and age < RENEW_SECONDS:
            return
        began_at = self._now()
        self._opened = replace(self._opened, leases=self._opened.leases + 1)
        try:
            self._etag = await self._store.put(
                self._show_id.open_key, self._opened.encode(), if_match=self._etag
            )
        except Conflict as error:
            if is_first:
                raise
            raise LeaseLost from error
        self._renewed_at = began_at
