"""The PCM of this package: signed 16-bit samples at 48 kHz in the machine's byte order, channels interleaved.

Sources return it in blocks of 20 ms. A sample here means one sample of each channel, as in Ogg Opus.
"""

from audiocast.ogg.opus import SAMPLE_RATE

BYTES_PER_SAMPLE = 2
BLOCK_SAMPLES = 960
BLOCK_SECONDS = BLOCK_SAMPLES / SAMPLE_RATE


def frame_bytes(channels: int) -> int:
    """Return the size of one sample of all channels."""
    return channels * BYTES_PER_SAMPLE


def block_bytes(channels: int) -> int:
    """Return the size of a block."""
    return BLOCK_SAMPLES * frame_bytes(channels)


def layout(channels: int) -> str:
    """Return FFmpeg's name for one or two channels."""
    return "mono" if channels == 1 else "stereo"
