"""A crowd comes in by so many a turn, in its order."""

import asyncio

import pytest

from audiocast.web.http.accept_queue import ADMITTED_PER_TURN, AcceptQueue


async def come_in(queue: AcceptQueue, number: int, came: list[int]) -> None:
    await queue.wait_for_turn()
    came.append(number)


async def turns_of(came: list[int], count: int) -> list[int]:
    """Return how many came in each turn of the loop, until all have."""
    turns = []
    for _ in range(100):
        before = len(came)
        await asyncio.sleep(0)
        turns.append(len(came) - before)
        if len(came) == count:
            return turns
    raise AssertionError(f"expected {count} to come in, {len(came)} did")


async def test_a_crowd_comes_in_by_eights_and_in_order() -> None:
    queue, came = AcceptQueue(), list[int]()
    count = 3 * ADMITTED_PER_TURN + 1
    tasks = [asyncio.ensure_future(come_in(queue, number, came)) for number in range(count)]
    turns = await turns_of(came, count)
    assert max(turns) == ADMITTED_PER_TURN
    assert came == list(range(count))
    await asyncio.gather(*tasks)


async def test_who_comes_alone_does_not_wait() -> None:
    queue = AcceptQueue()
    for _ in range(3):
        for _ in range(ADMITTED_PER_TURN):
            with pytest.raises(StopIteration):
                queue.wait_for_turn().send(None)
        await asyncio.sleep(0)


async def test_who_has_gone_takes_nobodys_place() -> None:
    queue, came = AcceptQueue(), list[int]()
    count = 3 * ADMITTED_PER_TURN
    tasks = [asyncio.ensure_future(come_in(queue, number, came)) for number in range(count)]
    await asyncio.sleep(0)
    gone = tasks[ADMITTED_PER_TURN : 2 * ADMITTED_PER_TURN]
    for task in gone:
        task.cancel()
    await asyncio.wait(tasks, timeout=5)
    assert came == [*range(ADMITTED_PER_TURN), *range(2 * ADMITTED_PER_TURN, count)]


async def test_nothing_runs_when_nobody_comes() -> None:
    queue = AcceptQueue()
    await queue.wait_for_turn()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not queue._is_counting
