"""Pages to the sockets of listeners, in passes.

A pass walks over listeners and sends to each everything from its cursor to the live edge, in one send. What
it costs is the number of sends, about 8 µs each in any language, so pages that come during a pass are the
next pass's: load makes the batches larger and the delay grows gently, nothing piles up. Listeners of
`latency=low` have a pass for each arrival of pages, the others one each flush interval, since their players
buffer a second anyway. A long pass gives way to the event loop between slices.

A slow listener is asked again in each pass, which costs one send of the rest of one page. It never delays
others; when it is too far behind it is moved to the live edge, and when it takes nothing for too long it is
closed. Nothing here is copied, parsed, timed or logged per listener.
"""

from dataclasses import dataclass, field

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.stream.backlog import Backlog, StreamPage
from audiocast.stream.clock import Clock, Timer
from audiocast.stream.counters import Counters
from audiocast.stream.listener import Listener, Sink
from audiocast.stream.splice import renumber

SLICE_LISTENERS = 250
"""About 2 ms of sends, then the loop has its turn."""

FINISH_SECONDS = 5.0
"""How long the last pages may take to reach a slow listener when the stream has ended."""

FINISH_RETRY_SECONDS = 0.1
"""How often it is asked again meanwhile, whatever the flush interval: that may be 0."""


@dataclass(frozen=True, slots=True)
class FanoutLimits:
    """How listeners are served.

    Attributes:
        flush_interval_seconds: Pause between two passes over listeners that did not ask for low latency.
        lag_seconds: A listener further behind is moved to the live edge.
        stall_seconds: A listener that takes nothing for this long is closed.
    """

    flush_interval_seconds: float = 0.1
    lag_seconds: float = 10.0
    stall_seconds: float = 20.0


@dataclass(slots=True)
class _Group:
    """Listeners that are walked over together."""

    interval_seconds: float
    listeners: list[Listener] = field(default_factory=list)
    timer: Timer | None = None
    running: bool = False
    sent_to: int = 0


