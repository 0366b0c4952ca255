"""A show that is closed is told, before the last step: whoever goes on behind a crash tells it once more."""

import asyncio
from contextlib import suppress

import pytest

from audiocast.recordings.closing.closer import LEASE_SECONDS, TELL_SECONDS
from audiocast.recordings.show_record import ShowRecord, ShowState
from audiocast.recordings.store.store import StoreError
from tests.support.clock.jumping_loop import run
from tests.unit.recordings.memory_store import Crash, MemoryStore
from tests.unit.recordings.show_harness import close_all, closer
from tests.unit.recordings.test_closing import MAX_REQUESTS, calm, interrupt, is_whole, record_show


class Receiver:
    """Is told of shows, and takes it when a test says so."""

    def __init__(self) -> None:
        self.told: list[ShowRecord] = []
        self.taken: list[asyncio.Future[None]] = []

    def on_ready(self, record: ShowRecord) -> asyncio.Future[None]:
        self.told.append(record)
        self.taken.append(asyncio.get_running_loop().create_future())
        return self.taken[-1]

    def on_ready_taken(self, record: ShowRecord) -> asyncio.Future[None]:
        taken = self.on_ready(record)
        taken.set_result(None)
        return taken


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("error", [StoreError("500"), Crash()], ids=["fails", "crashes"])
def test_each_request_once(error: BaseException, is_done: bool) -> None:
    async def work() -> None:
        told_twice = 0
        for number in range(1, MAX_REQUESTS):
            store, receiver = MemoryStore(), Receiver()
            encoder = await record_show(store)
            interrupt(store, number, error, is_done=is_done)
            with suppress(Crash, StoreError):
                await closer(store, receiver.on_ready_taken).look()
            was_closed = not store.keys("open/")
            calm(store)
            if was_closed:
                # Nobody goes on: it has been told by now.
                assert receiver.told
            is_whole(store, encoder, records := await close_all(store, receiver.on_ready_taken))
            assert receiver.told
            # What is told is what everybody tells.
            assert all(record == records[0] for record in receiver.told)
            told_twice += len(receiver.told) == 2
        # The deletion of each chunk, and of the object that says that it is being closed.
        assert told_twice >= 3

    run(work())


def test_a_show_that_is_told_is_ready_and_forgotten_when_it_is_taken() -> None:
    async def work() -> None:
        store, receiver = MemoryStore(), Receiver()
        encoder = await record_show(store)
        one = closer(store, receiver.on_ready)
        await one.look()
        assert [record.state for record in receiver.told] == [ShowState.READY]
        assert (store.keys("chunks/"), len(store.keys("open/"))) == ([], 1)
        await asyncio.sleep(1)
        await one.look()
        assert len(store.keys("open/")) == 1
        receiver.taken[0].set_result(None)
        await one.look()
        assert store.keys("open/") == []
        is_whole(store, encoder, await close_all(store, receiver.on_ready))
        assert len(receiver.told) == 1

    run(work())


def test_who_is_killed_before_it_is_taken_has_an_heir_who_tells_it_again() -> None:
    async def work() -> None:
        store, first, heir = MemoryStore(), Receiver(), Receiver()
        encoder = await record_show(store)
        await closer(store, first.on_ready).look()
        other = closer(store, heir.on_ready_taken)
        await other.look()
        await asyncio.sleep(LEASE_SECONDS - 1)
        await other.look()
        assert heir.told == []
        await asyncio.sleep(2)
        await other.look()
        assert heir.told == first.told
        is_whole(store, encoder, await close_all(store, heir.on_ready))
        assert len(heir.told) == 1

    run(work())


def test_a_receiver_that_takes_nothing_is_not_waited_for_long() -> None:
    async def work() -> None:
        store, receiver = MemoryStore(), Receiver()
        encoder = await record_show(store)
        one = closer(store, receiver.on_ready)
        await one.look()
        await asyncio.sleep(TELL_SECONDS + 1)
        await one.look()
        is_whole(store, encoder, await close_all(store, receiver.on_ready))
        assert len(receiver.told) == 1

    run(work())


def test_a_show_without_sound_is_not_told() -> None:
    async def work() -> None:
        store, receiver = MemoryStore(), Receiver()
        await record_show(store)
        for key in store.keys("chunks/"):
            del store.objects[key]
        assert await close_all(store, receiver.on_ready) == []
        assert receiver.told == []

    run(work())
