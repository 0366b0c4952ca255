"""One at a time for each key, and none twice for nothing."""

import asyncio

import pytest

from audiocast_operator.reconcile.keyed_lock import KeyedLock


async def test_who_comes_meanwhile_is_done_once_after_it() -> None:
    keyed_lock, gate = KeyedLock(), asyncio.Event()
    begun: list[int] = []

    async def work() -> None:
        begun.append(len(begun))
        await gate.wait()

    runs = [asyncio.create_task(keyed_lock.run("a", work)) for _ in range(5)]
    await asyncio.sleep(0)
    assert begun == [0]
    gate.set()
    await asyncio.gather(*runs)
    assert begun == [0, 1]


async def test_keys_do_not_wait_for_each_other() -> None:
    keyed_lock, gate = KeyedLock(), asyncio.Event()
    done: list[int] = []

    async def slow() -> None:
        await gate.wait()

    async def quick() -> None:
        done.append(1)

    waiting = asyncio.create_task(keyed_lock.run("a", slow))
    await asyncio.sleep(0)
    await keyed_lock.run("b", quick)
    assert done == [1]
    gate.set()
    await waiting


async def test_an_error_is_its_callers_and_opens_the_way() -> None:
    keyed_lock = KeyedLock()
    done: list[int] = []

    async def fails() -> None:
        raise ValueError("why")

    async def works() -> None:
        done.append(1)

    with pytest.raises(ValueError, match="why"):
        await keyed_lock.run("a", fails)
    await keyed_lock.run("a", works)
    assert done == [1]
