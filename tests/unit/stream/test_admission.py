"""Who comes when a server is full is turned away, for the reason that it is full."""

import contextlib

import pytest

from audiocast.stream.admission import Admission, Reason
from audiocast.stream.counters import Counters
from audiocast.stream.errors import ServerFull

QUARTER_SECOND = 0.25
MEASURES = 8
STARTED_AT = 1000.0


def admission(counters: Counters, **bounds: float) -> Admission:
    usual = {"max_listeners": 10, "max_waiting": 5, "max_egress_bps": 1e6, "max_lag_seconds": 0.2}
    return Admission(counters, **{**usual, **bounds})  # type: ignore[arg-type]


def run(door: Admission, counters: Counters, *, bytes_each: int = 0, lag_seconds: float = 0.0) -> None:
    for number in range(MEASURES):
        counters.sent_bytes += bytes_each
        door.measure(STARTED_AT + number * QUARTER_SECOND, lag_seconds)


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
    door.measure(STARTED_AT + MEASURES * QUARTER_SECOND, 0.5)
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


def test_there_is_no_rate_before_the_second_measure() -> None:
    counters = Counters()
    door = admission(counters)
    rates = [door.egress_bps]
    for number in range(3):
        door.measure(STARTED_AT + number, 0.0)
        rates.append(door.egress_bps)
        counters.sent_bytes += 1000 * (number + 1)
    assert rates == [0, 0, 8_000, 12_000]


def test_the_rate_and_the_lateness_are_those_of_the_last_eight_measures() -> None:
    counters = Counters()
    door = admission(counters)
    sent_bytes = 0
    for number in range(20):
        # Ever more, and ever later.
        sent_bytes += 1000 * number
        counters.sent_bytes = sent_bytes
        door.measure(STARTED_AT + number, number / 100)
    assert door.egress_bps == pytest.approx(8 * 1000 * sum(range(13, 20)) / 7)
    assert door.lag_seconds == pytest.approx(sum(range(12, 20)) / 8 / 100)


def test_a_server_that_is_just_full_is_full() -> None:
    counters = Counters()
    door = admission(counters, max_egress_bps=8_000, max_lag_seconds=0.25)
    run(door, counters, bytes_each=250)
    assert door.egress_bps == 8_000
    with pytest.raises(ServerFull, match="Mbit/s"):
        door.check()
    run(door, counters, lag_seconds=0.25)
    with pytest.raises(ServerFull, match="too much to do"):
        door.check()


def test_who_is_about_to_be_served_has_a_place_until_then() -> None:
    counters = Counters(listeners=9)
    door = admission(counters)
    with door.entering():
        assert door.entered == 1
        with pytest.raises(ServerFull), door.entering():
            pass
        assert door.entered == 1
    assert door.entered == 0
    with pytest.raises(RuntimeError), door.entering():
        raise RuntimeError("by the test")
    assert door.entered == 0
    door.check()
