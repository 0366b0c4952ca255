"""Closing a show: each request of the store fails once, and each is once the last that a process makes."""

import asyncio
from collections.abc import Callable

import pytest

from audiocast.recordings.names import ShowId
from audiocast.recordings.open_show import OpenShow
from audiocast.recordings.show_record import ShowRecord, ShowState
from audiocast.recordings.store.store import StoreError
from tests.support.clock.jumping_loop import run
from tests.unit.recordings.memory_store import Crash, MemoryStore, file_packets
from tests.unit.recordings.show_harness import GAP_SECONDS, Encoder, Owner, close_all, closer, file_of
from tests.unit.stream.audio import number_of

SECONDS = 12
MAX_REQUESTS = 60


async def record_show(store: MemoryStore, *, is_over: bool = True) -> Encoder:
    """Record a short show."""
    owner, encoder = Owner(store), Encoder()
    owner.recorder.start_writing()
    owner.recorder.note_title("A song", "A singer")
    await encoder.send(SECONDS, owner.recorder)
    owner.recorder.stop_writing()
    if is_over:
        owner.queue.end_show()
    await owner.queue.flush()
    return encoder


def is_whole(store: MemoryStore, encoder: Encoder, records: list[ShowRecord]) -> None:
    """Check that there is one show with all that was sent, and nothing else."""
    [record] = records
    packets = file_packets(file_of(store, record))
    assert [number_of(each) for each in packets] == list(range(encoder.number))
    assert (record.state, record.seconds, record.missing) == (ShowState.READY, SECONDS, [])
    assert record.size_bytes == len(file_of(store, record))
    show_id = ShowId.parse(record.show_id)
    assert store.keys("") == sorted((show_id.record_key, show_id.file_key))


def interrupt(store: MemoryStore, number: int, error: BaseException, *, is_done: bool) -> None:
    """Have one request end with an error, before it is done or behind it."""
    asked = 0

    def count(method: str, key: str) -> None:
        nonlocal asked
        asked += 1
        if asked == number:
            raise error

    if is_done:
        store.after = count
    else:
        store.before = count


def calm(store: MemoryStore) -> None:
    store.before = store.after = lambda method, key: None


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("make", [lambda: StoreError("500"), Crash], ids=["fails", "crashes"])
def test_each_request_once(make: Callable[[], BaseException], is_done: bool) -> None:
    async def work() -> None:
        interrupted = 0
        for number in range(1, MAX_REQUESTS):
            store = MemoryStore()
            encoder = await record_show(store)
            interrupt(store, number, make(), is_done=is_done)
            try:
                await closer(store).look()
                was_interrupted = bool(store.keys("open/"))
            except (Crash, StoreError):
                was_interrupted = True
            interrupted += was_interrupted
            calm(store)
            is_whole(store, encoder, await close_all(store))
        # More requests were interrupted than there are steps.
        assert interrupted >= 10

    run(work())


def test_a_show_is_not_closed_while_somebody_writes() -> None:
    async def work() -> None:
        store, one = MemoryStore(), closer(MemoryStore())
        one = closer(store)
        owner, encoder = Owner(store), Encoder()
        owner.recorder.start_writing()
        for _ in range(10):
            await encoder.send(100, owner.recorder)
            await one.look()
            [key] = store.keys("open/")
            assert not OpenShow.parse(store.objects[key][0]).lease
        owner.kill()
        await asyncio.sleep(GAP_SECONDS - 110)
        await one.look()
        assert store.keys("files/") == []
        await asyncio.sleep(120)
        await one.look()
        assert len(store.keys("files/")) == 1

    run(work())


def test_two_members_close_it_once() -> None:
    async def work() -> None:
        store = MemoryStore()
        store.slow_seconds = 0.1
        encoder = await record_show(store)
        written = 0

        def count(method: str, key: str) -> None:
            nonlocal written
            written += method == "put_parts"

        store.after = count
        await asyncio.gather(closer(store).look(), closer(store).look(), closer(store).look())
        calm(store)
        assert written == 1
        is_whole(store, encoder, await close_all(store))

    run(work())


def test_a_file_that_is_not_what_was_written_costs_no_chunks() -> None:
    async def work() -> None:
        store = MemoryStore()
        encoder = await record_show(store)

        def damage(method: str, key: str) -> None:
            if method == "put_parts":
                data, write = store.objects[key]
                store.objects[key] = data[:-1] + b"x", write

        store.after = damage
        await closer(store).look()
        assert len(store.keys("chunks/")) == 3
        calm(store)
        is_whole(store, encoder, await close_all(store))

    run(work())


def test_a_show_without_chunks_leaves_nothing() -> None:
    async def work() -> None:
        store = MemoryStore()
        await record_show(store)
        for key in store.keys("chunks/"):
            del store.objects[key]
        assert await close_all(store) == []
        assert store.keys("") == []

    run(work())


def test_a_damaged_chunk_is_a_hole() -> None:
    async def work() -> None:
        store = MemoryStore()
        encoder = await record_show(store)
        key = store.keys("chunks/")[1]
        data, write = store.objects[key]
        store.objects[key] = data[:-10], write
        [record] = await close_all(store)
        assert record.missing == [[5.0, 10.0]]
        packets = file_packets(file_of(store, record))
        assert [number_of(each) for each in packets if len(each) > 3] == [
            *range(250),
            *range(500, encoder.number),
        ]

    run(work())
