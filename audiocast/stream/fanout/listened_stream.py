"""A stream as its listeners have it: its bitstream, who takes that, and how they join."""

from audiocast.stream.access.private_streams import PrivateStreams
from audiocast.stream.audience.listen import Listen
from audiocast.stream.bitstream import Bitstream, ListenerSession
from audiocast.stream.broadcaster.keyed_stream import KeyedStream
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.fanout.listener import Sink
from audiocast.stream.hub_state import HubState, Promise, Suspensions
from audiocast.stream.now_playing import Titles
from audiocast.stream.read_pacer import NO_READ
from audiocast.stream.source_log import SourceLog
from audiocast.stream.tap import PageTaps, Tap, Taps


class ListenedStream(KeyedStream):
    """What `Hub` has for those that take its audio.

    Args:
        stream_id, title, clock, promise, suspensions, private_streams: See `KeyedStream`.
        counters: Shared by all hubs of this node; added to.

    Attributes:
        titles: What is on, and what was on.
        source_log: The source's own pages, for other nodes; None if they are not kept.
        deferred_read: Of the source; made at once for who begins to hear it. Set by whoever reads it.
        page_taps: Get what listeners get of each page of the sources; others add to it.
    """

    def __init__(
        self,
        stream_id: str,
        title: str,
        clock: Clock,
        counters: Counters,
        promise: Promise,
        suspensions: Suspensions | None,
        private_streams: PrivateStreams | None,
    ) -> None:
        super().__init__(stream_id, title, clock, promise, suspensions, private_streams)
        self.counters = counters
        self.titles = Titles(clock, self._notify)
        self.source_log: SourceLog | None = None
        self.deferred_read = NO_READ
        self._taps = Taps()
        self.page_taps = PageTaps()
        self._bitstream: Bitstream | None = None

    @property
    def state(self) -> HubState:
        """What listeners are told."""
        raise NotImplementedError

    @property
    def is_on(self) -> bool:
        """There is a bitstream: a listener that joins now gets audio, or silence."""
        return self._bitstream is not None

    @property
    def listeners(self) -> int:
        """Number of open listeners."""
        return (self._bitstream.fanout.count if self._bitstream else 0) + self._taps.listeners

    @property
    def is_wanted(self) -> bool:
        """A listener or a tap on this node takes the audio."""
        return bool(self.listeners or self._taps)

    @property
    def read_seconds(self) -> float:
        """How long what the source sends may wait to be read. 0: not at all, as until the stream is on."""
        is_relayed = self.source_log is not None and bool(self.source_log.on_growth)
        return 0.0 if is_relayed or self._bitstream is None else self._bitstream.read_seconds

    def join(
        self,
        sink: Sink,
        response_head: bytes,
        *,
        preroll_seconds: float,
        aim_seconds: float,
        listen: Listen | None = None,
    ) -> ListenerSession:
        """Add a listener; see `Fanout.join`. The header pages follow `response_head`.

        Raises:
            RuntimeError: Nothing is on (see `is_on`).
        """
        self.deferred_read.make_now()
        if self._bitstream is None:
            raise RuntimeError(f"expected a stream that is on, got one that is {self.state}")
        first = response_head + self._bitstream.header_pages(self.titles.tags)
        return self._bitstream.join(
            sink, first, preroll_seconds=preroll_seconds, aim_seconds=aim_seconds, listen=listen
        )

    def open_tap(self, tap: Tap) -> None:
        """Send `tap` what the backlog holds, and then all audio, until `close_tap`."""
        self.deferred_read.make_now()
        self._taps.add(tap)
        if self._bitstream is not None:
            self._bitstream.fill(tap)

    def close_tap(self, tap: Tap) -> None:
        """Send `tap` no more audio."""
        self._taps.discard(tap)

    def close_listeners(self, count: int) -> int:
        """Close at most `count` listeners, so that they connect to another node; return how many were."""
        return self._bitstream.close_listeners(count) if self._bitstream is not None else 0
