"""Errors of the Ogg package, one tree.

    OggError
    ├── PageError           the bytes are not a good Ogg page (RFC 3533 section 6)
    │   ├── LostSync        no capture pattern where a page must start
    │   ├── BadVersion      a stream structure version that RFC 3533 does not define
    │   ├── BadCrc          the checksum does not match
    │   ├── PageTooLarge    larger than the reader accepts
    │   └── Truncated       the input ended inside a page or a packet
    ├── UnknownSerial       a good page of a logical bitstream that has not begun
    └── PacketError         the pages are good, what they carry is not
        ├── PacketTooLarge  larger than the assembler accepts
        ├── BadHead         not an OpusHead of RFC 7845 section 5.1
        ├── BadTags         not an OpusTags of RFC 7845 section 5.2
        └── BadPacket       not an Opus packet of RFC 6716 section 3

The text of an error says what was expected and what came, in less than 200 characters: it may be shown to the
sender as it is. `code` is the stable name for programs.
"""

from typing import ClassVar

# How much of the unexpected bytes `LostSync.found` keeps at most.
FOUND_BYTES = 16


class OggError(Exception):
    """What was read is not Ogg Opus."""

    code: ClassVar[str] = "bad_ogg"


class PageError(OggError):
    """The bytes are not a good Ogg page."""

    code = "bad_page"


class LostSync(PageError):
    """A page had to start here and no capture pattern was found.

    Args:
        found: What was there instead; the first 16 bytes are kept in `found`, fewer if no more had come.
    """

    code = "lost_sync"

    def __init__(self, found: bytes) -> None:
        self.found = found[:FOUND_BYTES]
        super().__init__(f"expected a page to start with 'OggS', got bytes {self.found.hex(' ')}")


class BadVersion(PageError):
    """The page has a stream structure version other than 0."""

    code = "bad_page_version"


class BadCrc(PageError):
    """The checksum in the page is not the checksum of the page."""

    code = "bad_crc"


class PageTooLarge(PageError):
    """The page is larger than the reader's limit."""

    code = "page_too_large"


class Truncated(PageError):
    """The input ended inside a page or a packet."""

    code = "truncated"


class UnknownSerial(OggError):
    """The page is of a logical bitstream whose first page has not come."""

    code = "unknown_serial"


class PacketError(OggError):
    """The pages are good, the packets in them are not."""

    code = "bad_packet"


class PacketTooLarge(PacketError):
    """The packet is larger than the assembler's limit."""

    code = "packet_too_large"


class BadHead(PacketError):
    """The packet is not a valid OpusHead."""

    code = "bad_opus_head"


class BadTags(PacketError):
    """The packet is not a valid OpusTags."""

    code = "bad_opus_tags"


class BadPacket(PacketError):
    """The packet is not a valid Opus packet."""

    code = "bad_opus_packet"
