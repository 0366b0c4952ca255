"""A block one sample longer or shorter, where it is heard least. Pure arithmetic on 16-bit PCM."""

from array import array

# How many places are looked at: enough that one of them is near a standstill of the wave.
PLACES = 32


def nudged(pcm: bytes, channels: int, samples: int) -> bytes:
    """Give the block with one sample more (`samples` 1) or less (-1).

    A sample is put between two, or one of two is left out, where the two differ least.

    Args:
        pcm: Interleaved 16-bit samples in the machine's byte order, 3 times `PLACES` of them or more.
        channels: 1 or 2.
        samples: 1 or -1.
    """
    block = array("h", pcm)
    length = len(block) // channels
    places = range(1, length - 1, max(1, length // PLACES))
    place = min(places, key=lambda place: _step(block, channels, place))
    start, end = place * channels, (place + 1) * channels
    if samples < 0:
        del block[start:end]
    else:
        middle = [(block[index] + block[index + channels]) // 2 for index in range(start, start + channels)]
        block[end:end] = array("h", middle)
    return block.tobytes()


def _step(block: "array[int]", channels: int, place: int) -> int:
    """Give how far the samples at `place` and the next are apart, all channels together."""
    start = place * channels
    return sum(abs(block[index + channels] - block[index]) for index in range(start, start + channels))
