"""What every sound source has in common, and the sources that make their sound themselves.

A source gives blocks of 20 ms at 48 kHz in real time and never more slowly: where it has nothing, it gives
silence. It encodes nothing and knows no network.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from tk_streamer.audio.music import BLOCK_SAMPLES, BLOCK_SECONDS
from tk_streamer.audio.pacing import paced

BYTES_PER_SAMPLE = 2


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How well a source does.

    Attributes:
        is_lost: There is no sound input any more; silence is given until it is back.
        filled_seconds: Silence given so far because the input gave nothing.
        dropped_seconds: Sound of the input thrown away so far because it gave more than real time has.
    """

    is_lost: bool = False
    filled_seconds: float = 0.0
    dropped_seconds: float = 0.0


class AudioSource(Protocol):
    """Where sound comes from. All but `interrupt` and `health` are called on one thread."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def is_live(self) -> bool:
        """It goes on whether anybody listens or not, like a microphone; others begin with the connection."""

    @property
    def is_paced(self) -> bool:
        """It keeps real time. One that does not waits for the network instead (for tests and benchmarks)."""

    @property
    def health(self) -> SourceHealth:
        """How well it does; cheap, from any thread."""

    def open(self, channels: int) -> None:
        """Get ready to give that many channels.

        Raises:
            SoundError: It cannot be.
        """

    def read(self) -> bytes | None:
        """Wait until the next block is due and give it; None at the end, and after `interrupt`.

        A block is 20 ms of signed 16-bit samples at 48 kHz, interleaved, in the machine's byte order; the
        last one may be shorter.

        Raises:
            SoundError: There is no more sound to be had from it.
        """

    def interrupt(self) -> None:
        """Make `read` give None soon, now and ever after; from any thread."""

    def close(self) -> None:
        """Let go of what `open` took; never fails, may be repeated."""


class GeneratedSource:
    """Blocks that are computed, in real time.

    Args:
        name: What people call it.
        make_blocks: Gives the blocks for a number of channels, without end.
    """

    is_live = False
    is_paced = True
    health = SourceHealth()

    def __init__(self, name: str, make_blocks: Callable[[int], Iterator[bytes]]) -> None:
        self.name = name
        self._make_blocks = make_blocks
        self._interrupted = threading.Event()
        self._blocks: Iterator[bytes] = iter(())

    def open(self, channels: int) -> None:
        """Compute the first block, which may take a second, before the first listener can come."""
        blocks = self._make_blocks(channels)
        blocks = chain([next(blocks)], blocks)
        self._blocks = paced(blocks, block_seconds=BLOCK_SECONDS, wait=self._interrupted.wait)

    def read(self) -> bytes | None:
        """See `AudioSource.read`."""
        return next(self._blocks, None)

    def interrupt(self) -> None:
        """See `AudioSource.interrupt`."""
        self._interrupted.set()

    def close(self) -> None:
        """Nothing was taken."""


class LimitedSource:
    """Another source, up to a time.

    Args:
        source: The other one.
        seconds: Of its sound, more than 0.
    """

    def __init__(self, source: AudioSource, seconds: float) -> None:
        self._source = source
        self._blocks_left = max(1, round(seconds / BLOCK_SECONDS))
        self.is_live = source.is_live
        self.is_paced = source.is_paced
        self.open = source.open
        self.interrupt = source.interrupt
        self.close = source.close

    @property
    def name(self) -> str:
        """The other one's."""
        return self._source.name

    @property
    def health(self) -> SourceHealth:
        """The other one's."""
        return self._source.health

    def read(self) -> bytes | None:
        """See `AudioSource.read`."""
        if not self._blocks_left:
            return None
        self._blocks_left -= 1
        return self._source.read()


def block_bytes(channels: int) -> int:
    """Give the size of a block."""
    return BLOCK_SAMPLES * channels * BYTES_PER_SAMPLE
