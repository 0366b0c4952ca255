"""Any sound to the PCM of this package: 16 bits, 48 kHz, one or two channels. Pure; FFmpeg does the work."""

import av

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.pcm import frame_bytes, layout


class Resampler:
    """Converts decoded frames of one shape.

    Args:
        channels: 1 or 2; the number of channels of the result.
    """

    def __init__(self, channels: int) -> None:
        self._frame_bytes = frame_bytes(channels)
        self._resampler = av.AudioResampler(format="s16", layout=layout(channels), rate=SAMPLE_RATE)

    def resample(self, frame: av.AudioFrame | None) -> bytes:
        """Return the PCM of a frame; at the end (None), what the resampler still holds.

        Raises:
            av.error.FFmpegError: The frame cannot be converted.
        """
        # A plane may be longer than its samples.
        return b"".join(
            bytes(converted.planes[0])[: converted.samples * self._frame_bytes]
            for converted in self._resampler.resample(frame)
        )


class PcmConverter:
    """Converts interleaved 16-bit PCM of any sample rate to 48 kHz.

    Args:
        from_channels: 1 or 2; the number of channels of the input.
        from_rate_hz: Sample rate of the input.
        channels: 1 or 2; the number of channels of the result.
    """

    def __init__(self, from_channels: int, from_rate_hz: int, channels: int) -> None:
        self._from_channels = from_channels
        self._from_rate_hz = from_rate_hz
        self._layout = layout(from_channels)
        is_same = (from_channels, from_rate_hz) == (channels, SAMPLE_RATE)
        self._resampler = None if is_same else Resampler(channels)
        self._samples_in = 0

    def convert(self, pcm: bytes) -> bytes:
        """Return the converted piece; some of the sound may come out with the next piece."""
        samples = len(pcm) // frame_bytes(self._from_channels)
        if self._resampler is None or not samples:
            return pcm
        frame = av.AudioFrame(format="s16", layout=self._layout, samples=samples)
        frame.sample_rate = self._from_rate_hz
        frame.pts = self._samples_in
        self._samples_in += samples
        frame.planes[0].update(pcm)
        return self._resampler.resample(frame)
