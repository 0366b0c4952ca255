"""One listener's place in a stream: a cursor, and the rest of the page that its socket did not take whole.

It has no queue. What a slow listener costs is this object and at most one page.
"""

from typing import Protocol


class Sink(Protocol):
    """Where a listener's bytes go; a non-blocking `socket.socket` fits."""

    def send(self, data: bytes, /) -> int:
        """Take some of the bytes and say how many.

        Raises:
            BlockingIOError: It can take none now.
            OSError: The listener is gone.
        """

    def close(self) -> None:
        """Let the connection go; what was sent is still delivered."""


class Listener:
    """One open listener.

    Attributes:
        sink: The listener's socket; closed by the fan-out.
        low_latency: The listener wants each page at once, for the price of a send each.
        cursor: Index of the next page that is not in `unsent`. Like `next_granule`, not kept up while the
            listener is in step with others: `group` has one of each for all of these.
        unsent: Bytes to be sent before the page at `cursor`: of the response's head, or of a page.
        blocked_since: When the socket stopped taking bytes, the clock's seconds; None while it takes all.
        next_granule: Granule position of the begin of the page at `cursor`.
        skipped_pages, skipped_samples: What the listener missed so far; its pages are numbered as if that
            had never been.
        is_open: False once the listener was closed.
    """

    __slots__ = (
        "blocked_since",
        "cursor",
        "is_open",
        "low_latency",
        "next_granule",
        "sink",
        "skipped_pages",
        "skipped_samples",
        "unsent",
    )

    def __init__(self, sink: Sink, *, cursor: int, granule: int, unsent: bytes, low_latency: bool) -> None:
        self.sink = sink
        self.low_latency = low_latency
        self.cursor = cursor
        self.unsent = unsent
        self.blocked_since: float | None = None
        self.next_granule = granule
        self.skipped_pages = 0
        self.skipped_samples = 0
        self.is_open = True
