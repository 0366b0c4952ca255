"""A listener's socket that takes what a test tells it to."""

import math


class FakeSink:
    """Fits `audiocast.stream.fanout.listener.Sink`.

    Attributes:
        room_bytes: How much it takes from now on before it blocks.
        error: Raised by the next sends, if set.
        offered: What each send was given, the very objects.
        received: All that it has taken.
        sends: How often `send` was called, whatever came of it.
        closed: Whether it was closed; it must not be used after that.
    """

    def __init__(self, room_bytes: float = math.inf) -> None:
        self.room_bytes = room_bytes
        self.error: OSError | None = None
        self.offered: list[bytes] = []
        self.received = bytearray()
        self.closed = False

    @property
    def sends(self) -> int:
        return len(self.offered)

    def send(self, data: bytes, /) -> int:
        assert not self.closed, "a closed socket was used"
        assert data, "a send of nothing is a system call for nothing"
        self.offered.append(data)
        if self.error is not None:
            raise self.error
        taken_bytes = int(min(len(data), self.room_bytes))
        if not taken_bytes:
            raise BlockingIOError
        self.room_bytes -= taken_bytes
        self.received += data[:taken_bytes]
        return taken_bytes

    def close(self) -> None:
        assert not self.closed, "closed twice"
        self.closed = True

    def block(self) -> None:
        """Take nothing more."""
        self.room_bytes = 0

    def unblock(self) -> None:
        """Take everything again."""
        self.room_bytes = math.inf
