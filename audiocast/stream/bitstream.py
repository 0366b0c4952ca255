"""One logical bitstream, as its listeners get it: what makes its pages, the last of them, and who listens."""

from collections.abc import Iterator, Sequence

from audiocast.ogg.opus import packet_samples
from audiocast.ogg.reader import PageReader
from audiocast.stream.backlog import Backlog
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.fanout import Fanout, FanoutLimits
from audiocast.stream.hold import TICK_SECONDS, Hold
from audiocast.stream.muxer import OggMuxer, TimedPacket
from audiocast.stream.tap import Taps


class Bitstream:
    """Lives from the first audio of a stream to its end.

    Args:
        muxer: Makes its pages.
        clock: Time and timers.
        counters: Of this node.
        taps: Whoever takes its packets too.
        backlog_seconds, backlog_bytes: Bounds of the backlog.
        fanout: How listeners are served.
    """

    def __init__(
        self,
        muxer: OggMuxer,
        clock: Clock,
        counters: Counters,
        taps: Taps,
        *,
        backlog_seconds: float,
        backlog_bytes: int,
        fanout: FanoutLimits,
    ) -> None:
        self.muxer = muxer
        self._taps = taps
        self.backlog = Backlog(max_seconds=backlog_seconds, max_bytes=backlog_bytes)
        self.fanout = Fanout(self.backlog, clock, counters, fanout)

    def append(self, packets: Sequence[TimedPacket], now: float, *, eos: bool = False) -> None:
        """Make pages of packets and have them sent."""
        for page in self.muxer.pages(packets, now, eos=eos):
            self.backlog.append(page)
        self.fanout.wake()
        self._taps.audio(packets, now)

    def finish(self, now: float) -> None:
        """Send a last page (20 ms of silence, marked as the end) and let the listeners go."""
        last = Hold(self.muxer.opus_head, bytes_per_second=0, now=now - TICK_SECONDS).silence(now)[:1]
        self.append(last, now, eos=True)
        self.fanout.finish()

    def backlog_packets(self) -> Iterator[tuple[list[TimedPacket], float]]:
        """Give the packets of each page of the backlog, and when they came."""
        streams = self.muxer.opus_head.stream_count
        for page in self.backlog.pages(self.backlog.first, self.backlog.end):
            reader = PageReader()
            reader.feed(page.data)
            parsed = reader.next_page()
            assert parsed is not None, "the backlog holds whole pages"
            # A page of ours holds whole packets only.
            packets = [(packet, packet_samples(packet, streams)) for packet, _ in parsed.fragments()]
            yield packets, page.arrived_at

    def bytes_per_second(self) -> float:
        """What one listener gets, with Ogg's own bytes, over the backlog."""
        backlog = self.backlog
        return backlog.size_bytes / backlog.seconds if backlog.seconds else 0.0
