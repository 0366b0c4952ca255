"""A hub with sources and listeners around it, on a clock that is turned by hand."""

from collections.abc import Sequence

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.stream.counters import Counters
from audiocast.stream.errors import SourceError
from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import STEREO, TAGS, body, feed, packet
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.received import Received, received

HTTP_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
GRACE_SECONDS = 30.0
ACTIVE_SECONDS = 2.5

LIMITS = HubLimits(
    active_seconds=ACTIVE_SECONDS,
    grace_seconds=GRACE_SECONDS,
    fanout=FanoutLimits(flush_interval_seconds=0.1),
)


class Broadcaster:
    """One connection that feeds a hub, and what it was told.

    Args:
        harness: Whose hub.
        generation: Of its key.
        max_kbps: Rate limit of the source, kbit/s; 0 for none.
    """

    def __init__(self, harness: "HubHarness", *, generation: int = 0, max_kbps: int = 0) -> None:
        self.told: list[SourceError] = []
        self._harness = harness
        rate_limit = RateLimit(max_kbps=max_kbps, lead_seconds=20, now=harness.clock.time())
        self.source = Source(
            harness.hub,
            source_id=SourceId.new(newer_than=harness.hub.source_id),
            rate_limit=rate_limit,
            generation=generation,
            dismiss=self.told.append,
        )

    def send(self, data: bytes) -> None:
        """Send bytes now."""
        feed(self.source, data, self._harness.clock.time())

    def begin(self, numbers: Sequence[int], head: OpusHead = STEREO, tags: OpusTags = TAGS) -> None:
        """Send header pages and these packets, one a page, all at once."""
        self.send(body(numbers, head=head, tags=tags))

    def go_on(self, numbers: Sequence[int]) -> None:
        """Send further packets of the stream begun before, in real time."""
        for number in numbers:
            self._harness.clock.advance(0.02)
            self._harness.hub.publish(self.source, None, [(packet(number), 960)], self._harness.clock.time())

    def leave(self) -> None:
        """Lose the connection."""
        self.source.detach()


class HubHarness:
    """One hub.

    Args:
        limits: Of the hub.
    """

    def __init__(self, limits: HubLimits = LIMITS) -> None:
        self.clock = FakeClock()
        self.counters = Counters()
        self.hub = Hub("abc", title="A title", clock=self.clock, counters=self.counters, limits=limits)
        self.changes = 0
        self.hub.on_change.add(self._note_change)

    def broadcaster(self, *, generation: int = 0, max_kbps: int = 0) -> Broadcaster:
        """Connect a source."""
        return Broadcaster(self, generation=generation, max_kbps=max_kbps)

    def live(self, numbers: Sequence[int] = (0,)) -> Broadcaster:
        """Connect a source and bring its first packets."""
        broadcaster = self.broadcaster()
        broadcaster.begin(numbers)
        return broadcaster

    def listen(self, *, preroll_seconds: float = 1000) -> FakeSink:
        """Connect a low-latency listener that takes everything."""
        sink = FakeSink()
        self.hub.join(sink, HTTP_HEAD, preroll_seconds=preroll_seconds, aim_seconds=LOW_LATENCY_SECONDS)
        return sink

    def heard(self, sink: FakeSink) -> Received:
        """Take apart what a listener got, after all that is due now was done."""
        self.clock.settle()
        return received(sink.received, http_head=HTTP_HEAD)

    def _note_change(self) -> None:
        self.changes += 1
