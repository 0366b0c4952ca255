"""A crowd comes in by so many a turn, in its order."""

import asyncio

import pytest

from audiocast.web.http.accept_queue import ENTER_A_TURN, Door


async def come_in(door: Door, number: int, came: list[int]) -> None:
    await door.enter()
    came.append(number)


async def turns_of(came: list[int], count: int) -> list[int]:
    """Give how many came in each turn of the loop, until all have."""
    turns = []
    for _ in range(100):
        before = len(came)
        await asyncio.sleep(0)
        turns.append(len(came) - before)
        if len(came) == count:
            return turns
    raise AssertionError(f"expected {count} to come in, {len(came)} did")


async def test_a_crowd_comes_in_by_eights_and_in_order() -> None:
    door, came = Door(), list[int]()
    count = 3 * ENTER_A_TURN + 1
    tasks = [asyncio.ensure_future(come_in(door, number, came)) for number in range(count)]
    turns = await turns_of(came, count)
    assert max(turns) == ENTER_A_TURN
    assert came == list(range(count))
    await asyncio.gather(*tasks)


async def test_who_comes_alone_does_not_wait() -> None:
    door = Door()
    for _ in range(3):
        for _ in range(ENTER_A_TURN):
            with pytest.raises(StopIteration):
                door.enter().send(None)
        await asyncio.sleep(0)


async def test_who_has_gone_takes_nobodys_place() -> None:
    door, came = Door(), list[int]()
    count = 3 * ENTER_A_TURN
    tasks = [asyncio.ensure_future(come_in(door, number, came)) for number in range(count)]
    await asyncio.sleep(0)
    gone = tasks[ENTER_A_TURN : 2 * ENTER_A_TURN]
    for task in gone:
        task.cancel()
    await asyncio.wait(tasks, timeout=5)
    assert came == [*range(ENTER_A_TURN), *range(2 * ENTER_A_TURN, count)]


async def test_nothing_runs_when_nobody_comes() -> None:
    door = Door()
    await door.enter()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not door._is_counting
