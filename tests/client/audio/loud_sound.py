"""Sounds that are hard on a limiter and on a meter: sines of EBU Tech 3341, speech, music, drums, noise."""

import math
import random
import subprocess
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.music import music
from tk_streamer.audio.pcm import BLOCK_SAMPLES, block_bytes

SPEECH = (
    "Good evening. The quick brown fox jumps over the lazy dog. Seven, eight, nine, ten. "
    "Sphinx of black quartz, judge my vow. Six big boxes of paper cups, please."
)
MUSIC_SECONDS = 6


def sine(
    parts: Sequence[tuple[float, float]], *, hz: float = 1_000.0, degrees: float = 0.0, channels: int = 2
) -> bytes:
    """Return a sine in parts: dBFS of the peak, and seconds. Its phase never jumps."""
    samples = array("h")
    position = 0
    for dbfs, seconds in parts:
        peak = 32_768 * 10 ** (dbfs / 20)
        for _ in range(round(seconds * SAMPLE_RATE)):
            value = peak * math.sin(math.tau * hz * position / SAMPLE_RATE + math.radians(degrees))
            samples.extend([max(-32_768, min(32_767, round(value)))] * channels)
            position += 1
    return samples.tobytes()


@cache
def speech() -> bytes:
    """Return some seconds of a synthesized voice, in stereo."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        subprocess.run(["espeak-ng", "-w", str(path), SPEECH], check=True, timeout=60)
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-f", "s16le", "-ar", "48000"]
        return subprocess.run([*command, "-ac", "2", "-"], capture_output=True, check=True, timeout=60).stdout


@cache
def tune() -> bytes:
    """Return some seconds of the program's own music, in stereo."""
    return b"".join(islice(music(), MUSIC_SECONDS * SAMPLE_RATE // BLOCK_SAMPLES))


@cache
def drums() -> bytes:
    """Return beats of a drum with noise in them: the steepest sound there is, in stereo."""
    rng = random.Random(1)
    beat = [
        math.exp(-18 * i / SAMPLE_RATE)
        * (0.4 * math.sin(math.tau * 55 * i / SAMPLE_RATE) + 0.25 * rng.gauss(0, 1))
        for i in range(SAMPLE_RATE // 3)
    ]
    one = array("h", [max(-32_768, min(32_767, round(32_768 * value))) for value in beat for _ in (0, 1)])
    return (one.tobytes() + bytes(2 * 2 * SAMPLE_RATE // 6)) * 8


def blocks(pcm: bytes, channels: int = 2) -> Iterator[bytes]:
    """Yield the sound as a source does; the last block may be shorter."""
    size = block_bytes(channels)
    return (pcm[start : start + size] for start in range(0, len(pcm), size))
