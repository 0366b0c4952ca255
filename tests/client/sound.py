"""Decodes with ffmpeg and measures: what is in the sound, not what should be."""

from __future__ import annotations

import math
import subprocess
from array import array
from pathlib import Path

SAMPLE_RATE = 48_000


def decode(path: Path, channels: int = 2) -> list[array[int]]:
    """Give the samples of each channel at 48 kHz; a complaint of the decoder is a failure."""
    command = ["ffmpeg", "-nostdin", "-v", "warning", "-i", str(path), "-f", "s16le"]
    command += ["-ar", str(SAMPLE_RATE), "-ac", str(channels), "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stderr == b"", done.stderr.decode()
    samples = array("h", done.stdout)
    return [samples[channel::channels] for channel in range(channels)]


def power_share(samples: array[int], hz: float) -> float:
    """Give how much of the signal's power is in a sine of this frequency: 0 to 1 (Goertzel's algorithm)."""
    factor = 2 * math.cos(math.tau * hz / SAMPLE_RATE)
    last, before = 0.0, 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    power = last * last + before * before - factor * last * before
    total = sum(sample * sample for sample in samples)
    return 2 * power / (len(samples) * total) if total else 0.0
