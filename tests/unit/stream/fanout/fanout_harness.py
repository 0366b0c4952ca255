"""A fan-out with what a hub gives it: pages of one bitstream, a backlog, a clock that is turned by hand."""

import math

from audiocast.stream.backlog import Backlog
from audiocast.stream.counters import Counters
from audiocast.stream.fanout.fanout import Fanout
from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.fanout.listener import Listener
from audiocast.stream.muxer import OggMuxer
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import STEREO, TAGS, timed
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.received import Received, received

FLUSH_SECONDS = 0.1
HTTP_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class FanoutHarness:
    """One logical bitstream and its listeners.

    Args:
        backlog_seconds, backlog_bytes: Bounds of the backlog.
        limits: Of the fan-out.
        clock, counters: Of the node; own ones unless streams share them.
    """

    def __init__(
        self,
        *,
        backlog_seconds: float = 20.0,
        backlog_bytes: int = 262_144,
        limits: FanoutLimits | None = None,
        clock: FakeClock | None = None,
        counters: Counters | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.counters = counters or Counters()
        self.muxer = OggMuxer(1, STEREO, TAGS)
        self.backlog = Backlog(max_seconds=backlog_seconds, max_bytes=backlog_bytes)
        limits = limits or FanoutLimits(flush_interval_seconds=FLUSH_SECONDS)
        self.fanout = Fanout(self.backlog, self.clock, self.counters, limits)
        self.published = 0

    def publish(self, packets: int = 1, *, size_bytes: int = 40, eos: bool = False) -> None:
        """Publish the next packets as one arrival: pages of up to five of them."""
        numbers = range(self.published, self.published + packets)
        self.published += packets
        for page in self.muxer.pages(timed(numbers, size_bytes), self.clock.time(), eos=eos):
            self.backlog.append(page)
        self.fanout.wake()

    def broadcast(self, seconds: float, *, size_bytes: int = 40) -> None:
        """Publish packets of 20 ms in real time, one a page."""
        for _ in range(round(seconds / 0.02)):
            self.clock.advance(0.02)
            self.publish(size_bytes=size_bytes)

    def end(self) -> None:
        """Publish the last page and finish."""
        self.publish(eos=True)
        self.fanout.finish()

    def listen(
        self,
        *,
        preroll_seconds: float = 0,
        aim_seconds: float = math.inf,
        room_bytes: float = math.inf,
    ) -> tuple[FakeSink, Listener]:
        """Add a listener."""
        sink = FakeSink(room_bytes)
        head = HTTP_HEAD + self.muxer.header_pages
        return sink, self.fanout.join(sink, head, preroll_seconds=preroll_seconds, aim_seconds=aim_seconds)

    def flush(self) -> None:
        """Let one flush interval pass."""
        self.clock.advance(FLUSH_SECONDS)


def heard(sink: FakeSink) -> Received:
    """Take apart what a listener of a harness got."""
    return received(sink.received, http_head=HTTP_HEAD)
