"""Chunks of one stream on their way to the store: written in order, tried again for ever, in bounded memory.

What does not fit goes to the spool, the oldest first, and what does not fit there is lost, and counted. The
audio never waits for any of this.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.recordings.open_show import ShowHold
from audiocast.recordings.recorder import FullChunk
from audiocast.recordings.spool import Spool
from audiocast.recordings.store.store import Conflict, Store, StoreError

log = structlog.get_logger()

# A request that takes longer is made again.
REQUEST_SECONDS = 30.0

FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 15.0

# What is on its way to the spool is in memory still.
MAX_SPOOLING_BYTES = 8_388_608


@dataclass(slots=True)
class RecordingCounts:
    """What all recorders of this process have done so far.

    Attributes:
        chunks: By what became of them: written, spooled, lost.
        lost_seconds: Audio that is lost.
        store_errors: Requests of the store that failed.
        closed: Shows by how closing them ended.
        waiting_bytes: Chunks that wait in memory, now.
        spooling_bytes: Of them, on their way to the spool.
    """

    chunks: Counter[str] = field(default_factory=Counter)
    lost_seconds: float = 0.0
    store_errors: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    waiting_bytes: int = 0
    spooling_bytes: int = 0


@dataclass(frozen=True, slots=True)
class QueueBounds:
    """Bounds of memory.

    Attributes:
        stream_bytes: Of one stream.
        total_bytes: Of all together.
    """

    stream_bytes: int
    total_bytes: int


@dataclass(slots=True, eq=False)
class _Waiting:
    """A chunk; in memory, or in the spool, or on its way there."""

    number: int
    at_ms: int
    samples: int
    size_bytes: int
    since: float
    is_new_reel: bool
    data: bytes | None
    path: Path | None = None
    is_spooling: bool = False
    ends_show: bool = False

    @classmethod
    def of(cls, chunk: FullChunk, since: float) -> Self:
        head = chunk.head
        size = len(chunk.data)
        return cls(chunk.number, head.at_ms, head.samples, size, since, chunk.begins_reel, chunk.data)


class ChunkQueue:
    """The chunks of one stream.

    Args:
        hold: Says where they go.
        store: Where that is.
        spool: For what does not fit.
        bounds: Of memory.
        counts: Added to.
        now: Seconds of a monotonic clock.
    """

    def __init__(
        self,
        hold: ShowHold,
        store: Store,
        spool: Spool,
        *,
        bounds: QueueBounds,
        counts: RecordingCounts,
        now: Callable[[], float],
    ) -> None:
        self._hold = hold
        self._store = store
        self._spool = spool
        self._bounds = bounds
        self._counts = counts
        self._now = now
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._writing: _Waiting | None = None
        self._is_over = False
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Nothing is left to be done."""
        return self._task is None

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest chunk has waited."""
        return self._now() - self._waiting[0].since if self._waiting else 0.0

    def put(self, chunk: FullChunk) -> None:
        """Add a chunk."""
        self._waiting.append(_Waiting.of(chunk, self._now()))
        self._count_bytes(len(chunk.data))
        while self._is_too_much and self._evict():
            pass
        self._run_on()

    def restore(self, chunk: FullChunk, path: Path, size_bytes: int) -> None:
        """Add a chunk that a process before has left in the spool, whose data is in a file of this size."""
        waiting = _Waiting.of(chunk, self._now())
        waiting.data, waiting.path, waiting.size_bytes = None, path, size_bytes
        self._waiting.append(waiting)
        self._run_on()

    def end_show(self) -> None:
        """Have the show be over as soon as all its chunks are written; later ones are another show's."""
        if self._waiting:
            self._waiting[-1].ends_show = True
        else:
            self._is_over = True
        self._run_on()

    async def flush(self) -> None:
        """Wait until all chunks are written."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """Stop; what still waits is kept in the spool, or lost."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, *self._tasks, return_exceptions=True)
            self._task = None
        while self._waiting:
            waiting = self._waiting[0]
            if waiting.data is not None and self._spool.reserve(len(waiting.data)):
                with contextlib.suppress(OSError):
                    await self._spool.write(waiting.data)
                    self._counts.chunks["spooled"] += 1
                    self._forget(waiting)
                    continue
            if waiting.path is not None:
                self._forget(waiting)
            else:
                self._lose(waiting)

    @property
    def _is_too_much(self) -> bool:
        return (
            self._bytes > self._bounds.stream_bytes or self._counts.waiting_bytes > self._bounds.total_bytes
        )

    def _run_on(self) -> None:
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        try:
            while self._waiting or self._is_over:
                try:
                    if self._is_over:
                        await self._end()
                    else:
                        await self._write(self._waiting[0])
                    pause = FIRST_PAUSE_SECONDS
                except (StoreError, TimeoutError, OSError) as error:
                    self._counts.store_errors += 1
                    log.warning("recording_store_failed", reason=str(error)[:200] or type(error).__name__)
                    self._writing = None
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, MAX_PAUSE_SECONDS)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("recording_failed")
        finally:
            self._task = None

    async def _end(self) -> None:
        # Whoever has written to the show since has another one, or closes it.
        with contextlib.suppress(Conflict):
            await asyncio.wait_for(self._hold.end(), REQUEST_SECONDS)
        self._hold.begin_reel()
        self._is_over = False

    async def _write(self, waiting: _Waiting) -> None:
        self._writing = waiting
        data = waiting.data
        if data is None:
            assert waiting.path is not None
            try:
                data = await self._spool.read(waiting.path)
            except OSError:
                self._lose(waiting)
                return
        if waiting.is_new_reel:
            self._hold.begin_reel()
            waiting.is_new_reel = False
        at = waiting.at_ms / 1000
        reel = await asyncio.wait_for(self._hold.get_reel(at), REQUEST_SECONDS)
        key = reel.show_id.chunk_key(reel.number, waiting.number)
        await asyncio.wait_for(self._store.put(key, data), REQUEST_SECONDS)
        self._counts.chunks["written"] += 1
        self._forget(waiting)

    def _evict(self) -> bool:
        """Free memory of the oldest chunk that can be; return whether there is one."""
        for waiting in self._waiting:
            if waiting is self._writing or waiting.data is None or waiting.is_spooling:
                continue
            size = len(waiting.data)
            if self._counts.spooling_bytes + size <= MAX_SPOOLING_BYTES and self._spool.reserve(size):
                waiting.is_spooling = True
                # It does not count any more, so that no more are spooled than is needed.
                self._count_bytes(-size)
                self._counts.spooling_bytes += size
                task = asyncio.ensure_future(self._spool_out(waiting, waiting.data))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                self._lose(waiting)
            return True
        return False

    async def _spool_out(self, waiting: _Waiting, data: bytes) -> None:
        size = len(data)
        try:
            path = await self._spool.write(data)
        except OSError as error:
            log.error("recording_spool_failed", reason=str(error)[:200])
            self._counts.spooling_bytes -= size
            if waiting in self._waiting:
                waiting.is_spooling = False
                self._count_bytes(size)
                if waiting is not self._writing:
                    self._lose(waiting)
            return
        self._counts.spooling_bytes -= size
        if waiting in self._waiting:
            waiting.path, waiting.data, waiting.is_spooling = path, None, False
            self._counts.chunks["spooled"] += 1
        else:
            # It was written meanwhile.
            await self._spool.drop(path, size)

    def _lose(self, waiting: _Waiting) -> None:
        self._counts.chunks["lost"] += 1
        seconds = waiting.samples / SAMPLE_RATE
        self._counts.lost_seconds += seconds
        log.error("recording_lost", seconds=round(seconds, 3))
        index = self._waiting.index(waiting)
        if waiting.is_new_reel and index + 1 < len(self._waiting):
            self._waiting[index + 1].is_new_reel = True
        if waiting.ends_show and index:
            self._waiting[index - 1].ends_show, waiting.ends_show = True, False
        self._forget(waiting)

    def _forget(self, waiting: _Waiting) -> None:
        self._waiting.remove(waiting)
        self._is_over = self._is_over or waiting.ends_show
        if self._writing is waiting:
            self._writing = None
        if waiting.data is not None and not waiting.is_spooling:
            self._count_bytes(-len(waiting.data))
        if waiting.path is not None and self._task is not None:
            task = asyncio.ensure_future(self._spool.drop(waiting.path, waiting.size_bytes))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _count_bytes(self, size: int) -> None:
        self._bytes += size
        self._counts.waiting_bytes += size
