"""A block made one sample longer or shorter, where this is least audible. Pure arithmetic on 16-bit PCM."""

from array import array

# So many places are compared: enough that the wave is nearly still at one of them.
PLACES = 32


def nudged(pcm: bytes, channels: int, samples: int) -> bytes:
    """Return the block with one sample more or one less, at a place where two neighbours hardly differ.

    Args:
        pcm: Interleaved 16-bit samples in the machine's byte order, at least 3 times `PLACES` of them.
        channels: 1 or 2.
        samples: 1 inserts a sample between the two neighbours, -1 removes one of them.
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
    """Return how far the samples at `place` and after it are apart, summed over the channels."""
    start = place * channels
    return sum(abs(block[index + channels] - block[index]) for index in range(start, start + channels))
