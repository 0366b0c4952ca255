"""To one listener's socket, what this listener lacks: for those who are new, slow, or were moved ahead once.

It owns a listener's place in the backlog and the end of its connection; when listeners are served is the
business of `fanout`. A slow listener is asked again in each pass, with one send of the rest of one page. It
never delays others; when it is too far behind it is moved to the live edge, and when it takes nothing for too
long it is closed.
"""

from collections.abc import Sequence

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.stream.backlog import Backlog, StreamPage
from audiocast.stream.counters import Counters
from audiocast.stream.listener import Listener, Sink
from audiocast.stream.muxer import renumber


class Delivery:
    """Serves the listeners of one logical bitstream, one at a time.

    Args:
        backlog: Read only, here.
        counters: Added to.
        lag_seconds: A listener further behind is moved to the live edge.
        stall_seconds: A listener that takes nothing for this long is closed.

    Attributes:
        count: Listeners that are open.
        peak: The most that were.
    """

    def __init__(
        self, backlog: Backlog, counters: Counters, *, lag_seconds: float, stall_seconds: float
    ) -> None:
        self._backlog = backlog
        self._counters = counters
        self._lag_samples = lag_seconds * SAMPLE_RATE
        self._stall_seconds = stall_seconds
        self.count = 0
        self.peak = 0

    def begin(
        self, sink: Sink, first_bytes: bytes, *, preroll_seconds: float, low_latency: bool, now: float
    ) -> Listener:
        """Make a listener and send what it begins with; see `Fanout.join`."""
        cursor = self._backlog.start_of(preroll_seconds)
        listener = Listener(
            sink, cursor=cursor, granule=self._granule_at(cursor), unsent=first_bytes, low_latency=low_latency
        )
        self.count += 1
        self.peak = max(self.peak, self.count)
        self._counters.listeners += 1
        self._counters.joins += 1
        self.serve(listener, self._backlog.end, now)
        return listener

    def serve(self, listener: Listener, end: int, now: float) -> None:
        """Send what the listener has not got of the pages before `end`, as far as its socket takes it."""
        while True:
            if self._too_far_behind(listener):
                self._move_to_newest(listener)
            pages = self._backlog.pages(listener.cursor, end) if listener.blocked_since is None else []
            data = self._bytes(listener, pages)
            if not data:
                return
            try:
                sent = listener.sink.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.lose(listener)
                return
            self._counters.sends += 1
            self._counters.sent_bytes += sent
            if sent < len(data):
                self.stop_short(listener, pages, sent, now)
                return
            listener.unsent = b""
            listener.blocked_since = None
            if pages:
                listener.cursor = end
                listener.next_granule = pages[-1].end_granule

    def stop_short(self, listener: Listener, pages: Sequence[StreamPage], sent: int, now: float) -> None:
        """Note how far the socket came, and close the listener if that has not changed for too long.

        Args:
            listener: Whose socket has not taken all.
            pages: What was sent behind its rest, from its cursor on.
            sent: How many bytes were taken, of the rest and of these.
            now: The clock's seconds.
        """
        if listener.blocked_since is not None and not sent:
            if now - listener.blocked_since >= self._stall_seconds:
                self._counters.stalls += 1
                self.close(listener)
            return
        was_blocked = listener.blocked_since is not None
        listener.blocked_since = now
        if sent < len(listener.unsent) or was_blocked:
            listener.unsent = listener.unsent[sent:]
            return
        sent -= len(listener.unsent)
        for page in pages:
            listener.cursor += 1
            listener.next_granule = page.end_granule
            if sent < len(page.data):
                listener.unsent = _numbered(listener, page)[sent:]
                return
            sent -= len(page.data)

    def lose(self, listener: Listener) -> None:
        """Take note that it has gone by itself."""
        self._counters.disconnects += 1
        self.close(listener)

    def close(self, listener: Listener) -> None:
        """Let it go; what its socket took is still delivered."""
        listener.is_open = False
        listener.unsent = b""
        listener.sink.close()
        self.count -= 1
        self._counters.listeners -= 1

    def _bytes(self, listener: Listener, pages: Sequence[StreamPage]) -> bytes:
        """Give its rest, and the pages from its cursor on as it has to see them."""
        if not pages:
            return listener.unsent
        if listener.skipped_pages:
            batch = b"".join([_numbered(listener, page) for page in pages])
        else:
            batch = self._backlog.batch(listener.cursor, listener.cursor + len(pages))
        return listener.unsent + batch if listener.unsent else batch

    def _too_far_behind(self, listener: Listener) -> bool:
        backlog = self._backlog
        if listener.cursor < backlog.first:
            # Nobody need be slow for that: a source's burst can be larger than the backlog.
            return True
        if listener.blocked_since is None or listener.cursor >= backlog.end - 1:
            return False
        return backlog.end_granule - listener.next_granule > self._lag_samples

    def _granule_at(self, cursor: int) -> int:
        backlog = self._backlog
        return backlog.page(cursor).start_granule if cursor < backlog.end else backlog.end_granule

    def _move_to_newest(self, listener: Listener) -> None:
        """Leave out all pages up to the newest; the listener's numbers go on without a hole."""
        newest = self._backlog.end - 1
        start_granule = self._backlog.page(newest).start_granule
        listener.skipped_pages += newest - listener.cursor
        listener.skipped_samples += start_granule - listener.next_granule
        listener.cursor = newest
        listener.next_granule = start_granule
        self._counters.skips += 1


def _numbered(listener: Listener, page: StreamPage) -> bytes:
    if not listener.skipped_pages:
        return page.data
    return renumber(page.data, skipped_pages=listener.skipped_pages, skipped_samples=listener.skipped_samples)
