"""The limiter: what comes out never has a higher peak than its ceiling, and is else what came in."""

import math
from array import array
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.client.audio.loud_sound import blocks, drums, sine, speech, tune
from tests.client.judge import judge
from tk_streamer.audio.limiter import CEILING_DBTP, LOOK_AHEAD_MS, Limiter

# What the two resamplers hold, beside the look-ahead.
RESAMPLING_SAMPLES = 32
LOOK_AHEAD_SAMPLES = LOOK_AHEAD_MS * 48
# What the way back to 48 kHz may add to a peak, in the worst of sounds.
OVERSHOOT_DB = 0.6


def limited(pcm: bytes, gain_db: float = 0.0, channels: int = 2, limits: bool = True) -> bytes:
    limiter = Limiter(channels, gain_db=gain_db, limits=limits)
    return b"".join(limiter.process(block, gain_db) for block in blocks(pcm, channels)) + limiter.flush()


@pytest.mark.parametrize("sound", [speech, tune, drums])
@pytest.mark.parametrize("gain_db", [6.0, 20.0])
def test_no_peak_is_above_the_ceiling(sound: Callable[[], bytes], gain_db: float, tmp_path: Path) -> None:
    path = tmp_path / "limited.raw"
    path.write_bytes(limited(sound(), gain_db))
    assert judge(path).true_peak_dbtp <= CEILING_DBTP + OVERSHOOT_DB


def test_peaks_between_two_samples_count(tmp_path: Path) -> None:
    """Signal 16 of EBU Tech 3341 at full scale: no sample is above -3 dBFS, and the wave reaches 0."""
    pcm = sine([(0.0, 1.0)], hz=12_000, degrees=45)
    assert max(array("h", pcm)) < 32_768 * 10 ** (-3 / 20)
    path = tmp_path / "between.raw"
    path.write_bytes(limited(pcm)[48_000:])
    assert judge(path).true_peak_dbtp == pytest.approx(CEILING_DBTP, abs=OVERSHOOT_DB)


def test_what_is_below_the_ceiling_stays_as_it_is_and_comes_a_look_ahead_later() -> None:
    pcm = sine([(-12.0, 0.5)], hz=997)
    delay = LOOK_AHEAD_SAMPLES + RESAMPLING_SAMPLES
    before, after = (array("h", each)[::2] for each in (pcm, limited(pcm)))
    assert not any(after[: delay - 100])
    # The look-ahead ends a quarter of a sample short: 3.3 % of a wave of 997 Hz.
    peak = max(before)
    assert all(
        abs(a - b) <= 0.035 * peak for a, b in zip(before[500:-500], after[delay + 500 :], strict=False)
    )
    assert max(after) == pytest.approx(peak, abs=3)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_block_comes_out_for_each_that_goes_in(channels: int) -> None:
    limiter = Limiter(channels)
    pcm = sine([(-6.0, 0.2)], channels=channels)
    assert [len(limiter.process(block, 0.0)) for block in blocks(pcm, channels)] == [1920 * channels] * 10
    assert len(limiter.flush()) == (LOOK_AHEAD_SAMPLES + RESAMPLING_SAMPLES) * 2 * channels


@pytest.mark.parametrize("seconds", [0.001, 0.013, 1.0])
def test_a_sound_that_is_not_live_keeps_its_length_and_begins_at_once(seconds: float) -> None:
    pcm = sine([(-6.0, seconds)])
    limiter = Limiter(2, is_live=False)
    out = b"".join(limiter.process(block, 0.0) for block in blocks(pcm)) + limiter.flush()
    assert len(out) == len(pcm)
    before, after = array("h", pcm)[::2], array("h", out)[::2]
    assert all(abs(a - b) < 0.1 * 16_384 for a, b in zip(before[:40], after[:40], strict=True))


def test_the_end_of_the_sound_comes_out() -> None:
    pcm = bytes(4 * 9_000) + sine([(-6.0, 0.02)])
    assert max(array("h", limited(pcm)[-4 * 500 :])) > 15_000


def test_a_sound_without_a_block_is_none() -> None:
    assert not any(Limiter(2).flush())


def test_without_a_limiter_the_sound_is_the_same_to_the_bit() -> None:
    assert limited(tune(), limits=False) == tune()


def test_the_gain_moves_without_a_jump() -> None:
    limiter = Limiter(1)
    pcm = sine([(-20.0, 1.0)], channels=1)
    louder = array("h", b"".join(limiter.process(block, 6.0) for block in blocks(pcm, 1)))
    assert max(louder[-4_800:]) == pytest.approx(32_768 * 10 ** (-14 / 20), rel=0.01)
    # A step of the sine itself is 0.13 of its peak.
    steps = [abs(b - a) for a, b in pairwise(louder)]
    assert max(steps) < 0.15 * 32_768 * 10 ** (-14 / 20)


def test_the_high_pass_takes_rumble_and_leaves_the_voice() -> None:
    def power_db(hz: float) -> float:
        limiter = Limiter(1, cuts_lows=True)
        pcm = sine([(-20.0, 1.0)], hz=hz, channels=1)
        out = array("h", b"".join(limiter.process(block, 0.0) for block in blocks(pcm, 1)))[24_000:]
        return 20 * math.log10(math.hypot(*out) / math.sqrt(len(out)) / 32_768) + 3.01

    assert power_db(20.0) < -40
    assert power_db(1_000.0) == pytest.approx(-20.0, abs=0.2)
