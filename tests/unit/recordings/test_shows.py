"""Which show audio belongs to, and what of it is where in the file."""

import asyncio
import subprocess
from pathlib import Path

from audiocast.ogg.headers import OpusTags
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from audiocast.recordings.chunk_queue import QueueBounds
from audiocast.recordings.leftovers import read_leftovers
from audiocast.recordings.spool import Spool
from audiocast.recordings.store.store import StoreError
from audiocast.stream.source_id import SourceId
from tests.support.clock.jumping_loop import run
from tests.unit.recordings.memory_store import MemoryStore, file_packets
from tests.unit.recordings.show_harness import GAP_SECONDS, Encoder, Owner, close_all, file_of
from tests.unit.stream.audio import MONO, STEREO, is_numbered, number_of


def heard(data: bytes) -> list[int]:
    """Return the numbers of a file's packets; -1 for 20 ms of silence."""
    return [number_of(each) if is_numbered(each) and len(each) > 3 else -1 for each in file_packets(data)]


def test_the_next_owner_has_in_hand_what_the_one_before_had_not_written() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        owner, other = Owner(store), Owner(store)
        owner.recorder.start_writing()
        await encoder.send(33, owner.recorder, other.recorder)
        owner.kill()
        # Nobody owns the stream for a moment.
        await encoder.send(2, other.recorder)
        other.recorder.start_writing()
        await encoder.send(10, other.recorder)
        other.recorder.stop_writing()
        await other.queue.flush()
        [record] = await close_all(store)
        assert heard(file_of(store, record)) == list(range(encoder.number))
        assert record.missing == []

    run(work())


def test_a_member_that_is_not_the_owner_keeps_little() -> None:
    async def work() -> None:
        owner, encoder = Owner(MemoryStore()), Encoder()
        await encoder.send(120, owner.recorder)
        assert 20 <= owner.recorder._standby_samples / 48_000 <= 25
        assert owner.queue.is_idle

    run(work())


def test_a_gap_is_marked_and_not_stored() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        owner = Owner(store)
        owner.recorder.start_writing()
        await encoder.send(7, owner.recorder)
        await asyncio.sleep(20)
        owner.recorder.look()
        await owner.queue.flush()
        assert len(store.keys("chunks/")) == 2
        encoder.gap_samples += 20 * 48_000
        await encoder.send(7, owner.recorder)
        # The grace is over, and the stream is on again: a new bitstream.
        await asyncio.sleep(60)
        encoder.head, encoder.gap_samples = type(STEREO)(2, 312), 0
        await encoder.send(7, owner.recorder)
        owner.recorder.stop_writing()
        await owner.queue.flush()
        stored = sum(len(store.objects[key][0]) for key in store.keys("chunks/"))
        assert stored < 60_000
        [record] = await close_all(store)
        assert record.missing == []
        assert record.gaps == [[7.0, 27.0], [34.0, 94.0]]
        assert record.seconds == 101.0

    run(work())


def test_a_takeover_and_a_title_are_in_the_index_and_the_file() -> None:
    async def work() -> None:
        store = MemoryStore()
        owner, first, second = Owner(store), Encoder(head=STEREO), Encoder(head=STEREO)
        second.source_id = SourceId.new(newer_than=first.source_id)
        second.number = 10_000
        owner.recorder.start_writing()
        await first.send(7, owner.recorder)
        owner.recorder.note_title("Second song", "Somebody")
        await first.send(1, owner.recorder)
        await second.send(3, owner.recorder)
        owner.recorder.stop_writing()
        await owner.queue.flush()
        [record] = await close_all(store)
        assert record.titles == [[7.0, "Second song", "Somebody"]]
        assert record.sources == [[0.0, str(first.source_id)], [8.0, str(second.source_id)]]
        assert heard(file_of(store, record)) == [*range(400), *range(10_000, 10_150)]
        tags = tags_of(file_of(store, record))
        assert tags.comments == (
            "TITLE=A title",
            f"DATE={record.show_id[4:8]}-01-15T08:16:40Z",
            "CHAPTER001=00:00:07.000",
            "CHAPTER001NAME=Somebody - Second song",
        )

    run(work())


def tags_of(data: bytes) -> OpusTags:
    reader, assembler = PageReader(), PacketAssembler()
    reader.feed(data)
    packets: list[bytes] = []
    while len(packets) < 2 and (page := reader.next_page()) is not None:
        packets += assembler.push(page)
    return OpusTags.parse(packets[1])


def test_after_a_long_gap_it_is_another_show() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        owner = Owner(store)
        owner.recorder.start_writing()
        await encoder.send(6, owner.recorder)
        await asyncio.sleep(20)
        owner.recorder.look()
        await asyncio.sleep(GAP_SECONDS)
        await encoder.send(6, owner.recorder)
        owner.recorder.stop_writing()
        await owner.queue.flush()
        records = await close_all(store)
        assert [round(each.seconds) for each in records] == [6, 6]

    run(work())


def test_who_ends_a_show_and_goes_on_begins_another_one() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        owner = Owner(store)
        for _ in range(3):
            owner.recorder.start_writing()
            await encoder.send(6, owner.recorder)
            owner.recorder.stop_writing()
            owner.queue.end_show()
            await owner.queue.flush()
        assert len(await close_all(store)) == 3

    run(work())


