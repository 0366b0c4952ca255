"""Those on this node who take a stream's packets as they are, and not as the pages of a listener."""

from collections.abc import Sequence
from typing import Protocol

from audiocast.ogg.headers import OpusHead
from audiocast.stream.muxer import TimedPacket


class Tap(Protocol):
    """Told of all audio that listeners get, silence too, in the calls that bring it. Never waits."""

    def begin(self, opus_head: OpusHead) -> None:
        """Take note that packets for such a decoder come next: at first, and with each new bitstream."""

    def audio(self, packets: Sequence[TimedPacket], came_at: float) -> None:
        """Take packets, the last of which was there at `came_at`, the clock's seconds."""

    def end(self) -> None:
        """Take note that the stream has ended. It may begin again."""


class Taps(set[Tap]):
    """All of one stream, told together."""

    def begin(self, opus_head: OpusHead) -> None:
        """See `Tap`."""
        for tap in self:
            tap.begin(opus_head)

    def audio(self, packets: Sequence[TimedPacket], came_at: float) -> None:
        """See `Tap`."""
        for tap in self:
            tap.audio(packets, came_at)

    def end(self) -> None:
        """See `Tap`."""
        for tap in self:
            tap.end()
