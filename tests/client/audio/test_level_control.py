"""From a source to the encoder: what is measured where, and what mute leaves of it."""

import math

import pytest

from tests.client.audio.loud_sound import blocks, sine
from tk_streamer.audio.level import Level
from tk_streamer.audio.level_control import LevelControl
from tk_streamer.audio.limiter import CEILING_DBTP


def run(control: LevelControl, pcm: bytes, now: float = 5.0) -> Level:
    for block in blocks(pcm):
        control.process(block, now)
    return control.level


def test_the_meters_show_what_is_sent() -> None:
    level = run(LevelControl(2, gain_db=6.0), sine([(-26.0, 4.0)]))
    assert level.peak_dbfs == pytest.approx(-20.0, abs=0.1)
    assert level.rms_dbfs == pytest.approx(-23.0, abs=0.1)
    assert level.momentary_lufs == pytest.approx(-20.0, abs=0.1)
    assert level.short_term_lufs == pytest.approx(-20.0, abs=0.1)
    assert (level.limited_db, level.clipped_at) == (0.0, None)


def test_how_much_the_limiter_turns_down_is_said_and_falls_slowly() -> None:
    control = LevelControl(2, gain_db=12.0)
    level = run(control, sine([(-10.0, 0.5)]))
    assert level.limited_db == pytest.approx(2.0 - CEILING_DBTP, abs=0.1)
    assert level.peak_dbfs == pytest.approx(CEILING_DBTP, abs=0.2)
    before = level.limited_db
    assert 0 < run(control, bytes(4 * 4_800)).limited_db < before
    assert run(control, bytes(4 * 48_000)).limited_db == 0.0


def test_a_source_at_full_scale_clips_whatever_the_gain() -> None:
    assert run(LevelControl(2, gain_db=-20.0), sine([(0.0, 0.1)]), now=7.0).clipped_at == 7.0
    assert run(LevelControl(2, gain_db=20.0), sine([(-3.0, 0.1)])).clipped_at is None


def test_muted_nothing_is_sent_and_nothing_measured() -> None:
    control = LevelControl(2)
    control.is_muted = True
    sent = b"".join(control.process(block, 5.0) for block in blocks(sine([(0.0, 3.5)])))
    assert not any(sent)
    assert control.level == Level(-math.inf, -math.inf, None)
