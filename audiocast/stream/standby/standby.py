"""One source that is connected and not heard: how its audio comes, and the last of it.

What was kept is heard first when the stream is handed over to it, so that it begins where the audio before it
ended. Most encoders send a page every 20 ms, and of those a second is kept. Of one that sends ten seconds at
once, as a relay of HLS does, as much is kept as it sends.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.page import Page
from audiocast.stream.gap import Arrivals
from audiocast.stream.muxer import TimedPacket
from audiocast.stream.source import Source

# A source is away when what came of it is used up since so long. Networks delay pages by tens of
# milliseconds and a lost packet by 200; who has less than this in hand, a live listener, hears a hole.
AWAY_SECONDS = 0.25

# What is kept beside as much as comes at once: more than `AWAY_SECONDS` and a page.
KEPT_SECONDS = 1.0
MAX_KEPT_SECONDS = 10.0
MAX_KEPT_BYTES = 262_144


class SourceSegment(NamedTuple):
    """What a source's audio needs before it, as `SourceSink.attach_source` has it."""

    opus_head: OpusHead
    tags: OpusTags
    header_pages: Sequence[Page]


class KeptPage(NamedTuple):
    """A page as it came, and the packets that end on it; `page` is None if it was a header page too."""

    page: Page | None
    packets: Sequence[TimedPacket]


class Standby:
    """See the module.

    Args:
        source: It has an audio page, or is about to bring its first one.
        segment: Its present one.
        arrivals: How its audio came until now.
    """

    def __init__(self, source: Source, segment: SourceSegment, arrivals: Arrivals) -> None:
        self.source = source
        self.segment = segment
        self.arrivals = arrivals
        self._good_since: float | None = None
        self._kept: deque[KeptPage] = deque()
        self._kept_samples = self._kept_bytes = 0

    @property
    def priority(self) -> int:
        """That of the source."""
        return self.source.rank.priority

    def is_away(self, now: float) -> bool:
        """Return whether there is no audio of it, neither new nor in hand."""
        return self._good_since is None or now > self.arrivals.used_up_at + AWAY_SECONDS

    def good_seconds(self, now: float) -> float:
        """Return for how long its audio has come without a hole; 0 while it is away."""
        return 0.0 if self._good_since is None or self.is_away(now) else now - self._good_since

    def begin_segment(self, segment: SourceSegment) -> None:
        """Keep the pages of the next segment of its chain instead of those of the one before."""
        self.segment = segment
        self._kept.clear()
        self._kept_samples = self._kept_bytes = 0

    def note(self, page: Page | None, packets: Sequence[TimedPacket], now: float) -> None:
        """Keep a page that has come."""
        if self.is_away(now):
            self._good_since = now
        samples = _samples(packets)
        self.arrivals.note(now, samples / SAMPLE_RATE)
        self._kept.append(KeptPage(page, packets))
        self._kept_samples += samples
        self._kept_bytes += _size_bytes(packets)
        most = min(self.arrivals.burst_seconds + KEPT_SECONDS, MAX_KEPT_SECONDS) * SAMPLE_RATE
        while self._kept and (self._kept_samples > most or self._kept_bytes > MAX_KEPT_BYTES):
            oldest = self._kept.popleft().packets
            self._kept_samples -= _samples(oldest)
            self._kept_bytes -= _size_bytes(oldest)

    def last_pages(self, used_up_at: float) -> list[KeptPage]:
        """Return the pages to go on with where the audio of another source ends.

        Args:
            used_up_at: When listeners will have played all of that source.

        Returns:
            As many packets as come nearest; of the first page those alone.
        """
        wanted = (self.arrivals.used_up_at - used_up_at) * SAMPLE_RATE
        pages: list[KeptPage] = []
        for page, packets in reversed(self._kept):
            count = 0
            for _, samples in reversed(packets):
                if wanted < samples / 2:
                    break
                wanted -= samples
                count += 1
            if count:
                pages.append(KeptPage(page, packets[len(packets) - count :]))
            if count < len(packets):
                break
        pages.reverse()
        return pages


def _samples(packets: Sequence[TimedPacket]) -> int:
    return sum(samples for _, samples in packets)


def _size_bytes(packets: Sequence[TimedPacket]) -> int:
    return sum(len(packet) for packet, _ in packets)
