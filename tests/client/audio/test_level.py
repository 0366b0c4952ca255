"""The meter: levels that can be computed by hand."""

from array import array
from itertools import islice

import pytest

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.level import PEAK_FALL_DB_PER_SECOND, Level, Meter
from tk_streamer.audio.music import tone

SILENT_BLOCK = bytes(4 * 960)


def after(blocks: list[bytes], channels: int = 2) -> Level:
    meter = Meter(channels, SAMPLE_RATE)
    for block in blocks:
        meter.measure(block, now=5.0)
    return meter.level


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sine_has_its_peak_and_its_power(channels: int) -> None:
    level = after(list(islice(tone(1000, peak=16_384, channels=channels), 150)), channels)
    assert level.peak_dbfs == pytest.approx(-6.02, abs=0.05)
    assert level.rms_dbfs == pytest.approx(-9.03, abs=0.05)
    assert level.clipped_at is None


def test_silence_is_no_number() -> None:
    assert after([SILENT_BLOCK] * 10) == Level()
    assert after([]) == Level()
    assert after([b""]) == Level()


def test_the_louder_side_counts() -> None:
    assert after([array("h", [0, -3_277] * 960).tobytes()]).peak_dbfs == pytest.approx(-20.0, abs=0.01)


def test_a_peak_falls_slowly() -> None:
    level = after([array("h", [20_000] * 1920).tobytes(), *[SILENT_BLOCK] * 50])
    assert level.peak_dbfs == pytest.approx(-4.29 - PEAK_FALL_DB_PER_SECOND, abs=0.05)


@pytest.mark.parametrize("sample", [32_767, -32_768])
def test_full_scale_is_a_clip_and_is_remembered(sample: int) -> None:
    meter = Meter(2, SAMPLE_RATE)
    meter.measure(array("h", [0, sample]).tobytes(), now=7.0)
    meter.measure(SILENT_BLOCK, now=8.0)
    assert meter.level.clipped_at == 7.0
