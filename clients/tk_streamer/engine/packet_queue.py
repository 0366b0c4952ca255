"""Packets between the encoder and the connection: a bounded queue with one reader at a time.

It owns what is kept while nobody reads and counts what is thrown away. Its readers are opaque; whoever is
current gets each packet once, in order, so that the place where one reader hands over to the next lies
between two packets.
"""

import threading
from collections import deque
from dataclasses import dataclass

from audiocast.ogg.headers import OpusHead

# Sound that waited longer would reach listeners late for ever after: a player stays as far behind as it
# began.
KEEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class QueuedPacket:
    """One packet on its way.

    Attributes:
        packet: Opus.
        seconds: How long it sounds.
        is_last: Nothing comes after it.
        surplus_samples: How far the last one reaches past the end of the sound.
    """

    packet: bytes | None
    seconds: float
    is_last: bool = False
    surplus_samples: int = 0


class PacketQueue:
    """The queue. `put` never waits for real-time sound; `get` waits for packets.

    Args:
        keep_seconds: How much is kept; the oldest goes first.
        waits: `put` waits instead of throwing away; for sound that has no clock.
    """

    def __init__(self, *, keep_seconds: float = KEEP_SECONDS, is_blocking: bool = False) -> None:
        self._keep_seconds = keep_seconds
        self._is_blocking = is_blocking
        self._packets: deque[QueuedPacket] = deque()
        self._seconds = 0.0
        self._changed = threading.Condition()
        self._reader: object | None = None
        self._is_closed = False
        self._has_been_read = False
        self._dropped_seconds = 0.0
        self.opus_head: OpusHead | None = None

    @property
    def dropped_seconds(self) -> float:
        """Sound thrown away since the first reader came: before it, nobody was to hear any."""
        return self._dropped_seconds

    def set_reader(self, reader: object | None) -> None:
        """Make `reader` the one that gets the next packet; None: nobody, for now."""
        with self._changed:
            self._reader = reader
            self._has_been_read |= reader is not None
            self._changed.notify_all()

    def put(self, queued: QueuedPacket) -> None:
        """Add a packet."""
        with self._changed:
            if self._is_blocking:
                self._changed.wait_for(lambda: self._is_closed or self._seconds < self._keep_seconds)
            self._packets.append(queued)
            self._seconds += queued.seconds
            while not self._is_blocking and self._seconds > self._keep_seconds and len(self._packets) > 1:
                dropped = self._packets.popleft().seconds
                self._seconds -= dropped
                self._dropped_seconds += dropped if self._has_been_read else 0.0
            self._changed.notify_all()

    def get(self, reader: object) -> QueuedPacket | None:
        """Wait for the next packet; None when `reader` is not the current one any more, or after `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._packets or self._is_closed or self._reader is not reader)
            if self._is_closed or self._reader is not reader:
                return None
            queued = self._packets.popleft()
            self._seconds -= queued.seconds
            self._changed.notify_all()
            return queued

    def wait_for_reader(self) -> None:
        """Wait until somebody takes packets, or `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_been_read or self._is_closed)

    def close(self) -> None:
        """Let everybody who waits here go; nothing is taken any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
