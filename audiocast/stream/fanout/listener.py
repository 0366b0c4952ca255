"""One listener's place in a stream: a cursor, and the rest of the page that its socket did not take whole.

A listener has no queue. What a slow one costs is this object and at most one page. Nothing here sends.
"""

from collections.abc import Sequence
from typing import Protocol

from audiocast.stream.audience.listen import Listen
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.backlog import Backlog, StreamPage
from audiocast.stream.muxer import renumber


class Sink(Protocol):
    """Where a listener's bytes go; a non-blocking `socket.socket` fits."""

    def send(self, data: bytes, /) -> int:
        """Take some of the bytes; return how many.

        Raises:
            BlockingIOError: None can be taken now.
            OSError: The connection is gone.
        """

    def close(self) -> None:
        """Close the connection; what was taken is still delivered."""


class Listener:
    """One listener.

    Args:
        sink: The listener's socket; closed by the fan-out.
        cursor: Index of the page to begin with.
        granule: Granule position of the begin of that page.
        unsent: Goes out first: the response's head and the header pages.
        aim_seconds: The delay that its player aims at, from server to ear; infinity if it did not say.

    Attributes:
        cursor: Index of the next page that is not in `unsent`.
        next_granule: Granule position of the begin of the page at `cursor`.
        unsent: Bytes to be sent before the page at `cursor`.
        blocked_since: When the socket stopped taking bytes, the clock's seconds; None while it takes all.
        skipped_pages, skipped_samples: What the listener missed so far; its pages are numbered as if that
            had never been.
        is_open: False once the listener was closed.
        listen: Ended when the listener is closed; None: nobody counts it. Set by the fan-out.
    """

    __slots__ = (
        "aim_seconds",
        "blocked_since",
        "cursor",
        "is_open",
        "listen",
        "next_granule",
        "sink",
        "skipped_pages",
        "skipped_samples",
        "unsent",
    )

    def __init__(self, sink: Sink, *, cursor: int, granule: int, unsent: bytes, aim_seconds: float) -> None:
        self.sink = sink
        self.aim_seconds = aim_seconds
        self.cursor = cursor
        self.unsent = unsent
        self.blocked_since: float | None = None
        self.next_granule = granule
        self.skipped_pages = 0
        self.skipped_samples = 0
        self.is_open = True
        self.listen: Listen | None = None

    def note_sent(self, pages: Sequence[StreamPage], sent_bytes: int, now: float) -> None:
        """Move on by what the socket took, and keep the rest of the page at which it stopped.

        Args:
            pages: What was sent behind `unsent`, from `cursor` on.
            sent_bytes: How much was taken, of `unsent` and of these; less than all.
            now: The clock's seconds.
        """
        self.blocked_since = now
        if sent_bytes < len(self.unsent) or not pages:
            self.unsent = self.unsent[sent_bytes:]
            return
        sent_bytes -= len(self.unsent)
        for page in pages:
            self.cursor += 1
            self.next_granule = page.end_granule
            if sent_bytes < len(page.data):
                self.unsent = self.numbered(page)[sent_bytes:]
                return
            sent_bytes -= len(page.data)

    def finish_listen(self, end: ListenEnd, ended_at: float, backlog: Backlog) -> None:
        """Leave a record of the listen, if there is one; `ended_at` is the clock's seconds."""
        if self.listen is not None:
            sent_bytes = backlog.bytes_before(self.cursor) - self.listen.unheard_bytes
            self.listen.finish(end, ended_at, max(0, sent_bytes - len(self.unsent)))

    def is_too_far_behind(self, backlog: Backlog, lag_samples: float) -> bool:
        """Return whether it is to be moved to the newest page.

        Args:
            backlog: Of its bitstream.
            lag_samples: How far it may be behind.
        """
        if self.cursor < backlog.first:
            # No listener need be slow for that: a source's burst can be larger than the backlog.
            return True
        if self.blocked_since is None or self.cursor >= backlog.end - 1:
            return False
        return backlog.end_granule - self.next_granule > lag_samples

    def skip_to(self, index: int, granule: int) -> None:
        """Leave out the pages before `index`, which begins at `granule`; page numbers have no hole by it."""
        self.skipped_pages += index - self.cursor
        self.skipped_samples += granule - self.next_granule
        self.cursor = index
        self.next_granule = granule

    def numbered(self, page: StreamPage) -> bytes:
        """Return a page with the numbers that it has for this listener."""
        if not self.skipped_pages:
            return page.data
        return renumber(page.data, skipped_pages=self.skipped_pages, skipped_samples=self.skipped_samples)
