"""Recordings of one server: which streams are recorded here, and what else is to be done with the store."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from audiocast.cluster.node import Node
from audiocast.cluster.ring import order
from audiocast.recordings.chunk_queue import ChunkQueue, QueueBounds, RecordingCounts
from audiocast.recordings.closing.closer import Closer, OnReady, tell_nobody
from audiocast.recordings.leftovers import read_leftovers
from audiocast.recordings.names import ShowId
from audiocast.recordings.open_show import ShowHold
from audiocast.recordings.options import RecordingOptions
from audiocast.recordings.recorder import Recorder
from audiocast.recordings.retention import Retention
from audiocast.recordings.rewind.rewind import Rewind
from audiocast.recordings.show_record import ShowRecord
from audiocast.recordings.shows import NoSuchShow, Shows
from audiocast.recordings.spool import Spool
from audiocast.recordings.store.opening import open_store
from audiocast.recordings.store.store import StoreError
from audiocast.stream.errors import BroadcastEnded, StreamEnded, StreamSuspended
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Visibility

log = structlog.get_logger()

# How often all streams that are on are looked at: who owns them now.
LOOK_SECONDS = 0.5

# How often the store is looked at for shows that are over, and for those that are too old.
CLOSE_SECONDS = 10.0
# How long after the end of a show, whose last chunk is being written.
ENDED_SECONDS = 1.0
SWEEP_SECONDS = 600.0

# How long a server that stops waits for its last chunks to be written.
LAST_CHUNKS_SECONDS = 5.0

# Of all memory one stream may have so much.
STREAM_SHARE = 4

# With these a show is over, and is not waited for.
ENDS = frozenset(each.code for each in (BroadcastEnded, StreamEnded, StreamSuspended))


@dataclass(slots=True, eq=False)
class _Recorded:
    """A stream that is recorded here.

    Attributes:
        look: What the hub calls when it has changed.
        was_private: The show's record says so already.
    """

    hub: Hub
    hold: ShowHold
    queue: ChunkQueue
    recorder: Recorder
    look: Callable[[], None]
    was_private: bool


def _describe(title: str = "", *, is_private: bool) -> tuple[str, bool]:
    return title, is_private


class Recordings:
    """Records the streams of this member, from `start` to `stop`.

    Args:
        options: See there.
        node: This member.
        wall: Unix seconds.
        on_ready: See `OnReady`.

    Attributes:
        shows: What there is.
        rewind: What is recorded so far of shows that are on.
        counts: What was done so far.
    """

    def __init__(
        self,
        options: RecordingOptions,
        node: Node,
        wall: Callable[[], float] = time.time,
        on_ready: OnReady = tell_nobody,
    ) -> None:
        self._options = options
        self._node = node
        self._streams = node.streams
        self._now = node.streams.clock.time
        self._wall = wall
        self._on_ready = on_ready
        self._store = open_store(options.url)
        self._spool = Spool(options.spool, options.spool_bytes)
        self.counts = RecordingCounts()
        self.shows = Shows(self._store, self._now)
        self.rewind = Rewind(self._store, self._now, options.chunk_seconds)
        self._closer = Closer(
            self._store,
            gap_seconds=options.gap_seconds,
            now=self._now,
            counts=self.counts,
            is_mine=self._is_first,
            on_ready=self._note_ready,
        )
        self._retention = Retention(
            self.shows, keep_days=options.keep_days, keep_bytes=options.keep_bytes, wall=wall
        )
        self._recorded: dict[str, _Recorded] = {}
        # Those that still write, of streams that are not recorded any more too.
        self._queues: set[ChunkQueue] = set()
        self._has_ended = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def recorded_streams(self) -> int:
        """How many streams this member writes now."""
        return sum(each.recorder.is_writing for each in self._recorded.values())

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest chunk waits to be written."""
        return max((queue.oldest_seconds for queue in self._queues), default=0.0)

    @property
    def spool_bytes(self) -> int:
        """What is in the spool."""
        return self._spool.size_bytes

    def start(self) -> None:
        """Record from now on."""
        self._streams.on_live.append(self._note_live)
        for work, pause in (
            (self._look, LOOK_SECONDS),
            (self._close, ENDED_SECONDS),
            (self._sweep, SWEEP_SECONDS),
        ):
            self._start_task(self._repeat(work, pause))
        self._start_task(self._restore())

    async def stop(self) -> None:
        """Write what is in hand. What the store does not take in time goes to the spool.

        The streams have ended.
        """
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for recorded in self._recorded.values():
            recorded.recorder.stop_writing()
        queues = list(self._queues)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(queue.flush() for queue in queues)), LAST_CHUNKS_SECONDS)
        for queue in queues:
            await queue.close()
        self._spool.close()
        self._store.close()

    def _is_first(self, stream_id: str) -> bool:
        """Return whether this member is the first that is to look after a stream's shows."""
        node = self._node
        return node.is_alone or next(iter(order(stream_id, node.membership.ring)), "") == node.name

    async def _repeat(self, work: Callable[[], Awaitable[None]], pause: float) -> None:
        while True:
            try:
                await work()
            except StoreError as error:
                self.counts.store_errors += 1
                log.warning("recording_store_failed", reason=str(error)[:200])
            except Exception:
                # A mistake of ours about one stream must not end the recording of all others.
                log.exception("recording_failed")
            await asyncio.sleep(pause)

    async def _close(self) -> None:
        await self._closer.look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._has_ended.wait(), CLOSE_SECONDS)
        self._has_ended.clear()

    def _note_ready(self, record: ShowRecord) -> asyncio.Future[None] | None:
        told = self._on_ready(record)
        if told is not None:
            # The show's last step waits for it.
            told.add_done_callback(lambda _: self._has_ended.set())
        return told

    async def _sweep(self) -> None:
        # Members that do not agree who it is delete the same shows.
        if self._is_first(""):
            await self._retention.sweep()

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        for hub in self._streams.live():
            self._note_live(hub)
        for recorded in list(self._recorded.values()):
            self._look_at(recorded)
            recorded.recorder.look()
        used = {each.queue for each in self._recorded.values()}
        self._queues = {queue for queue in self._queues if queue in used or not queue.is_idle}

    def _note_live(self, hub: Hub) -> None:
        recorded = self._recorded.get(hub.stream_id)
        if recorded is not None and recorded.hub is not hub:
            self._forget(recorded)
            recorded = None
        if recorded is None and self._is_wanted(hub):
            recorded = self._recorded[hub.stream_id] = self._record(hub)
            self._look_at(recorded)

    def _record(self, hub: Hub) -> _Recorded:
        options = self._options
        hold = self._hold(hub.stream_id, lambda: (hub.title, hub.claims.visibility is Visibility.PRIVATE))
        queue = self._queue(hold)
        self._queues.add(queue)
        recorder = Recorder(
            hub.stream_id,
            chunk_seconds=options.chunk_seconds,
            now=self._now,
            wall=self._wall,
            write=queue.put,
        )
        is_private = hub.claims.visibility is Visibility.PRIVATE
        recorded = _Recorded(hub, hold, queue, recorder, lambda: None, is_private)
        recorded.look = partial(self._look_at, recorded)
        return recorded

    def _hold(self, stream_id: str, describe: Callable[[], tuple[str, bool]]) -> ShowHold:
        return ShowHold(
            self._store,
            stream_id,
            gap_seconds=self._options.gap_seconds,
            now=self._now,
            wall=self._wall,
            describe=describe,
        )

    def _queue(self, hold: ShowHold) -> ChunkQueue:
        memory = self._options.memory_bytes
        return ChunkQueue(
            hold,
            self._store,
            self._spool,
            bounds=QueueBounds(stream_bytes=memory // STREAM_SHARE, total_bytes=memory),
            counts=self.counts,
            now=self._now,
        )

    def _is_wanted(self, hub: Hub) -> bool:
        return hub.is_on and self._streams.record.applies(hub.claims.record)

    def _is_ours(self, recorded: _Recorded) -> bool:
        stream_id = recorded.hub.stream_id
        if self._node.is_alone or self._node.owns(stream_id):
            return True
        # Without a source nobody is the owner; the last one was, until another one is.
        is_elsewhere = any(stream_id in each.owned_streams for each in self._node.membership.others)
        return recorded.recorder.is_writing and not is_elsewhere

    def _look_at(self, recorded: _Recorded) -> None:
        try:
            self._follow(recorded)
        except Exception:
            # The stream's audio goes on behind this call.
            log.exception("recording_failed", stream_id=recorded.hub.stream_id)

    def _follow(self, recorded: _Recorded) -> None:
        hub, recorder = recorded.hub, recorded.recorder
        if not self._is_wanted(hub):
            was_writing = recorder.is_writing
            recorder.stop_writing()
            if was_writing and (hub.is_on or hub.end_reason in ENDS):
                recorded.queue.end_show()
                self._has_ended.set()
            self._forget(recorded)
            return
        hub.page_taps.add(recorder)
        hub.on_change.add(recorded.look)
        playing = hub.titles.now_playing
        if playing is not None:
            recorder.note_title(playing.title, playing.artist)
        if self._is_ours(recorded):
            recorder.start_writing()
        else:
            recorder.stop_writing()
        recorder.is_private = hub.claims.visibility is Visibility.PRIVATE
        show_id = recorded.hold.show_id
        if recorder.is_private and not recorded.was_private and show_id is not None:
            recorded.was_private = True
            self._start_task(self._make_private(recorded, show_id))

    async def _make_private(self, recorded: _Recorded, show_id: ShowId) -> None:
        """Have the record of the show that is on say that it is private."""
        try:
            await self.shows.edit(show_id, is_private=True)
        except (StoreError, NoSuchShow):
            recorded.was_private = False

    def _forget(self, recorded: _Recorded) -> None:
        recorded.hub.page_taps.discard(recorded.recorder)
        recorded.hub.on_change.discard(recorded.look)
        if recorded.queue.is_idle and self._recorded.get(recorded.hub.stream_id) is recorded:
            del self._recorded[recorded.hub.stream_id]

    async def _restore(self) -> None:
        """Write what a process before has left in the spool, into the show that is on or as one by itself."""
        for stream_id, chunks in (await read_leftovers(self._spool)).items():
            is_private = any(chunk.head.is_private for chunk, _, _ in chunks)
            queue = self._queue(self._hold(stream_id, partial(_describe, is_private=is_private)))
            self._queues.add(queue)
            for chunk, path, size_bytes in chunks:
                queue.restore(chunk, path, size_bytes)
