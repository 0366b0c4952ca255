"""What a listener heard, as sound: a tone of known frequency, all the time, without holes."""

import math
import subprocess
from array import array
from collections.abc import Sequence
from itertools import groupby

from tests.client.sound import LEAST_SHARE, SAMPLE_RATE, WINDOW_SECONDS, power_share

# Encoders begin softly.
SETTLE_SECONDS = 0.5

# In 16-bit samples: -46 dB of full scale.
SILENCE_RMS = 160


def check_tone(stream: bytes, tone_hz: float, *, seconds: float, spoiled_windows: int = 0) -> None:
    """Hold a listener's stream against "this tone for so long".

    Args:
        stream: Ogg Opus, header pages first; it may end anywhere. WAV too.
        tone_hz: What was sent; both channels alike.
        seconds: How much there must be, at least.
        spoiled_windows: See `check_steady`.
    """
    samples = decoded(stream)
    assert len(samples) / SAMPLE_RATE >= seconds, (
        f"expected {seconds} s, got {len(samples) / SAMPLE_RATE:.2f}"
    )
    check_steady(samples[round(SETTLE_SECONDS * SAMPLE_RATE) :], tone_hz, spoiled_windows=spoiled_windows)


def check_steady(samples: "array[int]", tone_hz: float, *, spoiled_windows: int = 0) -> None:
    """Hold sound against "this tone all the time".

    Args:
        samples: One channel, 48 kHz.
        tone_hz: What was sent.
        spoiled_windows: How many may be something else, because two recordings meet in them.
    """
    spoiled = []
    size = round(WINDOW_SECONDS * SAMPLE_RATE)
    for start in range(0, len(samples) - size, size):
        window = samples[start : start + size]
        loudness = math.sqrt(sum(sample * sample for sample in window) / size)
        share = power_share(window, tone_hz)
        if loudness <= SILENCE_RMS or share <= LEAST_SHARE:
            where = f"at {start / SAMPLE_RATE:.2f} s"
            spoiled.append(f"{where} loudness {loudness:.0f}, {share:.2f} of the power is {tone_hz} Hz")
    assert len(spoiled) <= spoiled_windows, spoiled[:10]


def tone_runs(
    samples: "array[int]", tones_hz: Sequence[int], *, change_seconds: float
) -> list[tuple[int, float]]:
    """Give which tone is heard and for how many seconds, one after another; 0 is silence.

    Args:
        samples: One channel, 48 kHz.
        tones_hz: What was sent, at one time or another.
        change_seconds: How long, in all, it may be none of them: where one becomes the next.
    """
    size = round(WINDOW_SECONDS * SAMPLE_RATE)
    windows = (samples[start : start + size] for start in range(0, len(samples) - size, size))
    heard = [_tone_hz(window, tones_hz) for window in windows]
    known = [tone for tone in heard if tone is not None]
    assert (len(heard) - len(known)) * WINDOW_SECONDS <= change_seconds, heard
    return [(tone, len(list(run)) * WINDOW_SECONDS) for tone, run in groupby(known)]


def _tone_hz(window: "array[int]", tones_hz: Sequence[int]) -> int | None:
    """Give a window's tone; 0 for silence, None for anything else."""
    if math.sqrt(sum(sample * sample for sample in window) / len(window)) <= SILENCE_RMS:
        return 0
    return next((tone for tone in tones_hz if power_share(window, tone) > LEAST_SHARE), None)


def decoded(stream: bytes) -> "array[int]":
    """Decode with ffmpeg to one channel of 48 kHz."""
    command = "ffmpeg -v error -i pipe:0 -f s16le -ac 1 -ar 48000 pipe:1".split()
    done = subprocess.run(command, input=stream, capture_output=True, timeout=60)
    assert done.stdout, f"ffmpeg decodes nothing: {done.stderr.decode(errors='replace')[-500:]}"
    return array("h", done.stdout)
