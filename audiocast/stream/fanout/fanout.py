"""Pages to the sockets of listeners, in passes.

A pass walks over listeners and sends to each everything that it lacks, in one send. What it costs is the
number of sends, about 8 µs each in any language, so load makes the batches larger and the delay grows gently,
nothing piles up. Listeners whose pages may gather for as long are in one lane, and `lane` says when its next
pass begins. A long pass gives way to the event loop between slices, and each slice gets all that is there by
then.

Each listener has a cursor. Nearly all cursors of a slice stand where the last pass left it, and these
listeners are sent the very same bytes: nothing is copied, parsed, timed or logged for one of them. The others
are new, slow, or were moved ahead once, and each is served by itself. A slow listener is asked again in each
pass, with one send of the rest of one page, and never delays others; when it is too far behind it is moved to
the newest page, and when it takes nothing for too long it is closed. What each part costs and saves:
docs/fan-out.md.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.stream.audience.departure import seconds_since_left
from audiocast.stream.audience.listen import Listen
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.backlog import Backlog, StreamPage
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.fanout.lane import Lane, lanes
from audiocast.stream.fanout.leaving import LeavingListeners
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.fanout.listener import Listener, Sink

# About 2 ms of sends, then the loop has its turn.
SLICE_LISTENERS = 250

# How long the last pages may take to reach a slow listener when the stream has ended.
FINISH_SECONDS = 5.0

# The same when the server stops, which waits no longer than a second for it.
STOP_SECONDS = 0.8

# How often a slow listener is asked again meanwhile, whatever the flush interval: that may be 0.
FINISH_RETRY_SECONDS = 0.1


class _Batch(NamedTuple):
    """What a pass sends to each listener whose cursor is `start`; its cursor is `end` then."""

    start: int
    end: int
    end_granule: int
    pages: list[StreamPage]
    data: bytes


class Fanout:
    """Serves the listeners of one logical bitstream.

    Args:
        backlog: Read only, here; call `wake` after each append to it.
        clock: Time and timers.
        counters: Added to.
        limits: See `FanoutLimits`.

    Attributes:
        peak: The most listeners that were open at once.
    """

    _listener_type: type[Listener] = Listener

    def __init__(self, backlog: Backlog, clock: Clock, counters: Counters, limits: FanoutLimits) -> None:
        self._backlog = backlog
        self._clock = clock
        self._counters = counters
        self._lag_samples = limits.lag_seconds * SAMPLE_RATE
        self._stall_seconds = limits.stall_seconds
        self._lanes = lanes(counters, limits.flush_interval_seconds)
        self._finish_at: float | None = None
        self._finish_end = ListenEnd.STREAM_ENDED
        self._leaving = LeavingListeners(clock)
        self.peak = 0

    @property
    def count(self) -> int:
        """Number of open listeners."""
        return sum([lane.open_count for lane in self._lanes])

    def open_listeners(self) -> list[Listener]:
        """Return those that are open now."""
        return [listener for lane in self._lanes for listener in lane.listeners if listener.is_open]

    @property
    def has_live_listeners(self) -> bool:
        """A listener is open that wants pages when they come."""
        return any(lane.is_live and lane.open_count for lane in self._lanes)

    @property
    def interval_seconds(self) -> float:
        """How long passes over buffered listeners are apart now."""
        return self._lanes[-1].interval_seconds

    def join(
        self,
        sink: Sink,
        first_bytes: bytes,
        *,
        preroll_seconds: float,
        aim_seconds: float,
        listen: Listen | None = None,
    ) -> Listener:
        """Add a listener and send what it begins with, at once.

        Args:
            sink: The listener's non-blocking socket; closed here in the end.
            first_bytes: The response's head and the header pages.
            preroll_seconds: How much of the backlog is sent, at most.
            aim_seconds: See `Listener`.
            listen: Begun here, and ended when the listener is closed; None: nobody counts it.
        """
        backlog = self._backlog
        cursor = backlog.start_of(preroll_seconds)
        granule = backlog.start_granule(cursor)
        listener = self._listener_type(
            sink, cursor=cursor, granule=granule, unsent=first_bytes, aim_seconds=aim_seconds
        )
        listener.listen = listen
        lane = self._lane(listener)
        lane.note_join(backlog.end, SLICE_LISTENERS)
        self.peak = max(self.peak, self.count)
        self._counters.listeners += 1
        self._counters.joins += 1
        now = self._clock.time()
        if listen is not None:
            listen.start(now, unheard_bytes=backlog.bytes_before(cursor) - len(first_bytes))
        self._serve(listener, backlog.end, now)
        if listener.is_open:
            lane.listeners.append(listener)
        return listener

    def wake(self) -> None:
        """Schedule the passes that bring new pages to listeners."""
        now = self._clock.time()
        for lane in self._lanes:
            if lane.listeners and not lane.is_running:
                self._arm(lane, now)

    def finish(self, end: ListenEnd = ListenEnd.STREAM_ENDED) -> None:
        """Send what is left and close each listener that has all; after some seconds, the others too."""
        self._finish_end = end
        is_stop = end is ListenEnd.SERVER_STOPPED
        self._finish_at = self._clock.time() + (STOP_SECONDS if is_stop else FINISH_SECONDS)
        for lane in self._lanes:
            if lane.timer is not None:
                lane.timer.cancel()
            if lane.listeners and not lane.is_running:
                self._start(lane)

    def end(self, listener: Listener, end: ListenEnd, last_page: Callable[[int, int], StreamPage]) -> None:
        """Send one open listener what it lacks and `last_page` (of an index and a granule), and close it."""
        self._serve(listener, self._backlog.end, self._clock.time())
        if listener.is_open:
            page = last_page(listener.cursor, listener.next_granule)
            data = listener.unsent + listener.numbered(page)
            self._take_out(listener, end)
            self._leaving.add(listener.sink, data)

    def close_listeners(self, count: int) -> int:
        """Close at most `count` listeners that have all there is, so that no page is cut; return how many."""
        ready = [listener for listener in self.open_listeners() if not listener.unsent][:count]
        for listener in ready:
            self._close(listener, ListenEnd.DRAINED)
        return len(ready)

    def _lane(self, listener: Listener) -> Lane:
        """Return the last lane whose players do not aim at more than the listener's does."""
        return [lane for lane in self._lanes if lane.aim_seconds <= listener.aim_seconds][-1]

    def _arm(self, lane: Lane, now: float) -> None:
        """Schedule the pass that brings new pages, or make it sooner."""
        backlog = self._backlog
        first = backlog.page(max(lane.ends[0], backlog.first))
        waiting_seconds = (backlog.end_granule - first.start_granule) / SAMPLE_RATE
        due = lane.due_at(now, first.arrived_at, waiting_seconds)
        if lane.timer is not None:
            if due >= lane.due:
                return
            lane.timer.cancel()
        lane.due = due
        lane.timer = (
            self._clock.call_at(due, self._start, lane)
            if due > now
            else self._clock.call_soon(self._start, lane)
        )

    def _start(self, lane: Lane) -> None:
        lane.start_pass(self._clock.time())
        self._counters.passes += 1
        self._go_on(self._pass(lane))

    def _go_on(self, slices: Iterator[None]) -> None:
        """Do one slice of a pass; the next one has a turn of the loop for itself."""
        for _ in slices:
            self._clock.call_soon(self._go_on, slices)
            return

    def _pass(self, lane: Lane) -> Iterator[None]:
        """Serve all listeners that are there now; yields where the loop should have its turn."""
        # Who joins meanwhile is at the end of the list, and has more than this pass brings.
        listeners, count = lane.listeners, len(lane.listeners)
        now = self._clock.time()
        for index, first in enumerate(range(0, count, SLICE_LISTENERS)):
            if first:
                yield
                now = self._clock.time()
            batch = self._batch(lane.ends[index])
            self._serve_slice(listeners[first : min(first + SLICE_LISTENERS, count)], batch, now)
            lane.ends[index] = batch.end
            began_at, now = now, self._clock.time()
            lane.note_sending(now - began_at)
        lane.end_pass(now)
        if batch.pages and lane.listeners:
            self._counters.delay.observe(max(0.0, now - batch.pages[0].arrived_at))
        if self._finish_at is not None:
            self._close_finished(lane, self._finish_at)
        elif lane.listeners and self._backlog.end > lane.ends[0]:
            # What came during the pass waits since then, not since now.
            self._arm(lane, now)

    def _batch(self, start: int) -> _Batch:
        """Return what listeners lack that stand at `start`."""
        backlog, end = self._backlog, self._backlog.end
        # It may be more than the backlog holds: then there is no batch.
        start = start if start >= backlog.first else end
        return _Batch(start, end, backlog.end_granule, backlog.pages(start, end), backlog.batch(start, end))

    def _serve_slice(self, listeners: Sequence[Listener], batch: _Batch, now: float) -> None:
        """Send the batch to each listener that stands at its start, and serve the others one by one."""
        start, end, end_granule, pages, data = batch
        size, sends = len(data), 0
        for listener in listeners:
            if not listener.is_open:
                continue
            if listener.cursor != start or listener.unsent or listener.skipped_pages or not size:
                self._serve(listener, end, now)
                continue
            try:
                sent = listener.sink.send(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._lose(listener, error)
                continue
            sends += 1
            if sent == size:
                listener.cursor, listener.next_granule = end, end_granule
            else:
                self._counters.sent_bytes += sent - size
                self._stop_short(listener, pages, sent, now)
        self._counters.sends += sends
        self._counters.sent_bytes += sends * size

    def _serve(self, listener: Listener, end: int, now: float) -> None:
        """Send what the listener lacks of the pages before `end`, as far as its socket takes it."""
        backlog = self._backlog
        while True:
            if listener.is_too_far_behind(backlog, self._lag_samples):
                newest = backlog.end - 1
                if listener.listen is not None:
                    missed_bytes = backlog.bytes_before(newest) - backlog.bytes_before(listener.cursor)
                    listener.listen.unheard_bytes += missed_bytes
                listener.skip_to(newest, backlog.page(newest).start_granule)
                self._counters.skips += 1
            stop = end if listener.blocked_since is None else listener.cursor
            data = self._bytes(listener, stop)
            if not data:
                return
            try:
                sent = listener.sink.send(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._lose(listener, error)
                return
            self._counters.sends += 1
            self._counters.sent_bytes += sent
            if sent < len(data):
                self._stop_short(listener, backlog.pages(listener.cursor, stop), sent, now)
                return
            listener.unsent = b""
            listener.blocked_since = None
            if listener.cursor < stop:
                listener.cursor, listener.next_granule = stop, backlog.page(stop - 1).end_granule

    def _bytes(self, listener: Listener, stop: int) -> bytes:
        """Return what is unsent, and the pages from the listener's cursor to `stop`, with its numbers."""
        if listener.cursor >= stop:
            return listener.unsent
        if listener.skipped_pages:
            pages = self._backlog.pages(listener.cursor, stop)
            data = b"".join([listener.numbered(page) for page in pages])
        else:
            data = self._backlog.batch(listener.cursor, stop)
        return listener.unsent + data if listener.unsent else data

    def _stop_short(
        self, listener: Listener, pages: Sequence[StreamPage], sent_bytes: int, now: float
    ) -> None:
        """Note how far the socket came; close the listener if nothing was taken for too long."""
        if listener.blocked_since is None or sent_bytes:
            listener.note_sent(pages, sent_bytes, now)
        elif now - listener.blocked_since >= self._stall_seconds:
            self._counters.stalls += 1
            self._close(listener, ListenEnd.STALLED, seconds_since_left(listener.sink, None))

    def _lose(self, listener: Listener, error: OSError) -> None:
        """Close a listener whose connection is gone."""
        self._counters.disconnects += 1
        self._close(listener, ListenEnd.LEFT, seconds_since_left(listener.sink, error))

    def _close(self, listener: Listener, end: ListenEnd, seconds_ago: float = 0.0) -> None:
        """Close a listener that is gone since `seconds_ago`; what its socket took is still delivered."""
        self._take_out(listener, end, seconds_ago)
        listener.sink.close()

    def _take_out(self, listener: Listener, end: ListenEnd, seconds_ago: float = 0.0) -> None:
        listener.finish_listen(end, self._clock.time() - seconds_ago, self._backlog)
        listener.is_open = False
        listener.unsent = b""
        self._lane(listener).open_count -= 1
        self._counters.listeners -= 1

    def _close_finished(self, lane: Lane, finish_at: float) -> None:
        is_late = self._clock.time() >= finish_at
        for listener in lane.listeners:
            has_all = listener.cursor == self._backlog.end and not listener.unsent
            if listener.is_open and (is_late or has_all):
                self._close(listener, self._finish_end)
        lane.drop_closed()
        if lane.listeners:
            lane.timer = self._clock.call_later(FINISH_RETRY_SECONDS, self._start, lane)
