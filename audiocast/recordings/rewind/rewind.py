"""Shows that are on, for listeners who go back. Any member has them from the store; no stream knows of it.

    asked for --new chunks are listed while somebody asks--> over --an hour--> forgotten

Of each new chunk the head is read, once. Parts are read when they are asked for, once for all who ask at
about the same time. When the show's file is made and its chunks are deleted, its parts come from the file.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.recordings.chunk import BadChunk, parse_chunk
from audiocast.recordings.closing.plan import ReadHead
from audiocast.recordings.names import OPEN, ShowId, reel_of
from audiocast.recordings.open_show import OpenShow
from audiocast.recordings.rewind.byte_cache import ByteCache
from audiocast.recordings.rewind.event_playlist import event_playlist
from audiocast.recordings.rewind.heads import HEAD_BYTES, page_samples, parse_head
from audiocast.recordings.rewind.part_bytes import PartForm, part_of_chunk, part_of_packets
from audiocast.recordings.rewind.running_show import MAX_PARTS, RunningShow, ShowPart
from audiocast.recordings.rewind.show_pages import ShowPages
from audiocast.recordings.show_record import BadRecord, ShowRecord, ShowState
from audiocast.recordings.store.store import Missing, Store, StoreEntry, StoreError

# What the store lists is asked for once in this time, however many ask here.
LOOK_SECONDS = 2.0

# Shows that are listed here; each has at most a few MB.
MAX_SHOWS = 200

# So long parts of a show that is over are given to those who are still at it.
AFTER_SECONDS = 3600.0

# A minute of eighty shows at 64 kbit/s, or an hour of one.
CACHE_BYTES = 33_554_432

READ_AT_ONCE = 8
PARTS_AT_ONCE = 16


@dataclass(slots=True)
class _Followed:
    """A stream that is asked for, and its show.

    Attributes:
        looked_at: When the store was asked last, monotonic seconds.
        task: It is being asked.
        version: Of the show's object, when that was read.
        playlist: Version of the show, and its playlist as of then.
        over_at: When the show was found to be over.
        pages: Of its file, when it was needed.
    """

    show: RunningShow | None = None
    looked_at: float = float("-inf")
    task: asyncio.Task[None] | None = None
    version: str = ""
    over_at: float = 0.0
    playlist: tuple[int, bytes] = (-1, b"")
    pages: ShowPages | None = None
    pages_lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Rewind:
    """Gives parts of shows that are on.

    Args:
        store: Where they are.
        now: Seconds of a monotonic clock.
        chunk_seconds: How long chunks are to be.
    """

    def __init__(self, store: Store, now: Callable[[], float], chunk_seconds: float) -> None:
        self._store = store
        self._now = now
        self._chunk_seconds = chunk_seconds
        self._followed: OrderedDict[str, _Followed] = OrderedDict()
        self._cache = ByteCache(CACHE_BYTES)
        self._at_once = asyncio.Semaphore(PARTS_AT_ONCE)

    async def of_stream(self, stream_id: str) -> RunningShow | None:
        """Return the show of a stream that is on, or was until lately; None: there is none, or no part of it.

        Raises:
            StoreError: The store does not say.
        """
        followed = self._followed.get(stream_id)
        if followed is None:
            followed = self._followed[stream_id] = _Followed()
            if len(self._followed) > MAX_SHOWS:
                self._followed.popitem(last=False)
        self._followed.move_to_end(stream_id)
        if followed.task is None and self._now() - followed.looked_at >= LOOK_SECONDS:
            followed.task = asyncio.ensure_future(self._look(stream_id, followed))
        if followed.task is not None:
            await asyncio.shield(followed.task)
        show = followed.show
        return show if show is not None and show.parts else None

    async def of_show(self, show_id: ShowId) -> RunningShow | None:
        """Return a show that is its stream's; None: it is not, or not any more.

        Raises:
            StoreError: The store does not say.
        """
        show = await self.of_stream(show_id.stream_id)
        return show if show is not None and show.show_id == show_id else None

    def known(self, show_id: ShowId) -> RunningShow | None:
        """Return what is known of a show already: the store is not asked."""
        followed = self._followed.get(show_id.stream_id)
        show = followed.show if followed is not None else None
        return show if show is not None and show.show_id == show_id else None

    def playlist(self, show: RunningShow) -> bytes:
        """Return the playlist of a show that has parts, made once for all who ask until there are more."""
        followed = self._followed.get(show.show_id.stream_id)
        if followed is None or followed.show is not show:
            return event_playlist(show, self._chunk_seconds).encode()
        if followed.playlist[0] != show.version:
            followed.playlist = show.version, event_playlist(show, self._chunk_seconds).encode()
        return followed.playlist[1]

    async def part(self, show: RunningShow, part: ShowPart, form: PartForm) -> bytes:
        """Return the bytes of a part.

        Raises:
            StoreError: The store does not give it.
        """
        name = f"{show.show_id} {part.start} {form.value}"
        return await self._cache.get(name, partial(self._make, show, part, form))

    async def _make(self, show: RunningShow, part: ShowPart, form: PartForm) -> bytes:
        number = 1 + part.start // SAMPLE_RATE
        async with self._at_once:
            if part.key:
                try:
                    stored = await self._store.get(part.key)
                    return part_of_chunk(stored.data, part, form, number)
                except Missing:
                    # The show is closed by now.
                    pass
                except BadChunk as error:
                    raise StoreError(str(error)) from error
            followed = self._followed.get(show.show_id.stream_id)
            if followed is None or followed.show is not show:
                raise Missing("the show is not followed any more")
            async with followed.pages_lock:
                if followed.pages is None:
                    pages = ShowPages(self._store, show.show_id.file_key)
                    await pages.scan()
                    followed.pages = pages
            opus_head = show.setups[part.setup]
            packets = await followed.pages.packets(part.start, part.samples, opus_head)
            return part_of_packets(packets, opus_head, part, form, number)

    async def _look(self, stream_id: str, followed: _Followed) -> None:
        try:
            await self._follow(stream_id, followed)
        finally:
            followed.looked_at = self._now()
            followed.task = None

    async def _follow(self, stream_id: str, followed: _Followed) -> None:
        entries = await self._store.entries(f"{OPEN}/{stream_id}")
        open_shows = {show_id: each for each in entries if (show_id := ShowId.of_key(each.key)) is not None}
        newest = max(open_shows, default=None)
        show = followed.show
        if newest is not None and (show is None or show.show_id < newest):
            show = followed.show = RunningShow(newest)
            followed.version, followed.pages, followed.playlist = "", None, (-1, b"")
        if show is None:
            return
        if show.is_over:
            if self._now() - followed.over_at >= AFTER_SECONDS:
                followed.show = followed.pages = None
            return
        # Who writes says so behind its last chunk: what is listed after that is all there is.
        is_over = await self._is_over(open_shows.get(show.show_id), followed)
        await self._add_new(show)
        if is_over:
            show.finish(await self._samples_of_file(show))
            followed.over_at = self._now()

    async def _is_over(self, entry: StoreEntry | None, followed: _Followed) -> bool:
        if entry is None:
            return True
        if entry.version == followed.version:
            return False
        try:
            opened = OpenShow.parse((await self._store.get(entry.key)).data)
        except Missing:
            return True
        followed.version = entry.version
        return opened.is_over or bool(opened.lease)

    async def _samples_of_file(self, show: RunningShow) -> int:
        """Return how long the file of a show is, whose chunks may be gone before all of them were seen."""
        try:
            record = ShowRecord.parse((await self._store.get(show.show_id.record_key)).data)
        except (Missing, BadRecord):
            return 0
        return round(record.seconds * SAMPLE_RATE) if record.state is ShowState.READY else 0

    async def _add_new(self, show: RunningShow) -> None:
        entries = [
            each
            for each in await self._store.entries(show.show_id.chunks_folder, after=show.last_key)
            if reel_of(each.key) is not None
        ]
        is_first = not show.last_key
        skipped = max(0, len(entries) - MAX_PARTS) if is_first else 0
        entries = entries[skipped:]
        for first in range(0, len(entries), READ_AT_ONCE):
            heads = await asyncio.gather(*map(self._head, entries[first : first + READ_AT_ONCE]))
            for head in heads:
                if head is None:
                    continue
                if is_first and skipped:
                    show.skip(skipped, head.head.at_ms)
                is_first = False
                show.add(head)

    async def _head(self, entry: StoreEntry) -> ReadHead | None:
        """Return where a chunk belongs; None: it is none, or gone."""
        reel = reel_of(entry.key)
        assert reel is not None
        try:
            found = parse_head(await self._store.read(entry.key, 0, min(entry.size_bytes, HEAD_BYTES)))
            pages = page_samples(found[0]) if found is not None else None
            if found is None or pages is None:
                return await self._whole(entry.key, reel)
        except (Missing, BadChunk):
            return None
        return ReadHead(entry.key, reel, found[0], found[1], pages)

    async def _whole(self, key: str, reel: int) -> ReadHead:
        chunk = parse_chunk((await self._store.get(key)).data)
        streams = chunk.opus_head.stream_count
        pages = [sum(packet_samples(packet, streams) for packet in page) for page in chunk.pages]
        return ReadHead(key, reel, chunk.head, chunk.opus_head, pages)
