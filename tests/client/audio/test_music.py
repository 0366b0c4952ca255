"""The generated sound: loud enough, never too loud, always the same, cheap."""

import random
import re
import subprocess
import sys
from array import array
from itertools import islice, pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.client.sound import power_share
from tk_streamer.audio import music as module
from tk_streamer.audio.music import CHORD_BLOCKS, SCALE, STEPS_PER_CHORD, music, tone
from tk_streamer.audio.pcm import BLOCK_SAMPLES

TWO_ROUNDS = 2 * len(module.CHORDS) * CHORD_BLOCKS


@pytest.fixture(scope="module")
def played() -> list[bytes]:
    return list(islice(music(), TWO_ROUNDS))


def test_it_comes_in_blocks_of_stereo(played: list[bytes]) -> None:
    assert {len(block) for block in played} == {4 * BLOCK_SAMPLES}


def test_it_is_as_loud_as_a_quiet_programme_and_never_near_full_scale(
    played: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "music.s16"
    path.write_bytes(b"".join(played))
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-f", "s16le", "-ar", "48000", "-ac", "2"]
    command += ["-i", str(path), "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    report = subprocess.run(command, capture_output=True, check=True, timeout=100, text=True).stderr
    loudness_lufs = re.findall(r"I:\s+(-?[\d.]+) LUFS", report)[-1]
    peak_dbfs = re.findall(r"Peak:\s+(-?[\d.]+) dBFS", report)[-1]
    assert -22 < float(loudness_lufs) < -18
    assert float(peak_dbfs) < -6


def test_it_never_falls_silent_and_never_jumps(played: list[bytes]) -> None:
    samples = array("h", b"".join(played[50:]))
    second = 2 * 48_000
    quietest = min(max(samples[start : start + second]) for start in range(0, len(samples) - second, second))
    assert quietest > 1_000
    left = samples[::2]
    # The brightest wave that it is made of rises by less than this from one sample to the next.
    assert max(abs(after - before) for before, after in pairwise(left)) < 4_000


def test_one_seed_is_one_piece(played: list[bytes]) -> None:
    assert list(islice(music(seed=1), CHORD_BLOCKS + 50)) == played[: CHORD_BLOCKS + 50]
    assert list(islice(music(seed=2), CHORD_BLOCKS + 50)) != played[: CHORD_BLOCKS + 50]


def test_figures_vary_and_stay_in_the_scale() -> None:
    figures = list(islice(module._figures(random.Random(3)), 200))
    notes = {note for figure in figures for note in figure}
    assert notes == {None, *range(len(SCALE))}
    assert {len(figure) for figure in figures} == {STEPS_PER_CHORD}
    for before, after in pairwise(figures):
        kept = sum(a == b for a, b in zip(before, after, strict=True))
        assert kept >= STEPS_PER_CHORD - 5
    assert len({tuple(figure) for figure in figures}) > 150


def test_notes_are_in_tune() -> None:
    for note in SCALE:
        hz = module._hz(note)
        assert power_share(module._wave(8_000, hz, (1.0,), 48_000), hz) > 0.999


def test_playing_runs_no_python_for_single_samples() -> None:
    # Counted, not timed: a block is some list work over a dozen voices, far from its 1,920 samples.
    blocks = music()
    next(blocks)
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        for _ in islice(blocks, 200):
            pass
    finally:
        sys.settrace(before)
    assert steps / 200 < 100


@pytest.mark.parametrize("hz", [20.0, 440.0, 997.3, 15_000.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_tone_is_one_sine_across_its_blocks(hz: float, channels: int) -> None:
    samples = array("h", b"".join(islice(tone(hz, channels=channels), 50)))
    for channel in range(channels):
        side = samples[channel::channels]
        assert len(side) == 48_000
        assert power_share(side, hz) > 0.999
        assert max(side) == pytest.approx(8_000, abs=25)
