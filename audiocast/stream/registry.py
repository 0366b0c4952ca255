"""All streams of this node, bounded: an idle one makes room for one that is wanted."""

import asyncio
from collections.abc import Callable, Iterator

from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.errors import ServerFull, ShuttingDown, SourceError
from audiocast.stream.feed_scheduler import FeedScheduler
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits


class Registry:
    """Hubs by stream id, the least recently opened first.

    Args:
        clock: Time and timers, for the hubs.
        limits: For each hub.
        max_streams: Streams that are on at the same time; as many more are remembered that are not.
    """

    def __init__(self, *, clock: Clock, limits: HubLimits, max_streams: int) -> None:
        self.counters = Counters()
        self.clock = clock
        self.feed_scheduler = FeedScheduler(clock)
        self._limits = limits
        self._max_streams = max_streams
        self._hubs: dict[str, Hub] = {}
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}

    def __iter__(self) -> Iterator[Hub]:
        return iter(list(self._hubs.values()))

    def get(self, stream_id: str) -> Hub | None:
        """Return a stream's hub, if the stream is known here."""
        return self._hubs.get(stream_id)

    def get_or_waiting(self, stream_id: str) -> Hub:
        """Return a stream's hub; for an unknown stream a waiting one, which is not kept."""
        return self._hubs.get(stream_id) or self._new(stream_id, "")

    def live(self) -> list[Hub]:
        """Return the hubs of the streams that are on."""
        return [hub for hub in self._hubs.values() if hub.is_on]

    def open(self, stream_id: str, title: str = "") -> Hub:
        """Return the hub of a stream that is on or may start now, a new one if the stream is not known.

        Raises:
            ServerFull: Too many streams are on.
        """
        hub = self._hubs.get(stream_id)
        if hub is None or not hub.is_on:
            self._check_live()
        if hub is None:
            self._make_room()
            hub = self._new(stream_id, title)
            hub.on_change.add(self._waker(hub))
        self._hubs.pop(stream_id, None)
        self._hubs[stream_id] = hub
        return hub

    async def wait(self, stream_id: str, timeout_seconds: float) -> Hub | None:
        """Wait for a stream to be on; return its hub, or None after `timeout_seconds`."""
        hub = self._hubs.get(stream_id)
        if hub is None or not hub.is_on:
            waiter = asyncio.get_running_loop().create_future()
            waiters = self._waiters.setdefault(stream_id, set())
            waiters.add(waiter)
            try:
                await asyncio.wait_for(waiter, timeout_seconds)
            except TimeoutError:
                return None
            finally:
                waiters.discard(waiter)
                # Waiters that were woken are in a set of their own by now; later ones still wait.
                if not waiters and self._waiters.get(stream_id) is waiters:
                    del self._waiters[stream_id]
            hub = self._hubs.get(stream_id)
        return hub if hub is not None and hub.is_on else None

    def end_all(self) -> None:
        """End every stream that is on, because this server stops."""
        error: SourceError = ShuttingDown("the server stops; connect again in a moment with the same key")
        for hub in self.live():
            hub.end(error)

    def _new(self, stream_id: str, title: str) -> Hub:
        return Hub(stream_id, title=title, clock=self.clock, counters=self.counters, limits=self._limits)

    def _check_live(self) -> None:
        if len(self.live()) >= self._max_streams:
            raise ServerFull(f"expected at most {self._max_streams} streams at a time; try again later")

    def _make_room(self) -> None:
        if len(self._hubs) >= 2 * self._max_streams:
            idle = next(stream_id for stream_id, hub in self._hubs.items() if not hub.is_on)
            del self._hubs[idle]

    def _waker(self, hub: Hub) -> Callable[[], None]:
        def wake() -> None:
            if hub.is_on:
                for waiter in self._waiters.pop(hub.stream_id, ()):
                    if not waiter.done():
                        waiter.set_result(None)

        return wake
