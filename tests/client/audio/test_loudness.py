"""The loudness meter: the signals of EBU Tech 3341, and speech and music against the judge."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.audio.loud_sound import blocks, sine, speech, tune
from tests.client.judge import judge
from tk_streamer.audio.loudness import Loudness, LoudnessMeter


def measured(pcm: bytes, channels: int = 2) -> list[Loudness]:
    """Return what the meter shows after each block."""
    meter = LoudnessMeter(channels)
    shown = []
    for block in blocks(pcm, channels):
        meter.measure(block)
        shown.append(meter.loudness)
    return shown


@pytest.mark.parametrize("lufs", [-23.0, -33.0])
def test_a_steady_sine_is_as_loud_as_its_level(lufs: float) -> None:
    """Signals 1 and 2 of Tech 3341, table 1."""
    last = measured(sine([(lufs, 4.0)]))[-1]
    assert last.momentary == pytest.approx(lufs, abs=0.1)
    assert last.short_term == pytest.approx(lufs, abs=0.1)


def test_the_short_term_loudness_is_that_of_three_seconds() -> None:
    """Signal 9: whatever three seconds are looked at, they are as loud."""
    shown = measured(sine([(-20.0, 1.34), (-30.0, 1.66)] * 3))
    assert all(each.short_term == pytest.approx(-23.0, abs=0.1) for each in shown[155:])


def test_the_momentary_loudness_is_that_of_four_tenths() -> None:
    """Signal 12: whatever 400 ms are looked at, they are as loud."""
    shown = measured(sine([(-20.0, 0.18), (-30.0, 0.22)] * 10))
    assert all(each.momentary == pytest.approx(-23.0, abs=0.1) for each in shown[55:])


def test_one_channel_is_as_loud_as_two_with_the_same() -> None:
    one, two = (measured(sine([(-23.0, 1.0)], channels=channels), channels)[-1] for channels in (1, 2))
    assert one.momentary == pytest.approx(two.momentary, abs=0.05)


def test_silence_is_no_number() -> None:
    assert measured(bytes(4 * 48_000))[-1] == Loudness(-math.inf, -math.inf)


@pytest.mark.parametrize("sound", [speech, tune])
def test_it_says_what_the_judge_says(sound: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "sound.raw"
    path.write_bytes(sound())
    said = judge(path)
    # The judge speaks every 100 ms, the meter is read every 20.
    shown = measured(sound())[4::5]
    count = min(len(shown), len(said.short_term_lufs))
    for mine, momentary, short_term in zip(
        shown[30:count], said.momentary_lufs[30:count], said.short_term_lufs[30:count], strict=True
    ):
        assert mine.short_term == pytest.approx(short_term, abs=0.2)
        if momentary > -50:
            assert mine.momentary == pytest.approx(momentary, abs=0.2)
