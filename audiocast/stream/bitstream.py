"""One logical bitstream, as its listeners get it: what makes its pages, the last of them, and who listens."""

from collections.abc import Sequence

from audiocast.stream.backlog import Backlog
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.fanout import Fanout, FanoutLimits
from audiocast.stream.hold import TICK_SECONDS, Hold
from audiocast.stream.splice import Splicer, TimedPacket


class Bitstream:
    """Lives from the first audio of a stream to its end.

    Args:
        splicer: Makes its pages.
        clock: Time and timers.
        counters: Of this node.
        backlog_seconds, backlog_bytes: Bounds of the backlog.
        fanout: How listeners are served.
    """

    def __init__(
        self,
        splicer: Splicer,
        clock: Clock,
        counters: Counters,
        *,
        backlog_seconds: float,
        backlog_bytes: int,
        fanout: FanoutLimits,
    ) -> None:
        self.splicer = splicer
        self.backlog = Backlog(max_seconds=backlog_seconds, max_bytes=backlog_bytes)
        self.fanout = Fanout(self.backlog, clock, counters, fanout)

    def append(self, packets: Sequence[TimedPacket], now: float, *, eos: bool = False) -> None:
        """Make pages of packets and have them sent."""
        for page in self.splicer.pages(packets, now, eos=eos):
            self.backlog.append(page)
        self.fanout.wake()

    def finish(self, now: float) -> None:
        """Send a last page (20 ms of silence, marked as the end) and let the listeners go."""
        last = Hold(self.splicer.head, bytes_a_second=0, now=now - TICK_SECONDS).silence(now)[:1]
        self.append(last, now, eos=True)
        self.fanout.finish()

    def bytes_a_second(self) -> float:
        """What one listener gets, with Ogg's own bytes, over the backlog."""
        backlog = self.backlog
        return backlog.size_bytes / backlog.seconds if backlog.seconds else 0.0
