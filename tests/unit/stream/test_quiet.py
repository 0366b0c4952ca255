"""A source that has gone quiet is found out once, and with one timer whatever its rate."""

import pytest

from audiocast.stream.quiet import QuietWatch
from tests.unit.stream.turned_clock import TurnedClock

ACTIVE_SECONDS = 2.5


class Watched:
    """A watch, and how often it has called."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.times = 0
        self.watch = QuietWatch(self.clock, active_seconds=ACTIVE_SECONDS, on_quiet=self._note)

    def hear(self) -> None:
        self.watch.hear(self.clock.time())

    def _note(self) -> None:
        self.times += 1


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_nothing_is_due_before_the_first_audio(watched: Watched) -> None:
    assert watched.clock.due == 0


def test_a_steady_source_is_never_quiet_and_has_one_timer(watched: Watched) -> None:
    for _ in range(500):
        watched.hear()
        watched.clock.advance(0.02)
        assert watched.clock.due == 1
    assert (watched.times, watched.watch.is_quiet) == (0, False)


def test_silence_is_told_once(watched: Watched) -> None:
    watched.hear()
    watched.clock.advance(2)
    watched.hear()
    watched.clock.advance(ACTIVE_SECONDS - 0.01)
    assert watched.times == 0
    watched.clock.advance(60)
    assert (watched.times, watched.watch.is_quiet) == (1, True)


def test_it_is_told_again_after_audio(watched: Watched) -> None:
    for times in (1, 2):
        watched.hear()
        watched.clock.advance(ACTIVE_SECONDS)
        assert watched.times == times


def test_who_stops_hears_nothing(watched: Watched) -> None:
    watched.hear()
    watched.watch.stop()
    watched.clock.advance(60)
    assert watched.times == 0
    watched.hear()
    watched.clock.advance(60)
    assert watched.times == 1
