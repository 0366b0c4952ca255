"""Pages to packets (RFC 3533 sections 5 and 6). Neither serial numbers nor the packets' content matter here.

How large a packet may be: an Opus frame has at most 1,275 bytes (RFC 6716 section 3.4, R2) and a packet at
most 48 of them (120 ms of 2.5 ms, R5). In code 3 with variable sizes this makes 2 bytes of header, 47 lengths
of 2 bytes and 48 * 1,275 bytes: 61,296 without padding (RFC 7845 section 6: 61,298 * N - 2 for N streams, and
61,440 as the bound above which a demuxer may refuse). Comment headers with a cover picture are larger; 128
KiB hold both. Larger ones are for whoever makes them smaller while they come (`tags_sieve`).
"""

from collections.abc import Callable
from typing import Protocol

from audiocast.ogg.errors import PacketTooLarge
from audiocast.ogg.page import FLAG_CONTINUED, MAX_SEGMENT_BYTES, SEQUENCE_MODULUS, Page

MAX_PACKET_BYTES = 128 * 1024


class PacketBuffer(Protocol):
    """Gathers one packet, and may make it smaller while it comes. `bytes()` of it is the packet."""

    def extend(self, data: bytes, /) -> None:
        """Add the next piece."""

    def __bytes__(self) -> bytes: ...


class PacketAssembler:
    """Assembles packets from the pages of one logical bitstream, which come in order.

    A fragment without its beginning (the first page was not the first of the bitstream, or a page is missing)
    is dropped, and so is a fragment whose rest does not come. `dropped` counts such fragments.

    Args:
        max_packet_bytes: Longer packets are refused, before all of them is gathered.
        make_buffer: Called for each packet.
    """

    def __init__(
        self,
        *,
        max_packet_bytes: int = MAX_PACKET_BYTES,
        make_buffer: Callable[[], bytearray | PacketBuffer] = bytearray,
    ) -> None:
        self._max_packet_bytes = max_packet_bytes
        self._make_buffer = make_buffer
        self._pending: bytearray | PacketBuffer | None = None
        self._pending_bytes = 0
        self._next_sequence: int | None = None
        self.dropped = 0

    @property
    def pending_bytes(self) -> int:
        """Bytes of a packet whose end has not come yet."""
        return self._pending_bytes

    def only_packet(self, page: Page) -> bytes | None:
        """Add a page that holds one packet, as most pages of live streams do, and return the packet.

        Returns:
            None if it is another page, or continues something: then nothing is added, and `push` must be.
        """
        lacing, body = page.lacing, page.body
        if self._pending is not None or page.flags & FLAG_CONTINUED or not lacing:
            return None
        # A table that is as long as that has 255 everywhere but at its end.
        last_segment_bytes = lacing[-1]
        packet_bytes = MAX_SEGMENT_BYTES * (len(lacing) - 1) + last_segment_bytes
        if last_segment_bytes == MAX_SEGMENT_BYTES or len(body) != packet_bytes:
            return None
        if packet_bytes > self._max_packet_bytes:
            return None
        self._next_sequence = (page.sequence + 1) % SEQUENCE_MODULUS
        return body

    def push(self, page: Page) -> list[bytes]:
        """Add a page; return the packets that end on it, the oldest first.

        Raises:
            PacketTooLarge: A packet is longer than `max_packet_bytes`. The page's other packets are lost.
        """
        if page.sequence != self._next_sequence:
            self._drop_pending()
        self._next_sequence = (page.sequence + 1) % SEQUENCE_MODULUS
        packets: list[bytes] = []
        fragments = page.fragments()
        if page.is_continued and self._pending is None:
            self.dropped += next(fragments, None) is not None
        elif page.lacing and not page.is_continued:
            self._drop_pending()
        for fragment, complete in fragments:
            self._append(fragment)
            if complete:
                packets.append(self._finish())
        return packets

    def _append(self, fragment: bytes) -> None:
        packet_bytes = self._pending_bytes + len(fragment)
        if packet_bytes > self._max_packet_bytes:
            self._drop_pending()
            message = (
                f"expected a packet of at most {self._max_packet_bytes} bytes, got {packet_bytes} or more"
            )
            raise PacketTooLarge(message)
        if self._pending is None:
            self._pending = self._make_buffer()
        self._pending.extend(fragment)
        self._pending_bytes = packet_bytes

    def _finish(self) -> bytes:
        packet = bytes(self._pending) if self._pending is not None else b""
        self._pending = None
        self._pending_bytes = 0
        return packet

    def _drop_pending(self) -> None:
        if self._pending is not None:
            self.dropped += 1
            self._finish()
