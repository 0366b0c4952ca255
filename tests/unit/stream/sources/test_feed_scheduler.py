"""The loop's time for what sources send: at once while it lasts, in turns when there is more to do."""

import asyncio

import pytest

from audiocast.stream.feed_scheduler import FeedScheduler
from tests.support.clock.fake_clock import FakeClock

SLICE_SECONDS = 0.002
PAUSE_SECONDS = 0.00015
STEP_SECONDS = 0.0004
STEPS_A_SLICE = round(SLICE_SECONDS / STEP_SECONDS)
LONG = 1000


class Work:
    """Steps that take time.

    Args:
        clock: Goes on with each step.
        steps: How many there are.
        done: Where each step adds `name`.
    """

    def __init__(
        self, clock: FakeClock, steps: int, *, name: str = "", done: list[str] | None = None
    ) -> None:
        self.left = steps
        self.done = done if done is not None else []
        self._clock = clock
        self._name = name

    def step(self, now: float) -> bool:
        assert now == self._clock.time()
        assert self.left > 0, "a step after the last one"
        self.left -= 1
        self.done.append(self._name)
        self._clock.skip(STEP_SECONDS)
        return self.left > 0


class Damaged(Exception):
    """What a step finds."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def scheduler(clock: FakeClock) -> FeedScheduler:
    return FeedScheduler(clock)


def rest(clock: FakeClock) -> None:
    """Let the loop do something else."""
    clock.skip(2 * PAUSE_SECONDS)


async def test_little_work_is_done_at_once_and_waits_for_nothing(
    clock: FakeClock, scheduler: FeedScheduler
) -> None:
    for _ in range(LONG):
        rest(clock)
        work = Work(clock, STEPS_A_SLICE - 1)
        assert scheduler.run(work.step) is None
        assert work.left == 0
    assert clock.due == 0, "the usual page costs no turn of the loop"


async def test_no_turn_of_the_loop_has_more_than_a_slice(clock: FakeClock, scheduler: FeedScheduler) -> None:
    rest(clock)
    work = Work(clock, LONG)
    wait = scheduler.run(work.step)
    assert wait is not None
    turns = 1
    while work.left:
        done = len(work.done)
        clock.turn()
        assert 0 < len(work.done) - done <= STEPS_A_SLICE
        turns += 1
    assert turns == LONG / STEPS_A_SLICE
    await wait
    assert clock.due == 0


async def test_calls_that_follow_each_other_share_a_slice(clock: FakeClock, scheduler: FeedScheduler) -> None:
    """A WebSocket's messages of a byte each, and a hundred sources with a page each."""
    rest(clock)
    works = [Work(clock, 1) for _ in range(LONG)]
    waits = [scheduler.run(work.step) for work in works]
    assert [work.left for work in works].count(0) == STEPS_A_SLICE
    assert [wait is None for wait in waits].count(True) == STEPS_A_SLICE
    clock.settle()
    assert not any(work.left for work in works)
    for wait in waits[STEPS_A_SLICE:]:
        assert wait is not None
        await wait


async def test_time_that_the_caller_needs_between_two_calls_counts_too(
    clock: FakeClock, scheduler: FeedScheduler
) -> None:
    rest(clock)
    calls = 0
    while scheduler.run(Work(clock, 1).step) is None:
        clock.skip(0.9 * PAUSE_SECONDS)
        calls += 1
    assert 0 < calls < STEPS_A_SLICE


async def test_a_source_with_little_is_done_before_one_with_much(
    clock: FakeClock, scheduler: FeedScheduler
) -> None:
    rest(clock)
    done: list[str] = []
    heavy = [Work(clock, LONG, name="heavy", done=done) for _ in range(6)]
    waits = [scheduler.run(work.step) for work in heavy]
    before = len(done)
    light = Work(clock, 2, name="light", done=done)
    waits.append(scheduler.run(light.step))
    while light.left:
        clock.turn()
    until_light = done[before : len(done) - done[::-1].index("light")]
    assert until_light.count("heavy") <= 2 * len(heavy)
    assert all(wait is not None for wait in waits)


async def test_all_are_served_in_their_order(clock: FakeClock, scheduler: FeedScheduler) -> None:
    rest(clock)
    done: list[str] = []
    scheduler.run(Work(clock, STEPS_A_SLICE).step)
    for name in "abc":
        scheduler.run(Work(clock, 3, name=name, done=done).step)
    clock.settle()
    assert "".join(done) == "abcabcabc"


async def test_an_error_is_raised_where_it_is_waited_for(clock: FakeClock, scheduler: FeedScheduler) -> None:
    def fail(now: float) -> bool:
        raise Damaged

    rest(clock)
    with pytest.raises(Damaged):
        scheduler.run(fail)
    scheduler.run(Work(clock, STEPS_A_SLICE).step)
    wait = scheduler.run(fail)
    other = Work(clock, 5)
    scheduler.run(other.step)
    assert wait is not None
    clock.settle()
    with pytest.raises(Damaged):
        await wait
    assert other.left == 0, "the error of one source is nothing to another one"


async def test_steps_that_nobody_waits_for_any_more_are_not_done(
    clock: FakeClock, scheduler: FeedScheduler
) -> None:
    async def wait_for(work: Work) -> None:
        wait = scheduler.run(work.step)
        assert wait is not None
        await wait

    rest(clock)
    work = Work(clock, LONG)
    task = asyncio.create_task(wait_for(work))
    await asyncio.sleep(0)
    clock.turn()
    left = work.left
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.settle()
    assert work.left == left
