"""Gain, a high-pass for voices, and a true-peak limiter. FFmpeg's filters do the work.

The limiter looks at four samples in the place of one (192 kHz), because between two samples a wave may be
higher than both of them: ITU-R BS.1770-4, annex 2. It looks ahead by 5 ms and turns down before a peak
comes, so that nothing is cut off; it comes back within 150 ms. With the two resamplers the sound is 5.7 ms
later.
"""

import av

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.filters import FilterRow
from tk_streamer.audio.pcm import frame_bytes

# EBU R 128 asks for -1 dBTP at most in what is heard. Opus changes the wave, and its peaks with it; the fewer
# bits it has, the more. What goes into it has that much room; the browser's limiter has the same ceiling.
CEILING_DBTP = -5.0
OVERSAMPLING = 4
LOOK_AHEAD_MS = 5
RELEASE_MS = 150
# Below a voice, above the rumble of tables, wind and breath.
HIGH_PASS_HZ = 80
# A block's step of a gain that changes: 1 dB in 20 ms makes no click.
GAIN_STEP_DB = 1.0
MIN_GAIN_DB, MAX_GAIN_DB = -30.0, 20.0


class Limiter:
    """Makes the PCM that is encoded of the PCM of a source.

    Of a live sound, a block goes in and one of the same length comes out, so that no packet waits for the
    next block: what comes out begins with as much silence as the limiter looks ahead. Of others, what comes
    out is as long as what went in, to the sample.

    Args:
        channels: 1 or 2. Both are turned down by the same factor, so that nothing moves to a side.
        gain_db: `MIN_GAIN_DB` to `MAX_GAIN_DB`, applied before the limiter.
        cuts_lows: Take away what is below `HIGH_PASS_HZ`.
        limits: False: gain and high-pass alone; what is above full scale is cut off.
        is_live: The sound comes in real time.
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
        self._gain_db = gain_db
        self._needs_silence = is_live
        self._held_samples = LOOK_AHEAD_MS * SAMPLE_RATE // 1000 if limits and is_live else 0
        filters = [("volume", f"volume={_factor(gain_db)}:precision=double")]
        if cuts_lows:
            filters.append(("highpass", f"frequency={HIGH_PASS_HZ}"))
        if limits:
            filters += [
                ("aresample", f"{OVERSAMPLING * SAMPLE_RATE}"),
                (
                    "alimiter",
                    f"limit={_factor(CEILING_DBTP)}:attack={LOOK_AHEAD_MS}:release={RELEASE_MS}"
                    f":level=disabled:latency={int(not is_live)}",
                ),
                ("aresample", f"{SAMPLE_RATE}"),
            ]
        self._filters = FilterRow(
            channels, *filters, ("aformat", f"sample_fmts=s16:sample_rates={SAMPLE_RATE}")
        )

    def process(self, pcm: bytes, gain_db: float) -> bytes:
        """Return the next sound. From block to block the gain comes nearer to `gain_db`."""
        if gain_db != self._gain_db:
            step_db = max(-GAIN_STEP_DB, min(GAIN_STEP_DB, gain_db - self._gain_db))
            self._gain_db += step_db
            self._filters.command(0, "volume", f"{_factor(self._gain_db)}")
        processed = self._pcm(self._filters.push(pcm))
        if not self._needs_silence or not pcm:
            return processed
        self._needs_silence = False
        # For what the resamplers hold back.
        return bytes(max(0, len(pcm) - len(processed))) + processed

    def flush(self) -> bytes:
        """End the sound; return the rest of it."""
        held = self._filters.push(bytes(self._held_samples * self._frame_bytes))
        return self._pcm(held) + self._pcm(self._filters.flush())

    def _pcm(self, frames: list[av.AudioFrame]) -> bytes:
        # A plane may be longer than its samples.
        return b"".join(bytes(each.planes[0])[: each.samples * self._frame_bytes] for each in frames)


def _factor(db: float) -> float:
    return float(10 ** (db / 20))
