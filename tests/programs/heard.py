"""What a listener heard, as sound: a tone of known frequency, all the time, without holes."""

import math
import subprocess
from array import array

from tests.client.sound import SAMPLE_RATE, power_share

WINDOW_SECONDS = 0.05
SETTLE_SECONDS = 0.5
"""Encoders begin softly."""

SILENCE_RMS = 160
"""In 16-bit samples: -46 dB of full scale."""

LEAST_SHARE = 0.8
"""Of a window's power that is in the tone; what encoders make of a sine is above 0.95."""


def check_tone(stream: bytes, tone_hz: float, *, seconds: float) -> None:
    """Hold a listener's stream against "this tone for so long".

    Args:
        stream: Ogg Opus, header pages first; it may end anywhere.
        tone_hz: What was sent; both channels alike.
        seconds: How much there must be, at least.
    """
    samples = _decoded(stream)
    assert len(samples) / SAMPLE_RATE >= seconds, (
        f"expected {seconds} s, got {len(samples) / SAMPLE_RATE:.2f}"
    )
    size = round(WINDOW_SECONDS * SAMPLE_RATE)
    first = round(SETTLE_SECONDS * SAMPLE_RATE)
    for start in range(first, len(samples) - size, size):
        window = samples[start : start + size]
        loudness = math.sqrt(sum(sample * sample for sample in window) / size)
        assert loudness > SILENCE_RMS, f"silence at {start / SAMPLE_RATE:.2f} s"
        share = power_share(window, tone_hz)
        assert share > LEAST_SHARE, f"at {start / SAMPLE_RATE:.2f} s {share:.2f} of the power is {tone_hz} Hz"


def _decoded(stream: bytes) -> array[int]:
    """Decode with ffmpeg to one channel of 48 kHz."""
    command = "ffmpeg -v error -i pipe:0 -f s16le -ac 1 -ar 48000 pipe:1".split()
    done = subprocess.run(command, input=stream, capture_output=True, timeout=60)
    assert done.stdout, f"ffmpeg decodes nothing: {done.stderr.decode(errors='replace')[-500:]}"
    return array("h", done.stdout)
