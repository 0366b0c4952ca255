"""Packets between the encoder and the connection: a bounded queue with one reader at a time.

The queue keeps the newest packets while there is no reader, and counts what it throws away. A reader is any
object; the current reader gets each packet once and in order. One reader hands over to the next between two
packets.
"""

import threading
from collections import deque
from dataclasses import dataclass

from audiocast.ogg.headers import OpusHead

# Sound that waited longer would make listeners late for good: a player stays as far behind as it began.
KEEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class QueuedPacket:
    """One packet on its way, or the end of the sound.

    Attributes:
        packet: An Opus packet. None only at the end, if the encoder had no last packet.
        seconds: How much sound it adds.
        is_last: No packet comes after it.
        surplus_samples: How far the last packet reaches past the end of the sound.
    """

    packet: bytes | None
    seconds: float
    is_last: bool = False
    surplus_samples: int = 0


class PacketQueue:
    """A queue between threads, with one current reader.

    Args:
        keep_seconds: How much sound the queue keeps; the oldest packets are thrown away.
        is_blocking: `put` waits for room and throws nothing away; for sound that has no clock.
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
        """Sound thrown away since the first reader came; what came before was not meant for listeners."""
        return self._dropped_seconds

    def set_reader(self, reader: object | None) -> None:
        """Make `reader` the one that gets the next packet; None: keep the packets for the next reader."""
        with self._changed:
            self._reader = reader
            self._has_been_read |= reader is not None
            self._changed.notify_all()

    def put(self, queued: QueuedPacket) -> None:
        """Add a packet. Blocks only if the queue is a blocking one and full."""
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
        """Wait for the next packet and return it; None if `reader` is not current, or after `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._packets or self._is_closed or self._reader is not reader)
            if self._is_closed or self._reader is not reader:
                return None
            queued = self._packets.popleft()
            self._seconds -= queued.seconds
            self._changed.notify_all()
            return queued

    def wait_for_reader(self) -> None:
        """Wait until there has been a reader, or until `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_been_read or self._is_closed)

    def close(self) -> None:
        """Wake all threads that wait here; `get` returns None from then on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
