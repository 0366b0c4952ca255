"""One Ogg page: its fields, its encoding, its lacing. The reader finds pages in a byte stream.

The page header (RFC 3533 section 6); numbers are little-endian:

    offset  bytes  field
         0      4  capture pattern "OggS"
         4      1  stream structure version, 0
         5      1  flags: 1 continued packet, 2 first page (BOS), 4 last page (EOS)
         6      8  granule position, signed; -1 when no packet ends on the page
        14      4  serial number of the logical bitstream
        18      4  page sequence number, wraps at 2^32
        22      4  CRC-32 of the whole page with this field zero
        26      1  number of segments
        27      n  segment table ("lacing values"), one byte a segment
      27+n         body, as long as the sum of the table

A packet is a run of segments of 255 bytes, closed by one that is shorter (zero included). A table that ends
with 255 leaves its last packet open: it goes on in the next page, which has the flag "continued".
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from audiocast.ogg.crc import crc_field

CAPTURE_PATTERN = b"OggS"
VERSION = 0

FLAG_CONTINUED = 0x01
FLAG_BOS = 0x02
FLAG_EOS = 0x04

# The granule position of a page on which no packet ends.
NO_GRANULE = -1

# Page sequence numbers go back to 0 here.
SEQUENCE_MODULUS = 1 << 32

VERSION_OFFSET = 4
CRC_OFFSET = 22
CRC_BYTES = 4
SEGMENT_COUNT_OFFSET = 26
HEADER_BYTES = 27
MAX_SEGMENTS = 255
MAX_SEGMENT_BYTES = 255
MAX_HEADER_BYTES = HEADER_BYTES + MAX_SEGMENTS

# 65,307: the largest page that the format can express.
MAX_PAGE_BYTES = MAX_HEADER_BYTES + MAX_SEGMENTS * MAX_SEGMENT_BYTES

# The fixed part of the header, in the order of the table above.
HEADER = struct.Struct("<4sBBqIIIB")

# Each number as a byte: of a segment, or of how many there are.
_BYTES = tuple(bytes((number,)) for number in range(256))
_FULL_SEGMENT = _BYTES[MAX_SEGMENT_BYTES]

# What of it is before the checksum.
_BEFORE_CRC = struct.Struct("<4sBBqII")


class Page(NamedTuple):
    """One page.

    Attributes:
        flags: The `FLAG_` bits.
        granule_position: Signed 64 bits; for Opus, 48 kHz samples up to the end of the last packet that ends
            on this page.
        serial: Serial number of the logical bitstream, 32 bits.
        sequence: Page number in the logical bitstream, 32 bits.
        lacing: The segment table, at most 255 bytes.
        body: As many bytes as the table's sum.
    """

    flags: int
    granule_position: int
    serial: int
    sequence: int
    lacing: bytes
    body: bytes

    @property
    def is_continued(self) -> bool:
        """The first fragment goes on with a packet of the page before."""
        return bool(self.flags & FLAG_CONTINUED)

    @property
    def is_bos(self) -> bool:
        """This is the first page of its logical bitstream."""
        return bool(self.flags & FLAG_BOS)

    @property
    def is_eos(self) -> bool:
        """This is the last page of its logical bitstream."""
        return bool(self.flags & FLAG_EOS)

    def encode(self) -> bytes:
        """Return the page as bytes, with its checksum."""
        return encode_page(
            flags=self.flags,
            granule_position=self.granule_position,
            serial=self.serial,
            sequence=self.sequence,
            lacing=self.lacing,
            body=self.body,
        )

    def fragments(self) -> Iterator[tuple[bytes, bool]]:
        """Return the pieces of packets on this page, each with True when the packet ends with it.

        Only the last piece can be open (False). The first one is the rest of an earlier packet if
        `is_continued`.
        """
        start = end = 0
        for segment_bytes in self.lacing:
            end += segment_bytes
            if segment_bytes < MAX_SEGMENT_BYTES:
                yield self.body[start:end], True
                start = end
        if self.lacing and self.lacing[-1] == MAX_SEGMENT_BYTES:
            yield self.body[start:end], False


def lace(packets: Sequence[bytes]) -> bytes:
    """Return the segment table for whole packets on one page.

    Raises:
        ValueError: They need more than the 255 segments of a page.
    """
    lacing = b""
    for packet in packets:
        full_segments, rest_bytes = divmod(len(packet), MAX_SEGMENT_BYTES)
        lacing += _FULL_SEGMENT * full_segments + _BYTES[rest_bytes]
    if len(lacing) > MAX_SEGMENTS:
        raise ValueError(f"expected packets of at most {MAX_SEGMENTS} segments, got {len(lacing)}")
    return lacing


def encode_page(
    *, flags: int, granule_position: int, serial: int, sequence: int, lacing: bytes, body: bytes
) -> bytes:
    """Return a page as bytes, with its checksum.

    Called for every page that is published, so it trusts its caller: `body` has the length of `lacing`'s sum,
    and every number fits its field (`struct.error` if one does not).
    """
    before = _BEFORE_CRC.pack(CAPTURE_PATTERN, VERSION, flags, granule_position, serial, sequence)
    behind = b"".join((_BYTES[len(lacing)], lacing, body))
    return b"".join((before, crc_field(before, behind), behind))
