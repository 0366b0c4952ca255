"""Who comes when a server is full is turned away, for the reason that it is full."""

import contextlib

import pytest

from audiocast.stream.admission import MEASURES, Admission, Reason
from audiocast.stream.counters import Counters
from audiocast.stream.errors import ServerFull

QUARTER_SECOND = 0.25


def admission(counters: Counters, **bounds: float) -> Admission:
    usual = {"max_listeners": 10, "max_waiting": 5, "max_egress_bps": 1e6, "max_lag_seconds": 0.2}
    return Admission(counters, **{**usual, **bounds})  # type: ignore[arg-type]


def run(door: Admission, counters: Counters, *, bytes_each: int = 0, lag_seconds: float = 0.0) -> None:
    for number in range(MEASURES):
        counters.sent_bytes += bytes_each
        door.measure(number * QUARTER_SECOND, lag_seconds)


def test_an_idle_server_takes_everybody() -> None:
    counters = Counters()
    door = admission(counters)
    door.check()
    run(door, counters)
    door.check()
    assert (door.egress_bps, door.lag_seconds, sum(door.turned_away.values())) == (0, 0, 0)


@pytest.mark.parametrize(("listeners", "entered"), [(10, 0), (0, 10), (6, 4)])
def test_listeners_and_those_who_enter_count(listeners: int, entered: int) -> None:
    counters = Counters(listeners=listeners)
    door = admission(counters)
    door.entered = entered
    with pytest.raises(ServerFull, match="at most 10 listeners"):
        door.check()
    door.entered -= 1
    if entered:
        door.check()
    assert door.turned_away == {Reason.LISTENERS: 1, Reason.WAITING: 0, Reason.EGRESS: 0, Reason.LAG: 0}


def test_those_who_wait_take_no_place_of_listeners() -> None:
    counters = Counters(listeners=9)
    door = admission(counters)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(door.awaiting())
        door.check()
        with pytest.raises(ServerFull, match="at most 5 listeners that wait"):
            stack.enter_context(door.awaiting())
        assert door.turned_away[Reason.WAITING] == 1
    assert door.waiting == 0
    counters.listeners = 10
    with door.awaiting(), pytest.raises(ServerFull):
        door.check()


def test_what_goes_out_is_bounded_as_a_mean() -> None:
    counters = Counters()
    door = admission(counters)
    run(door, counters, bytes_each=31_000)
    assert door.egress_bps == pytest.approx(992_000)
    door.check()
    run(door, counters, bytes_each=32_000)
    with pytest.raises(ServerFull, match="at most 1 Mbit/s"):
        door.check()
    assert door.turned_away[Reason.EGRESS] == 1


def test_one_late_turn_turns_nobody_away_but_many_do() -> None:
    counters = Counters()
    door = admission(counters)
    run(door, counters)
    door.measure(MEASURES * QUARTER_SECOND, 0.5)
    door.check()
    run(door, counters, lag_seconds=0.25)
    with pytest.raises(ServerFull, match="too much to do"):
        door.check()
    run(door, counters)
    door.check()
    assert door.turned_away[Reason.LAG] == 1


def test_zero_is_no_bound() -> None:
    counters = Counters()
    door = admission(counters, max_egress_bps=0, max_lag_seconds=0)
    run(door, counters, bytes_each=10**9, lag_seconds=100)
    door.check()
