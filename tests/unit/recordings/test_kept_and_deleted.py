"""Lists, deletion and retention: each request of the store fails once, or is the last one."""

from collections.abc import Callable

import pytest

from audiocast.recordings.names import ShowId
from audiocast.recordings.retention import Retention
from audiocast.recordings.show_record import ShowRecord, ShowState
from audiocast.recordings.shows import NoSuchShow, NotReady, Shows
from audiocast.recordings.store.store import StoreError
from tests.support.clock.jumping_loop import run
from tests.unit.recordings.memory_store import Crash, MemoryStore

DAY = 86_400.0
NOW = 1_800_000_000.0


async def put_show(
    store: MemoryStore,
    days_ago: float,
    *,
    stream_id: str = "abc",
    size: int = 100,
    is_kept: bool = False,
    state: ShowState = ShowState.READY,
) -> ShowId:
    """Put a show into a store."""
    show_id = ShowId.of(stream_id, NOW - days_ago * DAY)
    record = ShowRecord(
        str(show_id), stream_id, "", show_id.started_at, is_private=False, is_kept=is_kept, state=state
    )
    await store.put(show_id.record_key, record.encode())
    if state is ShowState.READY:
        await store.put(show_id.file_key, bytes(size))
    return show_id


def of(store: MemoryStore) -> Shows:
    return Shows(store, lambda: 0.0)


def retention(store: MemoryStore, *, keep_days: float = 0, keep_bytes: int = 0) -> Retention:
    return Retention(of(store), keep_days=keep_days, keep_bytes=keep_bytes, wall=lambda: NOW)


async def left(store: MemoryStore, stream_id: str = "abc") -> list[str]:
    return [record.show_id for record in await of(store).of_stream(stream_id)]


def test_the_newest_show_comes_first_and_no_other_streams() -> None:
    async def work() -> None:
        store = MemoryStore()
        ids = [await put_show(store, days) for days in (3, 2, 1)]
        await put_show(store, 1, stream_id="abcd")
        assert await left(store) == [str(each) for each in reversed(ids)]

    run(work())


def test_a_list_is_asked_for_once_and_records_when_they_change() -> None:
    async def work() -> None:
        store, now = MemoryStore(), 0.0
        shows = Shows(store, lambda: now)
        show_id = await put_show(store, 1)
        await shows.of_stream("abc")
        before = store.requests
        await shows.of_stream("abc")
        assert store.requests == before
        now = 100.0
        await shows.of_stream("abc")
        assert store.requests == before + 1
        await shows.edit(show_id, title="Gala", is_kept=True)
        [record] = await shows.of_stream("abc")
        assert (record.title, record.is_kept) == ("Gala", True)

    run(work())


def test_too_old_is_deleted_and_kept_is_not() -> None:
    async def work() -> None:
        store = MemoryStore()
        await put_show(store, 40)
        kept, young = await put_show(store, 50, is_kept=True), await put_show(store, 29)
        live = await put_show(store, 60, state=ShowState.LIVE)
        assert await retention(store, keep_days=30).sweep() == 1
        assert await left(store) == [str(young), str(kept), str(live)]

    run(work())


def test_too_much_of_a_stream_is_deleted_the_oldest_first() -> None:
    async def work() -> None:
        store = MemoryStore()
        ids = [await put_show(store, days, size=100) for days in (4, 3, 2, 1)]
        other = await put_show(store, 9, stream_id="other", size=250)
        assert await retention(store, keep_bytes=250).sweep() == 2
        assert await left(store) == [str(ids[3]), str(ids[2])]
        assert await left(store, "other") == [str(other)]

    run(work())


def test_without_bounds_nothing_is_deleted() -> None:
    async def work() -> None:
        store = MemoryStore()
        show_id = await put_show(store, 4000, size=10**6)
        assert await retention(store).sweep() == 0
        assert await left(store) == [str(show_id)]

    run(work())


def test_a_show_that_is_on_is_not_deleted() -> None:
    async def work() -> None:
        store = MemoryStore()
        show_id = await put_show(store, 0, state=ShowState.LIVE)
        with pytest.raises(NotReady):
            await of(store).delete(show_id)
        with pytest.raises(NoSuchShow):
            await of(store).delete(ShowId.of("abc", NOW - 5))

    run(work())


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("make", [lambda: StoreError("500"), Crash], ids=["fails", "crashes"])
def test_a_deletion_that_stops_anywhere_is_finished_or_was_none(
    make: Callable[[], BaseException], is_done: bool
) -> None:
    async def work() -> None:
        interrupted = 0
        for number in range(1, 15):
            store = MemoryStore()
            show_id = await put_show(store, 1)
            asked = 0

            def count(method: str, key: str, stop_at: int = number) -> None:
                nonlocal asked
                asked += 1
                if asked == stop_at:
                    raise make()

            if is_done:
                store.after = count
            else:
                store.before = count
            try:
                await of(store).delete(show_id)
            except (Crash, StoreError):
                interrupted += 1
            store.before = store.after = lambda method, key: None
            await retention(store).sweep()
            if await left(store):
                assert store.keys("") == sorted((show_id.record_key, show_id.file_key))
            else:
                assert store.keys("") == []
        assert interrupted >= 5

    run(work())
