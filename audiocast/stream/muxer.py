"""Packets of any number of sources become the pages of one logical Ogg bitstream.

Listeners never see a second beginning of stream: Chrome has stopped at one, and Firefox goes silent for ever
without an event. So every page that a listener gets is made here, once for all listeners: one serial number,
page numbers without a hole, granule positions that count the samples really sent (a jump in them would cost
Firefox and Safari the same time in silence).

A page holds whole packets only and at most 100 ms of them, so a listener may begin at any page, and an
encoder that sends a page a second makes no lumps. References: RFC 3533 section 6, RFC 7845 sections 3 to 5.
"""

import secrets
import struct
from collections.abc import Iterable, Iterator, Sequence

from audiocast.ogg.crc import crc
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import (
    CRC_OFFSET,
    FLAG_BOS,
    FLAG_EOS,
    HEADER_BYTES,
    MAX_SEGMENT_BYTES,
    MAX_SEGMENTS,
    SEGMENT_COUNT_OFFSET,
    SEQUENCE_MODULUS,
    encode_page,
    lace,
)
from audiocast.ogg.silence import SILENCE_SAMPLES, silence_packet
from audiocast.stream.backlog import StreamPage

# 100 ms. A single longer packet (up to 120 ms) has a page for itself.
MAX_PAGE_SAMPLES = 4800

# OpusHead and OpusTags; 8 KiB of comments fit a page.
HEADER_PAGE_COUNT = 2

SERIAL_BITS = 32

GRANULE_OFFSET = 6
SEQUENCE_OFFSET = 18

_GRANULE = struct.Struct("<q")
_UINT32 = struct.Struct("<I")

# An Opus packet, and its duration in 48 kHz samples.
TimedPacket = tuple[bytes, int]


def random_serial() -> int:
    """Return a serial number for a logical bitstream."""
    return secrets.randbits(SERIAL_BITS)


class OggMuxer:
    """Makes the pages of one logical bitstream.

    Args:
        serial: Serial number of the bitstream, 32 bits.
        opus_head: Decoder set-up; all packets must fit it (see `can_continue`).
        tags: Comments for the listeners that join first; see `set_tags`.

    Attributes:
        header_pages: What each listener gets first, two pages.
    """

    def __init__(self, serial: int, opus_head: OpusHead, tags: OpusTags) -> None:
        self.opus_head = opus_head
        self._serial = serial
        self._sequence = HEADER_PAGE_COUNT
        self._granule = 0
        self._tags = tags
        self.header_pages = self._headers()

    def set_tags(self, tags: OpusTags) -> None:
        """Let listeners that join from now on read other comments, cut to what fits (`OpusTags.short`).

        Comments have one page whatever they say, so pages keep their numbers for everybody.
        """
        if tags != self._tags:
            self._tags = tags
            self.header_pages = self._headers()

    def can_continue(self, opus_head: OpusHead) -> bool:
        """Return whether a decoder that was set up for this bitstream can play packets made for `opus_head`.

        Packets of mapping family 0 tell by themselves whether they are mono or stereo, so mono goes into a
        stereo bitstream without loss. The other way round would play, but as mono for as long as the stream
        lives. Another output gain is no reason to cut anybody off: loudness tools write one into each track.
        """
        if opus_head.mapping_family == 0 and self.opus_head.mapping_family == 0:
            return opus_head.channels <= self.opus_head.channels
        return opus_head.layout == self.opus_head.layout

    def pages(self, packets: Sequence[TimedPacket], now: float, *, eos: bool = False) -> list[StreamPage]:
        """Put whole packets on pages of at most 100 ms.

        Args:
            packets: At least one; each fits one page (65,025 bytes).
            now: When they arrived, for `StreamPage.arrived_at`.
            eos: The last of these pages is the last of the bitstream.
        """
        if len(packets) == 1:
            [(packet, samples)] = packets
            return [self._page(lace((packet,)), packet, samples, now, FLAG_EOS if eos else 0)]
        groups = list(_group(packets))
        last = len(groups) - 1
        return [
            self._page(lace(group), b"".join(group), samples, now, FLAG_EOS if eos and number == last else 0)
            for number, (group, samples) in enumerate(groups)
        ]

    def last_page(self, index: int, granule: int) -> StreamPage:
        """Return a last page for one listener: 20 ms of silence marked as the end of the stream.

        Args:
            index: How many pages of the bitstream were before.
            granule: Granule position at which it begins.
        """
        packet = silence_packet(self.opus_head)
        end = granule + SILENCE_SAMPLES
        sequence = (HEADER_PAGE_COUNT + index) % SEQUENCE_MODULUS
        data = self._encode(lace([packet]), packet, end, FLAG_EOS, sequence)
        return StreamPage(data, SILENCE_SAMPLES, end, 0.0)

    def _page(self, lacing: bytes, body: bytes, samples: int, now: float, flags: int) -> StreamPage:
        granule = self._granule = self._granule + samples
        data = self._encode(lacing, body, granule, flags, self._sequence)
        self._sequence = (self._sequence + 1) % SEQUENCE_MODULUS
        return StreamPage(data, samples, granule, now)

    def _headers(self) -> bytes:
        head, tags = self.opus_head.encode(), self._tags.short().encode()
        return self._encode(lace([head]), head, 0, FLAG_BOS, 0) + self._encode(lace([tags]), tags, 0, 0, 1)

    def _encode(self, lacing: bytes, body: bytes, granule_position: int, flags: int, sequence: int) -> bytes:
        return encode_page(
            flags=flags,
            granule_position=granule_position,
            serial=self._serial,
            sequence=sequence,
            lacing=lacing,
            body=body,
        )


def renumber(page: bytes, *, skipped_pages: int, skipped_samples: int) -> bytes:
    """Return a page with a smaller page number and granule position, and a checksum that fits.

    For a listener that was moved to the newest page: what it missed is taken out of its numbers. It costs
    3 µs a page, and only for that listener.
    """
    copy = bytearray(page)
    (granule,) = _GRANULE.unpack_from(page, GRANULE_OFFSET)
    (sequence,) = _UINT32.unpack_from(page, SEQUENCE_OFFSET)
    _GRANULE.pack_into(copy, GRANULE_OFFSET, granule - skipped_samples)
    _UINT32.pack_into(copy, SEQUENCE_OFFSET, (sequence - skipped_pages) % SEQUENCE_MODULUS)
    _UINT32.pack_into(copy, CRC_OFFSET, 0)
    _UINT32.pack_into(copy, CRC_OFFSET, crc(copy))
    return bytes(copy)


def page_packets(page: bytes) -> list[bytes]:
    """Return the packets of a page that `OggMuxer` made: all of them whole, and no checksum to be checked."""
    start = end = HEADER_BYTES + page[SEGMENT_COUNT_OFFSET]
    packets = []
    for segment_bytes in page[HEADER_BYTES:start]:
        end += segment_bytes
        if segment_bytes < MAX_SEGMENT_BYTES:
            packets.append(page[start:end])
            start = end
    return packets


def _group(packets: Iterable[TimedPacket]) -> Iterator[tuple[list[bytes], int]]:
    group: list[bytes] = []
    group_samples = group_segments = 0
    for packet, samples in packets:
        segments = len(packet) // 255 + 1
        if group and (group_samples + samples > MAX_PAGE_SAMPLES or group_segments + segments > MAX_SEGMENTS):
            yield group, group_samples
            group, group_samples, group_segments = [], 0, 0
        group.append(packet)
        group_samples += samples
        group_segments += segments
    if group:
        yield group, group_samples
