"""What takes a stream's packets as they are, and not as the pages of a listener."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.page import Page
from audiocast.stream.muxer import OggMuxer, TimedPacket
from audiocast.stream.source_id import SourceId


class Tap(Protocol):
    """Gets all audio that listeners get, silence too, in the calls that bring it. Never waits."""

    def start_bitstream(self, opus_head: OpusHead) -> None:
        """Prepare for packets of this decoder set-up: at first, and with each new bitstream."""

    def append(self, packets: Sequence[TimedPacket], arrived_at: float) -> None:
        """Take the next packets; the last of them arrived at `arrived_at`, the clock's seconds."""

    def end(self) -> None:
        """End the stream. Another bitstream may start later."""


class ListenedTap(ABC):
    """A tap that has listeners of its own, who count for the stream as those of its bitstream do."""

    @property
    @abstractmethod
    def listeners(self) -> int:
        """Number of open listeners."""

    @abstractmethod
    def close_listeners(self, count: int) -> int:
        """Close at most `count` listeners that have all there is; return how many."""

    @abstractmethod
    def end_listeners(self) -> None:
        """Close each listener: nobody may listen any more who may now."""


class Taps(set[Tap]):
    """All taps of one stream."""

    @property
    def listened(self) -> list[ListenedTap]:
        """Those that have listeners of their own."""
        return [tap for tap in self if isinstance(tap, ListenedTap)]

    @property
    def listeners(self) -> int:
        """Number of their open listeners."""
        return sum(tap.listeners for tap in self.listened) if self else 0

    def close_listeners(self, count: int) -> int:
        """See `ListenedTap`."""
        closed = 0
        for tap in self.listened:
            closed += tap.close_listeners(count - closed)
        return closed

    def end_listeners(self) -> None:
        """See `ListenedTap`."""
        for tap in self.listened:
            tap.end_listeners()

    def start_bitstream(self, opus_head: OpusHead) -> None:
        """See `Tap`."""
        for tap in tuple(self):
            tap.start_bitstream(opus_head)

    def append(self, packets: Sequence[TimedPacket], arrived_at: float) -> None:
        """See `Tap`."""
        for tap in tuple(self):
            tap.append(packets, arrived_at)

    def end(self) -> None:
        """See `Tap`."""
        for tap in tuple(self):
            tap.end()


class SourcePage(NamedTuple):
    """What listeners get of a page of a source.

    Attributes:
        source_id: The source.
        serial, sequence, granule: The page's own; -1 each for audio that came on a page of headers.
        packets: May be others than the page's, and as many or none, when the sound is muted.
        opus_head: Decoder set-up of listeners; another object with each new bitstream.
        gap_samples: Silence of gaps that listeners have got so far in this bitstream.
    """

    source_id: SourceId
    serial: int
    sequence: int
    granule: int
    packets: Sequence[TimedPacket]
    opus_head: OpusHead
    gap_samples: int


class PageTap(Protocol):
    """Gets what listeners get of each page of the stream's sources. Never waits."""

    def append_page(self, page: SourcePage) -> None:
        """Take the next page."""


class Heard(Protocol):
    """What listeners hear, as a bitstream is."""

    muxer: OggMuxer
    gap_samples: int


class PageTaps(set[PageTap]):
    """All of one stream."""

    def append(
        self, source_id: SourceId, page: Page | None, packets: Sequence[TimedPacket], heard: Heard
    ) -> None:
        """Give them a page; see `SourcePage`."""
        own = (page.serial, page.sequence, page.granule_position) if page is not None else (-1, -1, -1)
        sent = SourcePage(source_id, *own, packets, heard.muxer.opus_head, heard.gap_samples)
        for tap in self:
            tap.append_page(sent)
