"""What every sound source has in common, and the sources that compute their sound.

A source returns blocks of 20 ms (see `pcm`) in real time, and never more slowly: silence takes the place of
sound that does not come. It encodes nothing and knows no network.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from tk_streamer.audio.pacing import paced
from tk_streamer.audio.pcm import BLOCK_SECONDS


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What a source has lost so far.

    Attributes:
        is_lost: The sound input is gone; the source returns silence until it is back.
        filled_seconds: Silence put in so far for sound that the input did not deliver.
        dropped_seconds: Sound thrown away so far because the input delivered more than real time has.
    """

    is_lost: bool = False
    filled_seconds: float = 0.0
    dropped_seconds: float = 0.0


class AudioSource(Protocol):
    """Where sound comes from. All but `interrupt` and `health` are called on one thread."""

    @property
    def name(self) -> str:
        """The name that people know the source by."""

    @property
    def is_live(self) -> bool:
        """The sound goes on without a connection; a source that is not live waits for the first one."""

    @property
    def is_paced(self) -> bool:
        """The source keeps real time; one that does not waits for the network (for tests and benchmarks)."""

    @property
    def health(self) -> SourceHealth:
        """What was lost so far. Cheap; may be called on any thread."""

    def open(self, channels: int) -> None:
        """Prepare to return blocks of that many channels. May block for a second.

        Raises:
            SoundError: There is no such sound.
        """

    def read(self) -> bytes | None:
        """Wait until the next block is due and return it; None at the end, and after `interrupt`.

        The last block may be shorter than the others.

        Raises:
            SoundError: The source fails.
        """

    def interrupt(self) -> None:
        """Make `read` return None, soon and from then on. May be called on any thread."""

    def close(self) -> None:
        """Release what `open` acquired. Never fails; may be repeated."""


class GeneratedSource:
    """Computed blocks in real time.

    Args:
        name: The name that people know the source by.
        make_blocks: Returns the blocks for a number of channels, without end.
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
        """Compute the first block, which may take a second, so that the first `read` need not."""
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
        """Do nothing: computed sound holds no resource."""


class LimitedSource:
    """The first seconds of another source.

    Args:
        source: The other source; opened and closed through this one.
        seconds: How much of its sound, more than 0.
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
        """The name of the other source."""
        return self._source.name

    @property
    def health(self) -> SourceHealth:
        """The health of the other source."""
        return self._source.health

    def read(self) -> bytes | None:
        """See `AudioSource.read`."""
        if not self._blocks_left:
            return None
        self._blocks_left -= 1
        return self._source.read()
