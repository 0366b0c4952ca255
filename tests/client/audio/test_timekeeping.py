"""The clock of a sound input, with devices that are fast or slow, stop, and come back. The clock is fake."""

import pytest

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.timekeeping import GAP_SECONDS, NUDGE_FROM_SECONDS, SURPLUS_SECONDS, Timekeeper

BLOCK = 960
TICK_SECONDS = 0.01


class Card:
    """A sound card whose clock is off, and the loop that reads it."""

    def __init__(self, speed: float = 1.0) -> None:
        self.now = 50.0
        self.keeper = Timekeeper(lambda: self.now, sample_rate_hz=SAMPLE_RATE, block_samples=BLOCK)
        self.waiting = 0
        self.given = self.filled = self.dropped = self.nudges = 0
        self._speed = speed
        self._produced = 0.0
        self.keeper.start()

    def run(self, seconds: float, *, gives: bool = True) -> None:
        """Advance the clock in callbacks of 10 ms."""
        for _ in range(round(seconds / TICK_SECONDS)):
            self.now += TICK_SECONDS
            if gives:
                self.come(TICK_SECONDS * self._speed)
            self.read()

    def come(self, seconds: float) -> None:
        """Deliver sound of the card."""
        before = int(self._produced)
        self._produced += seconds * SAMPLE_RATE
        self.waiting += int(self._produced) - before
        self.keeper.note_input()

    def read(self) -> None:
        """Do what `Microphone.read` does until it would wait."""
        while True:
            correction = self.keeper.correction(self.waiting)
            if correction.fill_samples:
                self.filled += correction.fill_samples
                self._give(correction.fill_samples)
            elif correction.drop_samples:
                self.waiting -= correction.drop_samples
                self.dropped += correction.drop_samples
            elif self.waiting >= BLOCK - correction.nudge_samples:
                self.waiting -= BLOCK - correction.nudge_samples
                self.nudges += correction.nudge_samples
                self._give(BLOCK)
            else:
                return

    def _give(self, samples: int) -> None:
        self.given += samples
        self.keeper.count_output(samples)

    @property
    def ahead_seconds(self) -> float:
        """How much more was given than time has passed."""
        return self.given / SAMPLE_RATE - (self.now - 50.0)


def test_a_good_card_is_left_alone() -> None:
    card = Card()
    card.run(60)
    assert (card.filled, card.dropped, card.nudges) == (0, 0, 0)
    assert card.ahead_seconds == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("speed", [1 - 200e-6, 1 - 50e-6, 1 + 50e-6, 1 + 200e-6])
def test_a_card_that_runs_off_is_nudged_by_single_samples(speed: float) -> None:
    card = Card(speed)
    card.run(3600)
    assert (card.filled, card.dropped) == (0, 0)
    assert card.ahead_seconds == pytest.approx(0, abs=NUDGE_FROM_SECONDS + 0.03)
    # All that the card was off by, in single samples; what is below the threshold stays.
    assert card.nudges == pytest.approx((1 - speed) * 3600 * SAMPLE_RATE, abs=0.06 * SAMPLE_RATE)


def test_a_card_that_stands_still_is_filled_in_real_time() -> None:
    card = Card()
    card.run(10)
    card.run(GAP_SECONDS - 0.05, gives=False)
    assert card.filled == 0
    card.run(30, gives=False)
    assert card.ahead_seconds == pytest.approx(0, abs=0.05)
    filled = card.filled
    card.run(10)
    assert card.filled == filled
    assert card.ahead_seconds == pytest.approx(0, abs=0.06)


def test_while_it_fills_silence_goes_out_block_by_block() -> None:
    card = Card()
    card.run(1)
    card.run(1, gives=False)
    before = card.filled
    card.run(0.02, gives=False)
    assert card.filled - before == BLOCK
    assert 0 <= (card.keeper.seconds_to_fill(card.waiting) or 0) <= BLOCK / SAMPLE_RATE


def test_sound_that_comes_late_is_dropped_and_never_squeezed() -> None:
    card = Card()
    card.run(10)
    card.run(2, gives=False)
    card.come(2)
    card.read()
    assert card.dropped / SAMPLE_RATE == pytest.approx(2, abs=0.05)
    card.run(1)
    assert card.ahead_seconds == pytest.approx(0, abs=0.05)


def test_a_short_hold_up_costs_nothing() -> None:
    card = Card()
    card.run(10)
    card.run(GAP_SECONDS - 0.05, gives=False)
    card.come(GAP_SECONDS - 0.05)
    card.run(10)
    assert (card.filled, card.dropped) == (0, 0)


def test_before_its_begin_it_asks_for_nothing() -> None:
    keeper = Timekeeper(lambda: 7.0, sample_rate_hz=SAMPLE_RATE, block_samples=BLOCK)
    assert keeper.seconds_to_fill(0) is None
    assert keeper.correction(0).fill_samples == 0


def test_what_is_there_at_the_begin_is_not_early() -> None:
    keeper = Timekeeper(lambda: 7.0, sample_rate_hz=SAMPLE_RATE, block_samples=BLOCK)
    samples = round(2 * SURPLUS_SECONDS * SAMPLE_RATE)
    keeper.start(samples)
    assert keeper.correction(samples).drop_samples == 0
