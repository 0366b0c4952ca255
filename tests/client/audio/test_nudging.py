"""A sample more or less, and nothing that can be heard."""

from array import array
from itertools import islice, pairwise

import pytest

from tk_streamer.audio.music import tone
from tk_streamer.audio.nudging import nudged


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", [1, -1])
def test_one_sample_and_no_step(channels: int, samples: int) -> None:
    block = next(islice(tone(1000, peak=20_000, channels=channels), 3, None))
    longer = array("h", nudged(block, channels, samples))
    assert len(longer) == (960 + samples) * channels
    before = max(abs(b - a) for a, b in pairwise(array("h", block)[::channels]))
    for channel in range(channels):
        assert max(abs(b - a) for a, b in pairwise(longer[channel::channels])) <= before + 1


@pytest.mark.parametrize("samples", [1, -1])
def test_silence_stays_silence(samples: int) -> None:
    assert nudged(bytes(4 * 960), 2, samples) == bytes(4 * (960 + samples))
