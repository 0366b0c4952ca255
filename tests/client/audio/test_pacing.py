"""Pacing, with a clock that the test turns."""

import itertools

import pytest

from tk_streamer.audio.pacing import MAX_CATCH_UP_SECONDS, paced

BLOCKS = [bytes((number,)) for number in range(200)]


class PacingClock:
    """Waits by turning itself on; each wait takes `overrun_seconds` too long, as real ones do."""

    def __init__(self, overrun_seconds: float = 0.0) -> None:
        self.now_seconds = 1000.0
        self.waits: list[float] = []
        self.is_stopped = False
        self._overrun_seconds = overrun_seconds

    def __call__(self) -> float:
        return self.now_seconds

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if seconds > 0:
            self.now_seconds += seconds + self._overrun_seconds
        return self.is_stopped


def test_waits_that_take_too_long_do_not_add_up() -> None:
    clock = PacingClock(overrun_seconds=0.005)
    moments = [clock() - 1000 for _ in paced(BLOCKS, block_seconds=0.02, wait=clock.wait, clock=clock)]
    assert moments == pytest.approx([number * 0.02 for number in range(200)], abs=0.0051)


def test_a_short_hold_up_is_made_good() -> None:
    clock = PacingClock()
    moments = []
    for block in paced(BLOCKS, block_seconds=0.02, wait=clock.wait, clock=clock):
        moments.append(clock() - 1000)
        if block == BLOCKS[10]:
            clock.now_seconds += 0.5
    assert moments[11:30] == pytest.approx([0.7] * 19)
    assert moments[199] == pytest.approx(199 * 0.02)


def test_a_long_hold_up_is_lost_and_not_sent_in_a_burst() -> None:
    clock = PacingClock()
    moments = []
    for block in paced(BLOCKS, block_seconds=0.02, wait=clock.wait, clock=clock):
        moments.append(clock() - 1000)
        if block == BLOCKS[10]:
            clock.now_seconds += MAX_CATCH_UP_SECONDS + 60
    gaps = [after - before for before, after in itertools.pairwise(moments[11:])]
    assert gaps == pytest.approx([0.02] * len(gaps))


def test_it_ends_when_it_is_told_to() -> None:
    clock = PacingClock()
    sent = []
    for block in paced(BLOCKS, block_seconds=0.02, wait=clock.wait, clock=clock):
        sent.append(block)
        clock.is_stopped = len(sent) == 3
    assert sent == BLOCKS[:3]