def test_what_does_not_fit_into_memory_waits_on_the_disk(tmp_path: Path) -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        spool = Spool(tmp_path, 1_000_000)
        owner = Owner(store, spool, QueueBounds(stream_bytes=50_000, total_bytes=50_000))

        def away(method: str, key: str) -> None:
            raise StoreError("away")

        store.before = away
        owner.recorder.start_writing()
        await encoder.send(300, owner.recorder)
        assert owner.counts.waiting_bytes <= 50_000
        # Threads write them, by a clock of their own.
        async with asyncio.timeout(30):
            while len(list(tmp_path.rglob("*.chunk"))) <= 40:
                await asyncio.sleep(0.01)
        store.before = lambda method, key: None
        await encoder.send(60, owner.recorder)
        owner.recorder.stop_writing()
        await owner.queue.flush()
        [record] = await close_all(store)
        assert heard(file_of(store, record)) == list(range(encoder.number))
        assert owner.counts.chunks["lost"] == 0
        await asyncio.gather(*owner.queue._tasks)
        spool.close()
        assert list(tmp_path.iterdir()) == []
        assert spool.size_bytes == 0

    run(work())


def test_what_does_not_fit_anywhere_is_lost_and_the_index_says_so() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        owner = Owner(store, bounds=QueueBounds(stream_bytes=50_000, total_bytes=50_000))
        owner.recorder.start_writing()
        await encoder.send(10, owner.recorder)

        def away(method: str, key: str) -> None:
            raise StoreError("away")

        store.before = away
        await encoder.send(100, owner.recorder)
        store.before = lambda method, key: None
        await encoder.send(60, owner.recorder)
        owner.recorder.stop_writing()
        await owner.queue.flush()
        [record] = await close_all(store)
        [[start, end]] = record.missing
        assert owner.counts.lost_seconds == end - start > 50
        numbers = heard(file_of(store, record))
        assert numbers.count(-1) == round((end - start) * 50)
        assert [each for each in numbers if each >= 0] == [
            each for each in range(encoder.number) if not start <= each / 50 < end
        ]

    run(work())


def test_while_the_store_is_away_for_long_nobody_writes_to_a_show_that_is_closed() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        owner = Owner(store)
        owner.recorder.start_writing()
        await encoder.send(10, owner.recorder)

        def away(method: str, key: str) -> None:
            raise StoreError("away")

        # For this member alone.
        store.before = away
        sending = asyncio.ensure_future(encoder.send(2 * GAP_SECONDS, owner.recorder))
        await asyncio.sleep(GAP_SECONDS + 10)
        store.before = lambda method, key: None
        first = asyncio.ensure_future(close_all(store))
        await sending
        owner.recorder.stop_writing()
        await owner.queue.flush()
        await first
        records = await close_all(store)
        numbers = [each for record in records for each in heard(file_of(store, record))]
        assert numbers == list(range(encoder.number))

    run(work())


def test_mono_goes_on_in_a_stereo_file_and_programs_find_it_clean(tmp_path: Path) -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder(head=MONO)
        owner = Owner(store)
        owner.recorder.start_writing()
        await encoder.send(6, owner.recorder)
        encoder.head = STEREO
        await encoder.send(6, owner.recorder)
        owner.recorder.stop_writing()
        await owner.queue.flush()
        [record] = await close_all(store)
        assert record.channels == 2
        assert heard(file_of(store, record)) == list(range(encoder.number))
        path = tmp_path / "show.opus"
        path.write_bytes(file_of(store, record))
        said = subprocess.run(
            ["opusinfo", path], capture_output=True, text=True, check=True, timeout=20
        ).stdout
        assert "WARNING" not in said
        assert "Playback length: 0m:12.0" in said or "Playback length: 0m:11.9" in said

    run(work())


def test_what_a_process_has_left_in_its_spool_is_written_by_the_next(tmp_path: Path) -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        spool = Spool(tmp_path, 1_000_000)
        owner = Owner(store, spool)
        owner.recorder.start_writing()
        await encoder.send(10, owner.recorder)
        await owner.queue.flush()

        def away(method: str, key: str) -> None:
            raise StoreError("away")

        store.before = away
        await encoder.send(30, owner.recorder)
        owner.recorder.stop_writing()
        # The server stops.
        await owner.queue.close()
        # Another process, which has the same folder, takes nothing of one that lives.
        assert await Spool(tmp_path, 1_000_000).leftovers() == []
        spool.close()
        assert owner.counts.chunks["lost"] == 0
        store.before = lambda method, key: None
        [left] = tmp_path.iterdir()
        (left / "0.chunk").write_bytes(b"no chunk")
        later = Owner(store, Spool(tmp_path, 1_000_000))
        later.recorder.start_writing()
        await encoder.send(10, later.recorder)
        later.recorder.stop_writing()
        await later.queue.flush()
        third_spool = Spool(tmp_path, 1_000_000)
        third = Owner(store, third_spool)
        for chunk, path, size_bytes in (await read_leftovers(third_spool))["abc"]:
            third.queue.restore(chunk, path, size_bytes)
        await third.queue.flush()
        await asyncio.gather(*third.queue._tasks)
        [record] = await close_all(store)
        # Written last, and in its place all the same.
        assert heard(file_of(store, record)) == list(range(encoder.number))
        assert record.missing == []
        third_spool.close()
        assert list(tmp_path.iterdir()) == []

    run(work())
