"""Any sound to what is sent: 16 bits, 48 kHz, one or two channels. Pure; the work is FFmpeg's."""

import av

from audiocast.ogg.opus import SAMPLE_RATE

BYTES_PER_SAMPLE = 2


class Resampler:
    """Takes decoded frames of one shape and gives interleaved PCM.

    Args:
        channels: 1 or 2, of what is given.
    """

    def __init__(self, channels: int) -> None:
        self._bytes_per_frame = channels * BYTES_PER_SAMPLE
        layout = "mono" if channels == 1 else "stereo"
        self._resampler = av.AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE)

    def resample(self, frame: av.AudioFrame | None) -> bytes:
        """Convert a frame; None: the end, what the resampler still holds comes out.

        Raises:
            av.error.FFmpegError: The frame cannot be converted.
        """
        # A plane may be longer than its samples.
        return b"".join(
            bytes(converted.planes[0])[: converted.samples * self._bytes_per_frame]
            for converted in self._resampler.resample(frame)
        )


class PcmConverter:
    """Takes interleaved 16-bit PCM of one shape and gives that of another.

    Args:
        from_channels: 1 or 2.
        from_rate_hz: Of what comes.
        channels: 1 or 2, of what is given, at 48 kHz.
    """

    def __init__(self, from_channels: int, from_rate_hz: int, channels: int) -> None:
        self._from_channels = from_channels
        self._from_rate_hz = from_rate_hz
        self._layout = "mono" if from_channels == 1 else "stereo"
        is_same = (from_channels, from_rate_hz) == (channels, SAMPLE_RATE)
        self._resampler = None if is_same else Resampler(channels)
        self._samples_in = 0

    def convert(self, pcm: bytes) -> bytes:
        """Convert a piece; some of it may come out with the next one."""
        samples = len(pcm) // (self._from_channels * BYTES_PER_SAMPLE)
        if self._resampler is None or not samples:
            return pcm
        frame = av.AudioFrame(format="s16", layout=self._layout, samples=samples)
        frame.sample_rate = self._from_rate_hz
        frame.pts = self._samples_in
        self._samples_in += samples
        frame.planes[0].update(pcm)
        return self._resampler.resample(frame)
