"""How loud the sound is: peak, power and clipping, block by block.

It keeps two numbers that fall like the needles of a real meter, so that whoever looks 15 times a second
misses no peak of the 50 blocks between. Pure arithmetic in C functions of the standard library, about 80 µs
for 20 ms of stereo (0.4 % of a core): no dependency, and no module that Python 3.13 has lost.
"""

import math
from array import array
from dataclasses import dataclass

FULL_SCALE = 32_768
# IEC 60268-18 asks a digital peak meter to fall 20 dB in 1.7 s.
PEAK_FALL_DB_PER_SECOND = 20 / 1.7
# The integration time of a VU meter (IEC 60268-17).
RMS_SECONDS = 0.3
SILENCE_DBFS = float("-inf")


@dataclass(frozen=True, slots=True)
class Level:
    """What a meter shows.

    Attributes:
        peak_dbfs: 0 is full scale, -inf is silence.
        rms_dbfs: A full-scale sine has -3.
        clipped_at: The clock's seconds of the last sample at full scale; None for none.
    """

    peak_dbfs: float = SILENCE_DBFS
    rms_dbfs: float = SILENCE_DBFS
    clipped_at: float | None = None


class Meter:
    """Takes blocks on one thread; `level` may be read on any.

    Args:
        channels: Of the blocks; the loudest counts for peaks, all for power.
        sample_rate_hz: Of the blocks.
    """

    def __init__(self, channels: int, sample_rate_hz: int) -> None:
        self._samples_a_second = channels * sample_rate_hz
        self._peak_dbfs = SILENCE_DBFS
        self._power = 0.0
        self.level = Level()

    def measure(self, pcm: bytes, now: float) -> None:
        """Measure a block.

        Args:
            pcm: Signed 16-bit samples in the machine's byte order, any number of them.
            now: The clock's seconds.
        """
        # A list, because its numbers are made once and not anew by each of the three that read them.
        samples = array("h", pcm).tolist()
        if not samples:
            return
        seconds = len(samples) / self._samples_a_second
        highest, lowest = max(samples), min(samples)
        self._peak_dbfs = max(
            self._peak_dbfs - PEAK_FALL_DB_PER_SECOND * seconds, dbfs(max(highest, -lowest) / FULL_SCALE)
        )
        # hypot is the root of the sum of squares, in C and for any number of arguments.
        power = (math.hypot(*samples) / FULL_SCALE) ** 2 / len(samples)
        self._power += (power - self._power) * min(1.0, seconds / RMS_SECONDS)
        is_clipped = highest == FULL_SCALE - 1 or lowest == -FULL_SCALE
        self.level = Level(
            self._peak_dbfs, dbfs(math.sqrt(self._power)), now if is_clipped else self.level.clipped_at
        )


def dbfs(share: float) -> float:
    """Give a share of full scale in decibels; what is below one bit is silence."""
    return 20 * math.log10(share) if share >= 0.5 / FULL_SCALE else SILENCE_DBFS
