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
from audiocast.stream.gap import SourceGap
from audiocast.stream.muxer import TimedPacket
from audiocast.stream.source import Source
from audiocast.stream.standby.arrivals import Arrivals

# A source is away when what came of it is used up since so long. Networks delay pages by tens of
# milliseconds and a lost packet by 200; who has less than this in hand, a live listener, hears a hole.
AWAY_SECONDS = 0.25

# Who sends so much at once is heard from what is in hand. Busy machines and networks delay pages by less.
MIN_BURST_SECONDS = 0.5

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
            self.arrivals.restart(now)
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

    def missing_seconds(self, gap: SourceGap) -> float:
        """Return how much of what was kept is needed to go on where the audio of another source ends.

        Args:
            gap: Of the stream, which has the other source.

        Returns:
            What was made since the other's audio ended; below 0: nothing yet. Of a source that sends much at
            once more is needed: listeners must have something in hand until it sends again.
        """
        since_seconds = self.arrivals.ended_at - gap.ended_at
        in_hand_seconds = self.arrivals.used_up_at - gap.used_up_at
        return in_hand_seconds if in_hand_seconds > since_seconds + MIN_BURST_SECONDS else since_seconds

    def last_pages(self, gap: SourceGap) -> list[KeptPage]:
        """Return the pages to go on with where the audio of another source ends.

        Args:
            gap: Of the stream.

        Returns:
            As many packets as come nearest; of the first page those alone.
        """
        wanted = self.missing_seconds(gap) * SAMPLE_RATE
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
