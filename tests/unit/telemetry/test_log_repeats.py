"""The bound on repeated events: by level and name, in each second, and what is told of the rest."""

from audiocast.telemetry.log_repeats import LogEvent, RepeatLimit

REQUEST = LogEvent("info", "request")
FAILURE = LogEvent("error", "request")


class Clock:
    """A clock that stands still until it is set."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_so_many_in_a_second_and_so_many_in_the_next() -> None:
    clock = Clock()
    repeats = RepeatLimit(2, clock)
    assert [repeats.is_within(REQUEST) for _ in range(4)] == [True, True, False, False]
    clock.seconds = 0.99
    assert not repeats.is_within(REQUEST)
    clock.seconds = 1.0
    assert [repeats.is_within(REQUEST) for _ in range(3)] == [True, True, False]


def test_another_level_is_another_event() -> None:
    repeats = RepeatLimit(1, Clock())
    assert repeats.is_within(REQUEST)
    assert not repeats.is_within(REQUEST)
    assert repeats.is_within(FAILURE)


def test_what_was_too_many_is_told_once() -> None:
    repeats = RepeatLimit(1, Clock())
    for _ in range(5):
        repeats.is_within(REQUEST)
    repeats.is_within(FAILURE)
    assert repeats.collect_suppressed() == {REQUEST: 4}
    assert repeats.collect_suppressed() == {}


def test_nothing_is_too_many_without_a_bound() -> None:
    repeats = RepeatLimit(0, Clock())
    assert all(repeats.is_within(REQUEST) for _ in range(1000))
    assert repeats.collect_suppressed() == {}