class Fanout:
    """Serves the listeners of one logical bitstream.

    Args:
        backlog: Read only, here; whoever appends to it calls `wake`.
        clock: Time and timers.
        counters: Added to.
        limits: See `FanoutLimits`.
    """

    def __init__(self, backlog: Backlog, clock: Clock, counters: Counters, limits: FanoutLimits) -> None:
        self._backlog = backlog
        self._clock = clock
        self._counters = counters
        self._limits = limits
        self._low = _Group(0.0, sent_to=backlog.edge)
        self._buffered = _Group(limits.flush_interval_seconds, sent_to=backlog.edge)
        self._finish_at: float | None = None
        self.count = 0
        self.peak = 0

    def join(self, sink: Sink, head: bytes, *, preroll_seconds: float, low: bool) -> Listener:
        """Add a listener and send what it begins with, at once.

        Args:
            sink: Its non-blocking socket; closed here in the end.
            head: Goes out first: the response's head and the header pages.
            preroll_seconds: How much of the backlog it gets, at most.
            low: See `Listener.low`.
        """
        listener = Listener(sink, cursor=self._backlog.start_of(preroll_seconds), rest=head, low=low)
        listener.next_granule = self._granule_at(listener.cursor)
        self.count += 1
        self.peak = max(self.peak, self.count)
        self._counters.listeners += 1
        self._counters.joins += 1
        self._serve(listener, self._clock.time())
        if listener.open:
            group = self._low if low else self._buffered
            if not group.listeners:
                group.sent_to = self._backlog.edge
            group.listeners.append(listener)
        return listener

    def wake(self) -> None:
        """Say that there are new pages."""
        self._arm(self._low)
        self._arm(self._buffered)

    def finish(self) -> None:
        """Send what is left and close each listener that has all; after some seconds, the others too."""
        self._finish_at = self._clock.time() + FINISH_SECONDS
        for group in (self._low, self._buffered):
            if group.timer is not None:
                group.timer.cancel()
                group.timer = None
            if not group.running:
                self._start(group)

    def let_go(self, count: int) -> int:
        """Close some listeners that have all there is, so that no page is cut; give how many."""
        gone = 0
        for group in (self._low, self._buffered):
            for listener in group.listeners:
                if gone >= count:
                    return gone
                if listener.open and not listener.rest:
                    self._close(listener)
                    gone += 1
        return gone

    def _arm(self, group: _Group) -> None:
        if group.listeners and group.timer is None and not group.running:
            group.timer = (
                self._clock.call_later(group.interval_seconds, self._start, group)
                if group.interval_seconds
                else self._clock.call_soon(self._start, group)
            )

    def _start(self, group: _Group) -> None:
        group.timer = None
        group.running = True
        self._counters.passes += 1
        self._slice(group, 0, len(group.listeners), self._backlog.edge)

    def _slice(self, group: _Group, start: int, total: int, edge: int) -> None:
        now = self._clock.time()
        stop = min(start + SLICE_LISTENERS, total)
        listeners = group.listeners[start:stop]
        for listener in self._send_to_steady(listeners, group.sent_to, now):
            if listener.open:
                self._serve(listener, now)
        if stop < total:
            self._clock.call_soon(self._slice, group, stop, total, edge)
        else:
            self._end_pass(group, edge)

    def _end_pass(self, group: _Group, edge: int) -> None:
        backlog = self._backlog
        if group.listeners and backlog.first <= group.sent_to < edge:
            arrived_at = backlog.page(group.sent_to).arrived_at
            self._counters.delay.observe(max(0.0, self._clock.time() - arrived_at))
        group.sent_to = edge
        group.running = False
        group.listeners = [listener for listener in group.listeners if listener.open]
        if self._finish_at is not None:
            self._close_finished(group, self._finish_at)
        elif backlog.edge > edge:
            self._arm(group)

    def _close_finished(self, group: _Group, finish_at: float) -> None:
        late = self._clock.time() >= finish_at
        for listener in group.listeners:
            if late or (listener.cursor == self._backlog.edge and not listener.rest):
                self._close(listener)
        group.listeners = [listener for listener in group.listeners if listener.open]
        if group.listeners:
            group.timer = self._clock.call_later(FINISH_RETRY_SECONDS, self._start, group)

    def _send_to_steady(self, listeners: list[Listener], cursor: int, now: float) -> list[Listener]:
        """Send to those who had everything after the last pass, nearly all; give the others.

        The same as `_serve` does, without its questions: they are at the same place and wait for nothing.
        """
        backlog = self._backlog
        if not backlog.first <= cursor < backlog.edge:
            return listeners
        data, edge, end_granule = backlog.batch(cursor), backlog.edge, backlog.end_granule
        size, sends = len(data), 0
        others = []
        for listener in listeners:
            if listener.cursor != cursor or listener.rest or listener.pages_less or not listener.open:
                others.append(listener)
                continue
            try:
                sent = listener.sink.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._lose(listener)
                continue
            sends += 1
            if sent == size:
                listener.cursor = edge
                listener.next_granule = end_granule
            else:
                self._counters.sent_bytes += sent - size
                self._blocked(listener, sent, now)
        self._counters.sends += sends
        self._counters.sent_bytes += sends * size
        return others

    def _serve(self, listener: Listener, now: float) -> None:
        """Send what the listener has not got, as far as its socket takes it."""
        backlog = self._backlog
        while listener.rest or listener.cursor < backlog.edge:
            if self._too_far_behind(listener):
                self._move_to_edge(listener)
            if listener.blocked_since is not None:
                data = listener.rest
            elif listener.rest:
                data = listener.rest + self._batch(listener)
            else:
                data = self._batch(listener)
            try:
                sent = listener.sink.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._lose(listener)
                return
            self._counters.sends += 1
            self._counters.sent_bytes += sent
            if sent < len(data):
                self._blocked(listener, sent, now)
                return
            listener.rest = b""
            if listener.blocked_since is None:
                listener.cursor = backlog.edge
                listener.next_granule = backlog.end_granule
            listener.blocked_since = None

    def _batch(self, listener: Listener) -> bytes:
        if listener.pages_less:
            return b"".join([_numbered(listener, page) for page in self._backlog.pages(listener.cursor)])
        return self._backlog.batch(listener.cursor)

    def _blocked(self, listener: Listener, sent: int, now: float) -> None:
        """Note how far the socket came, and close the listener if that has not changed for too long."""
        if listener.blocked_since is not None and not sent:
            if now - listener.blocked_since >= self._limits.stall_seconds:
                self._counters.stalls += 1
                self._close(listener)
            return
        was_blocked = listener.blocked_since is not None
        listener.blocked_since = now
        if sent < len(listener.rest) or was_blocked:
            listener.rest = listener.rest[sent:]
            return
        sent -= len(listener.rest)
        for page in self._backlog.pages(listener.cursor):
            listener.cursor += 1
            listener.next_granule = page.end_granule
            if sent < len(page.data):
                listener.rest = _numbered(listener, page)[sent:]
                return
            sent -= len(page.data)

    def _too_far_behind(self, listener: Listener) -> bool:
        backlog = self._backlog
        if listener.cursor < backlog.first:
            # Nobody need be slow for that: a source's burst can be larger than the backlog.
            return True
        if listener.blocked_since is None or listener.cursor >= backlog.edge - 1:
            return False
        behind = backlog.end_granule - listener.next_granule
        return behind > self._limits.lag_seconds * SAMPLE_RATE

    def _granule_at(self, cursor: int) -> int:
        backlog = self._backlog
        return backlog.page(cursor).start_granule if cursor < backlog.edge else backlog.end_granule

    def _move_to_edge(self, listener: Listener) -> None:
        """Leave out all pages up to the newest; the listener's numbers go on without a hole."""
        newest = self._backlog.edge - 1
        start_granule = self._backlog.page(newest).start_granule
        listener.pages_less += newest - listener.cursor
        listener.samples_less += start_granule - listener.next_granule
        listener.cursor = newest
        listener.next_granule = start_granule
        self._counters.skips += 1

    def _lose(self, listener: Listener) -> None:
        """It has gone by itself."""
        self._counters.disconnects += 1
        self._close(listener)

    def _close(self, listener: Listener) -> None:
        listener.open = False
        listener.rest = b""
        listener.sink.close()
        self.count -= 1
        self._counters.listeners -= 1


def _numbered(listener: Listener, page: StreamPage) -> bytes:
    if not listener.pages_less:
        return page.data
    return renumber(page.data, pages_less=listener.pages_less, samples_less=listener.samples_less)
