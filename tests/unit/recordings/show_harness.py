"""A stream that is recorded by one owner after the other, in a loop whose time jumps."""

import asyncio

from audiocast.ogg.headers import OpusHead
from audiocast.recordings.chunk_queue import ChunkQueue, QueueBounds, RecordingCounts
from audiocast.recordings.closing.closer import Closer, OnReady, tell_nobody
from audiocast.recordings.names import ShowId
from audiocast.recordings.open_show import ShowHold
from audiocast.recordings.recorder import Recorder
from audiocast.recordings.show_record import ShowRecord
from audiocast.recordings.spool import Spool
from audiocast.stream.source_id import SourceId
from audiocast.stream.tap import SourcePage
from tests.unit.recordings.memory_store import MemoryStore
from tests.unit.stream.audio import PACKET_SAMPLES, PACKET_SECONDS, STEREO, packet

GAP_SECONDS = 300.0
WALL = 1_800_000_000.0
ROOMY = QueueBounds(stream_bytes=8_388_608, total_bytes=67_108_864)


class Owner:
    """What one process has for the stream.

    Args:
        store: The store, which outlives it.
        spool: Likewise.
        bounds: Of its memory.
    """

    def __init__(
        self,
        store: MemoryStore,
        spool: Spool | None = None,
        bounds: QueueBounds = ROOMY,
        chunk_seconds: float = 5.0,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.counts = RecordingCounts()
        self.hold = ShowHold(
            store,
            "abc",
            gap_seconds=GAP_SECONDS,
            now=loop.time,
            wall=wall,
            describe=lambda: ("A title", False),
        )
        self.queue = ChunkQueue(
            self.hold,
            store,
            spool or Spool(None, 0),
            bounds=bounds,
            counts=self.counts,
            now=loop.time,
        )
        self.recorder = Recorder(
            "abc", chunk_seconds=chunk_seconds, now=loop.time, wall=wall, write=self.queue.put
        )

    def kill(self) -> None:
        """End the process: what is in its memory is gone."""
        task = self.queue._task
        self.queue._waiting.clear()
        self.queue._is_over = False
        if task is not None:
            task.cancel()


class Encoder:
    """Sends numbered packets.

    Args:
        serial: Of its Ogg stream.
        head: Of the bitstream that listeners get.
    """

    def __init__(self, serial: int = 7, head: OpusHead = STEREO) -> None:
        self.source_id = SourceId.new()
        self.serial = serial
        self.head = head
        self.number = 0
        self.gap_samples = 0

    def next_page(self) -> SourcePage:
        """Return the next page, with one packet."""
        number = self.number
        self.number += 1
        granule = self.number * PACKET_SAMPLES
        packets = ((packet(number), PACKET_SAMPLES),)
        return SourcePage(
            self.source_id, self.serial, number + 2, granule, packets, self.head, self.gap_samples
        )

    async def send(self, seconds: float, *recorders: Recorder) -> None:
        """Send audio in real time."""
        for _ in range(round(seconds / PACKET_SECONDS)):
            page = self.next_page()
            for recorder in recorders:
                recorder.append_page(page)
            await asyncio.sleep(PACKET_SECONDS)


def wall() -> float:
    """Return the Unix time, by the loop."""
    return WALL + asyncio.get_running_loop().time()


def closer(store: MemoryStore, on_ready: OnReady = tell_nobody) -> Closer:
    """Return a new process's closer."""
    return Closer(
        store,
        gap_seconds=GAP_SECONDS,
        now=asyncio.get_running_loop().time,
        counts=RecordingCounts(),
        on_ready=on_ready,
    )


async def close_all(store: MemoryStore, on_ready: OnReady = tell_nobody) -> list[ShowRecord]:
    """Look until nothing is open; return the records of all shows."""
    one = closer(store, on_ready)
    for _ in range(20):
        await one.look()
        if not store.keys("open/"):
            break
        await asyncio.sleep(GAP_SECONDS / 4)
    assert store.keys("open/") == []
    assert store.keys("chunks/") == []
    return [ShowRecord.parse(store.objects[key][0]) for key in store.keys("shows/")]


def file_of(store: MemoryStore, record: ShowRecord) -> bytes:
    """Return the file of a show."""
    return store.objects[ShowId.parse(record.show_id).file_key][0]
