"""Pages to the sockets of listeners, in passes.

A pass walks over listeners and sends to each everything that it lacks, in one send. What it costs is the
number of sends, about 8 µs each in any language, so pages that come during a pass are the next pass's: load
makes the batches larger and the delay grows gently, nothing piles up. Listeners of `latency=low` have a pass
for each arrival of pages, the others one each flush interval, since their players buffer a second anyway. A
long pass gives way to the event loop between slices.

Nearly all listeners are in step (see `group`): they are sent the very same bytes in a plain loop, and nothing
is copied, parsed, timed, logged or kept up to date for one of them. The others are stragglers, and `delivery`
serves each by itself. docs/fan-out.md has what every part of this costs and saves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from audiocast.stream.backlog import Backlog, StreamPage
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.delivery import Delivery
from audiocast.stream.group import Group
from audiocast.stream.listener import Listener, Sink

SLICE_LISTENERS = 250
"""About 2 ms of sends, then the loop has its turn."""

MIN_PAUSE_SHARE = 0.5
"""A pause has at least this part of the length of the pass before it: passes do not fill a core."""

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
        self._delivery = Delivery(
            backlog, counters, lag_seconds=limits.lag_seconds, stall_seconds=limits.stall_seconds
        )
        self._low, self._buffered = (
            Group(interval_seconds, cursor=backlog.end, granule=backlog.end_granule)
            for interval_seconds in (0.0, limits.flush_interval_seconds)
        )
        self._finish_at: float | None = None

    @property
    def count(self) -> int:
        """How many listeners there are."""
        return self._delivery.count

    @property
    def peak(self) -> int:
        """The most that there were."""
        return self._delivery.peak

    def join(self, sink: Sink, first_bytes: bytes, *, preroll_seconds: float, low_latency: bool) -> Listener:
        """Add a listener and send what it begins with, at once.

        Args:
            sink: Its non-blocking socket; closed here in the end.
            first_bytes: the response's head and the header pages.
            preroll_seconds: How much of the backlog it gets, at most.
            low_latency: See `Listener.low_latency`.
        """
        listener = self._delivery.begin(
            sink,
            first_bytes,
            preroll_seconds=preroll_seconds,
            low_latency=low_latency,
            now=self._clock.time(),
        )
        if listener.is_open:
            group = self._low if low_latency else self._buffered
            if not group:
                # No pass has been made meanwhile: what came was for nobody, and late for nobody.
                group.cursor, group.granule = self._backlog.end, self._backlog.end_granule
            group.add(listener)
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

    def close_listeners(self, count: int) -> int:
        """Close some listeners that have all there is, so that no page is cut; give how many."""
        gone = 0
        for group in (self._low, self._buffered):
            for listener in chain(group.stragglers, group.in_step):
                if gone >= count:
                    return gone
                if listener.is_open and not listener.unsent:
                    self._delivery.close(listener)
                    gone += 1
        return gone

    def _arm(self, group: Group) -> None:
        if group and group.timer is None and not group.running:
            self._start_at(group, self._clock.time() + group.interval_seconds)

    def _start_at(self, group: Group, when: float) -> None:
        group.timer = (
            self._clock.call_at(when, self._start, group)
            if group.interval_seconds
            else self._clock.call_soon(self._start, group)
        )

    def _start(self, group: Group) -> None:
        group.timer = None
        group.running = True
        self._counters.passes += 1
        self._go_on(self._pass(group))

    def _go_on(self, slices: Iterator[None]) -> None:
        """Do one slice of a pass; the next one has a turn of the loop for itself."""
        for _ in slices:
            self._clock.call_soon(self._go_on, slices)
            return

    def _pass(self, group: Group) -> Iterator[None]:
        """Serve all who are there now; stops wherever the loop should have its turn."""
        backlog = self._backlog
        if group.cursor < backlog.first:
            # The pages between two passes were more than the backlog holds.
            group.break_step()
            group.cursor = backlog.end
        end, end_granule = backlog.end, backlog.end_granule
        pages = backlog.pages(group.cursor, end)
        data = backlog.batch(group.cursor, end)
        began_at = self._clock.time()
        fallen: list[Listener] = []
        served = 0
        # A crowd that has just come are stragglers all; it waits for those who listened already.
        for listeners, are_in_step in chain(_slices(group.in_step, True), _slices(group.stragglers, False)):
            if served + len(listeners) > SLICE_LISTENERS:
                yield
                served = 0
            served += len(listeners)
            now = self._clock.time()
            if not are_in_step:
                self._serve_each(listeners, end, now)
            elif data:
                fallen += self._send_in_step(listeners, group, pages, data, now)
        now = self._clock.time()
        if pages and group:
            self._counters.delay.observe(max(0.0, now - pages[0].arrived_at))
        group.advance(fallen, end, end_granule)
        group.running = False
        if self._finish_at is not None:
            self._close_finished(group, self._finish_at)
        elif group and backlog.end > end:
            # What came during the pass waits since then, not since now.
            waits_since = backlog.page(max(end, backlog.first)).arrived_at
            rested_at = now + MIN_PAUSE_SHARE * (now - began_at)
            self._start_at(group, max(waits_since + group.interval_seconds, rested_at))

    def _serve_each(self, listeners: list[Listener], end: int, now: float) -> None:
        for listener in listeners:
            if listener.is_open:
                self._delivery.serve(listener, end, now)

    def _send_in_step(
        self, listeners: list[Listener], group: Group, pages: list[StreamPage], data: bytes, now: float
    ) -> list[Listener]:
        """Send the same to all of these; give those who are not in step any more."""
        size, sends = len(data), 0
        fallen = []
        for listener in listeners:
            if not listener.is_open:
                fallen.append(listener)
                continue
            try:
                sent = listener.sink.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._delivery.lose(listener)
                fallen.append(listener)
                continue
            sends += 1
            if sent != size:
                self._counters.sent_bytes += sent - size
                group.fall_behind(listener)
                self._delivery.stop_short(listener, pages, sent, now)
                fallen.append(listener)
        self._counters.sends += sends
        self._counters.sent_bytes += sends * size
        return fallen

    def _close_finished(self, group: Group, finish_at: float) -> None:
        group.break_step()
        late = self._clock.time() >= finish_at
        for listener in group.stragglers:
            if listener.is_open and (late or (listener.cursor == self._backlog.end and not listener.unsent)):
                self._delivery.close(listener)
        group.stragglers = [listener for listener in group.stragglers if listener.is_open]
        if group.stragglers:
            group.timer = self._clock.call_later(FINISH_RETRY_SECONDS, self._start, group)


def _slices(listeners: list[Listener], are_in_step: bool) -> Iterator[tuple[list[Listener], bool]]:
    for start in range(0, len(listeners), SLICE_LISTENERS):
        yield listeners[start : start + SLICE_LISTENERS], are_in_step
