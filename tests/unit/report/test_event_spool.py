"""More events than memory may hold come back in their order."""

import random

import pytest

from audiocast.report.event_spool import EventSpool
from audiocast.report.sweep import END, MAX_INDEX, START, TRACK, event


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 50_000])
def test_numbers_come_back_sorted(count: int) -> None:
    chance = random.Random(count)
    numbers = [chance.getrandbits(64) for _ in range(count)]
    spool = EventSpool(run_numbers=100)
    for number in numbers:
        spool.add(number)
    assert list(spool.sorted()) == sorted(numbers)
    assert list(spool.sorted()) == []


def test_the_order_of_events_is_that_of_time_then_kind() -> None:
    ordered = [event(1, START, MAX_INDEX), event(2, END, 7), event(2, TRACK, 3), event(2, START, 0)]
    assert sorted(ordered) == ordered
    # The last moment of the year 2100.
    assert event(4_133_980_799_999, START, MAX_INDEX) < 1 << 64
