"""Where a source's audio goes: a hub, which sources need not know."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import Page
from audiocast.stream.counters import Counters
from audiocast.stream.muxer import TimedPacket

if TYPE_CHECKING:
    from audiocast.stream.source import Source


class SourceSink(Protocol):
    """See the module.

    Attributes:
        counters: Added to.
    """

    counters: Counters

    def attach_source(
        self, source: "Source", opus_head: OpusHead, tags: OpusTags, header_pages: Sequence[Page], now: float
    ) -> None:
        """Make `source`, or the next segment of its chain, the one that is played; its audio comes next."""

    def publish(
        self, source: "Source", page: Page | None, packets: Sequence[TimedPacket], now: float
    ) -> None:
        """Play the packets that end on a page, maybe none; `page` is None if it was a header page too."""

    def note_fault(self, source: "Source", code: str) -> None:
        """Count a page or packet of `source` that was dropped, by the code of its error."""

    def detach_source(self, source: "Source") -> None:
        """Play `source` no more: its connection is gone."""
