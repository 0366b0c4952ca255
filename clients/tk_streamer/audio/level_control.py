"""What happens to the sound between its source and the encoder: mute, gain, limiter, and the meters.

A broadcast and the preview before it have one each, so that both show the same for the same sound. Clipping
is looked for where the sound comes in, because no gain and no limiter mends it.
"""

from array import array
from dataclasses import replace

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.level import FULL_SCALE, PEAK_FALL_DB_PER_SECOND, Level, Meter, dbfs
from tk_streamer.audio.limiter import CEILING_DBTP, Limiter
from tk_streamer.audio.loudness import LoudnessMeter
from tk_streamer.audio.pcm import frame_bytes


class LevelControl:
    """Processes on one thread; the attributes and `level` are for any thread.

    Args:
        channels: 1 or 2.
        gain_db: The first gain.
        cuts_lows: See `Limiter`.
        limits: See `Limiter`.
        is_live: See `Limiter`.

    Attributes:
        gain_db: Applied from the next block on.
        is_muted: Silence takes the place of the sound.
        level: What the meters show; times are those of `process`.
    """

    def __init__(
        self,
        channels: int,
        *,
        gain_db: float = 0.0,
        cuts_lows: bool = False,
        limits: bool = True,
        is_live: bool = True,
    ) -> None:
        self._frame_bytes = frame_bytes(channels)
        self._limiter = Limiter(
            channels, gain_db=gain_db, cuts_lows=cuts_lows, limits=limits, is_live=is_live
        )
        self._limits = limits
        self._meter = Meter(channels, SAMPLE_RATE)
        self._loudness_meter = LoudnessMeter(channels)
        self._clipped_at: float | None = None
        self._limited_db = 0.0
        self.gain_db = gain_db
        self.is_muted = False
        self.level = Level()

    def process(self, pcm: bytes, now: float) -> bytes:
        """Return the sound for the encoder, see `Limiter.process`.

        Args:
            pcm: Interleaved 16-bit samples at 48 kHz.
            now: The clock's seconds; what `Level.clipped_at` counts in.
        """
        if self.is_muted:
            # Before all else: nothing of it is measured, sent or in the copy.
            pcm = bytes(len(pcm))
        gain_db = self.gain_db
        if pcm:
            self._measure_input(pcm, gain_db, now)
        processed = self._limiter.process(pcm, gain_db)
        self._meter.measure(processed, now)
        self._loudness_meter.measure(processed)
        loudness = self._loudness_meter.loudness
        self.level = replace(
            self._meter.level,
            clipped_at=self._clipped_at,
            momentary_lufs=loudness.momentary,
            short_term_lufs=loudness.short_term,
            limited_db=self._limited_db,
        )
        return processed

    def flush(self) -> bytes:
        """End the sound; return the rest of it."""
        return self._limiter.flush()

    def _measure_input(self, pcm: bytes, gain_db: float, now: float) -> None:
        # A list makes each number once, see `Meter`.
        samples = array("h", pcm).tolist()
        highest, lowest = max(samples), min(samples)
        if highest == FULL_SCALE - 1 or lowest == -FULL_SCALE:
            self._clipped_at = now
        seconds = len(pcm) / self._frame_bytes / SAMPLE_RATE
        fallen_db = max(0.0, self._limited_db - PEAK_FALL_DB_PER_SECOND * seconds)
        if self._limits:
            peak_dbfs = dbfs(max(highest, -lowest) / FULL_SCALE) + gain_db
            self._limited_db = max(fallen_db, peak_dbfs - CEILING_DBTP)
