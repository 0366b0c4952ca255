"""How loud people hear the sound: the loudness of EBU R 128, with FFmpeg's `ebur128`.

The filter weighs both channels with the two K filters of ITU-R BS.1770-4 (tables 1 and 2, made for the sample
rate from their poles and zeros) and gives the mean power of the last 400 ms (momentary) and of the last 3 s
(short-term) ten times a second, as EBU Tech 3341 asks of a live meter.
"""

import math
from dataclasses import dataclass

from tk_streamer.audio.filters import FilterRow

# The absolute gate of BS.1770-4: what is quieter counts as silence.
SILENCE_LUFS = -70.0


@dataclass(frozen=True, slots=True)
class Loudness:
    """What the meter shows, in LUFS; -inf is silence.

    Attributes:
        momentary: Of the last 400 ms.
        short_term: Of the last 3 s.
    """

    momentary: float = -math.inf
    short_term: float = -math.inf


class LoudnessMeter:
    """Measures on one thread; `loudness` may be read on any thread.

    Args:
        channels: 1 or 2. One channel counts as listeners hear it, from two loudspeakers.
    """

    def __init__(self, channels: int) -> None:
        self._filters = FilterRow(
            channels, ("ebur128", f"metadata=1:framelog=quiet:dualmono={int(channels == 1)}")
        )
        self.loudness = Loudness()

    def measure(self, pcm: bytes) -> None:
        """Measure interleaved 16-bit PCM at 48 kHz."""
        for frame in self._filters.push(pcm):
            values = frame.metadata
            self.loudness = Loudness(
                _audible(values.get("lavfi.r128.M", "")), _audible(values.get("lavfi.r128.S", ""))
            )


def _audible(text: str) -> float:
    lufs = float(text or "-inf")
    return lufs if lufs >= SILENCE_LUFS else -math.inf
