"""What takes a stream's packets as they are, and not as the pages of a listener."""

from collections.abc import Sequence
from typing import Protocol

from audiocast.ogg.headers import OpusHead
from audiocast.stream.muxer import TimedPacket


class Tap(Protocol):
    """Gets all audio that listeners get, silence too, in the calls that bring it. Never waits."""

    def start_bitstream(self, opus_head: OpusHead) -> None:
        """Prepare for packets of this decoder set-up: at first, and with each new bitstream."""

    def append(self, packets: Sequence[TimedPacket], arrived_at: float) -> None:
        """Take the next packets; the last of them arrived at `arrived_at`, the clock's seconds."""

    def end(self) -> None:
        """End the stream. Another bitstream may start later."""


class Taps(set[Tap]):
    """All taps of one stream."""

    def start_bitstream(self, opus_head: OpusHead) -> None:
        """See `Tap`."""
        for tap in self:
            tap.start_bitstream(opus_head)

    def append(self, packets: Sequence[TimedPacket], arrived_at: float) -> None:
        """See `Tap`."""
        for tap in self:
            tap.append(packets, arrived_at)

    def end(self) -> None:
        """See `Tap`."""
        for tap in self:
            tap.end()
