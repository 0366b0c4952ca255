"""Decodes with ffmpeg, and measures how much of a sound is a tone."""

from __future__ import annotations

import math
import subprocess
from array import array
from pathlib import Path

SAMPLE_RATE = 48_000
WINDOW_SECONDS = 0.05

# The least share of a window's power in the tone; an encoded sine has more than 0.95.
LEAST_SHARE = 0.8


def decode(path: Path, channels: int = 2) -> list[array[int]]:
    """Return the samples of each channel at 48 kHz; a warning of the decoder is a failure."""
    command = ["ffmpeg", "-nostdin", "-v", "warning", "-i", str(path), "-f", "s16le"]
    command += ["-ar", str(SAMPLE_RATE), "-ac", str(channels), "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stderr == b"", done.stderr.decode()
    samples = array("h", done.stdout)
    return [samples[channel::channels] for channel in range(channels)]


def power_share(samples: array[int], hz: float) -> float:
    """Return the share of the power that is in a sine of this frequency, 0 to 1 (Goertzel's algorithm)."""
    factor = 2 * math.cos(math.tau * hz / SAMPLE_RATE)
    last, before = 0.0, 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    power = last * last + before * before - factor * last * before
    total = sum(sample * sample for sample in samples)
    return 2 * power / (len(samples) * total) if total else 0.0


def time_share(samples: array[int], hz: float) -> float:
    """Return the share of the time in which the tone is there, 0 to 1.

    This is for recordings of a busy machine: one gap puts the tone out of phase, and for `power_share` two
    halves of a second that are out of phase hold no tone at all.
    """
    size = round(WINDOW_SECONDS * SAMPLE_RATE)
    windows = [samples[start : start + size] for start in range(0, len(samples) - size + 1, size)]
    return sum(power_share(window, hz) > LEAST_SHARE for window in windows) / len(windows)
