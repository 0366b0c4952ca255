"""Packets to pages: writes one logical Ogg Opus bitstream (RFC 3533 section 6, RFC 7845 sections 3 and 4).

The writer counts pages and samples itself. It does not encode audio, and does not decide how much goes on a
page: each call of `audio` makes a page of its own.
"""

from collections.abc import Iterator, Sequence

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.page import (
    FLAG_BOS,
    FLAG_CONTINUED,
    FLAG_EOS,
    MAX_SEGMENT_BYTES,
    MAX_SEGMENTS,
    NO_GRANULE,
    SEQUENCE_MODULUS,
    encode_page,
)
from audiocast.ogg.silence import silence_packet


class PageWriter:
    """Writes the pages of one Ogg Opus stream, the headers first.

    Args:
        serial: Serial number of the logical bitstream, 32 bits.
    """

    def __init__(self, serial: int) -> None:
        self._serial = serial
        self._sequence = 0
        self._granule_position = 0
        self._opus_head: OpusHead | None = None

    @property
    def sequence(self) -> int:
        """The number that the next page gets."""
        return self._sequence

    @property
    def granule_position(self) -> int:
        """Samples at 48 kHz written so far, the pre-skip included."""
        return self._granule_position

    def headers(self, opus_head: OpusHead, tags: OpusTags) -> bytes:
        """Return the header pages: one for `opus_head`, one for `tags`, or more when these need them.

        Raises:
            RuntimeError: They were written already.
        """
        if self._opus_head is not None:
            raise RuntimeError("expected headers once, got them again")
        self._opus_head = opus_head
        return self._pages([(opus_head.encode(), 0)], FLAG_BOS) + self._pages([(tags.encode(), 0)], 0)

    def audio(self, packets: Sequence[bytes], *, eos: bool = False) -> bytes:
        """Return a page with these audio packets, or more pages when they do not fit one.

        A packet goes on in the next page only when it is too large for a page of its own.

        Args:
            packets: Whole packets. With none there is no page.
            eos: These are the last ones: the last page is marked as the end of the stream. With no packets it
                gets 20 ms of silence, because an end page on which no packet ends counts as a fault.

        Raises:
            BadPacket: One of them is not an Opus packet. None is written then.
            RuntimeError: The headers were not written yet.
        """
        if self._opus_head is None:
            raise RuntimeError("expected headers before audio, got audio first")
        if eos and not packets:
            packets = [silence_packet(self._opus_head)]
        granule_position = self._granule_position
        placed = []
        for packet in packets:
            granule_position += packet_samples(packet, self._opus_head.stream_count)
            placed.append((packet, granule_position))
        pages = self._pages(placed, FLAG_EOS if eos else 0)
        self._granule_position = granule_position
        return pages

    def _pages(self, placed: Sequence[tuple[bytes, int]], flags: int) -> bytes:
        """Write packets, each with the granule position at its end, and number the pages.

        `flags` go on the last page; a head, whose flag is BOS, never needs more than one.
        """
        parts = list(_paginate(placed))
        pages = []
        for index, (lacing, body, granule_position, continued) in enumerate(parts):
            is_last = index == len(parts) - 1
            page = encode_page(
                flags=continued | (flags if is_last else 0),
                granule_position=granule_position,
                serial=self._serial,
                sequence=self._sequence,
                lacing=lacing,
                body=body,
            )
            pages.append(page)
            self._sequence = (self._sequence + 1) % SEQUENCE_MODULUS
        return b"".join(pages)


def _paginate(placed: Sequence[tuple[bytes, int]]) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Return lacing, body, granule position and `FLAG_CONTINUED` or 0 of each page that the packets need."""
    lacing, body, granule_position, continued = bytearray(), bytearray(), NO_GRANULE, 0
    for packet, end_granule in placed:
        full_segments, rest_bytes = divmod(len(packet), MAX_SEGMENT_BYTES)
        if lacing and len(lacing) + full_segments + 1 > MAX_SEGMENTS:
            yield bytes(lacing), bytes(body), granule_position, continued
            lacing, body, granule_position, continued = bytearray(), bytearray(), NO_GRANULE, 0
        lacing += b"\xff" * full_segments + bytes((rest_bytes,))
        body += packet
        while len(lacing) > MAX_SEGMENTS:
            page_bytes = sum(lacing[:MAX_SEGMENTS])
            yield bytes(lacing[:MAX_SEGMENTS]), bytes(body[:page_bytes]), NO_GRANULE, continued
            del lacing[:MAX_SEGMENTS], body[:page_bytes]
            continued = FLAG_CONTINUED
        granule_position = end_granule
    if lacing:
        yield bytes(lacing), bytes(body), granule_position, continued
