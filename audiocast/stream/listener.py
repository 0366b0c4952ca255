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
        sink: Its socket.
        low: It wants every page at once, for the price of a send each.
        cursor: Index of the next page that is not in `rest`. Not kept up while it is in step with others, and
            `next_granule` neither: `fanout` has one of each for all of these.
        rest: Bytes to be sent before the page at `cursor`: of the response's head, or of a page.
        blocked_since: When its socket stopped taking bytes, the clock's seconds; None while it takes all.
        next_granule: Where the page at `cursor` begins.
        pages_less, samples_less: What it missed so far; its pages are numbered as if that had never been.
        open: False once it was closed.
    """

    __slots__ = (
        "blocked_since",
        "cursor",
        "low",
        "next_granule",
        "open",
        "pages_less",
        "rest",
        "samples_less",
        "sink",
    )

    def __init__(self, sink: Sink, *, cursor: int, granule: int, rest: bytes, low: bool) -> None:
        self.sink = sink
        self.low = low
        self.cursor = cursor
        self.rest = rest
        self.blocked_since: float | None = None
        self.next_granule = granule
        self.pages_less = 0
        self.samples_less = 0
        self.open = True
