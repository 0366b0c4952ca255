"""OpusHead and OpusTags, the two packets before the audio (RFC 7845 section 5). No audio packets here.

OpusHead (section 5.1); numbers are little-endian:

    offset  bytes  field
         0      8  "OpusHead"
         8      1  version; the high four bits must be 0
         9      1  channel count C
        10      2  pre-skip, samples at 48 kHz
        12      4  sample rate of the input, Hz; for information only
        16      2  output gain, signed, 1/256 dB (Q7.8)
        18      1  channel mapping family; for 0, the packet ends here
        19      1  stream count N
        20      1  coupled stream count M
        21      C  channel mapping: a decoded channel each, or 255 for silence

OpusTags (section 5.2):

    offset  bytes  field
         0      8  "OpusTags"
         8      4  length V of the vendor string
        12      V  vendor string, UTF-8
      12+V      4  number of comments
                   for each: length (4 bytes) and "NAME=value" in UTF-8
                   then padding, of any content
"""

import struct
from dataclasses import dataclass
from typing import Self

from audiocast.ogg.errors import BadHead, BadTags

OPUS_HEAD_MAGIC = b"OpusHead"
OPUS_TAGS_MAGIC = b"OpusTags"

# Each costs some microseconds. The fullest books have two for each of their chapters.
MAX_COMMENTS = 1000

# What goes out at every join.
MAX_SHORT_TAGS_BYTES = 8192
MAX_SHORT_VENDOR_CHARACTERS = 256

# FLAC's picture block in base64 (RFC 9639 section 8.8), as all Ogg formats carry it.
PICTURE_FIELD = "METADATA_BLOCK_PICTURE="

# What players show; kept first.
TITLE_FIELDS = ("TITLE=", "ARTIST=", "ALBUM=")

FAMILY_RTP = 0
FAMILY_VORBIS = 1
SILENT_CHANNEL = 255

_VERSION = 1
_MAJOR_VERSION_MASK = 0xF0
_MAX_CHANNELS = {FAMILY_RTP: 2, FAMILY_VORBIS: 8}
_MAX_DECODED_CHANNELS = 255
_HEAD = struct.Struct("<8sBBHIhB")
_MAPPING_OFFSET = 21
_LENGTH = struct.Struct("<I")

# Mapping family, channels, streams, coupled streams, mapping.
Layout = tuple[int, int, int, int, bytes]


def is_opus_head(packet: bytes) -> bool:
    """Return whether a packet has OpusHead's first eight bytes."""
    return packet.startswith(OPUS_HEAD_MAGIC)


def is_opus_tags(packet: bytes) -> bool:
    """Return whether a packet has OpusTags' first eight bytes."""
    return packet.startswith(OPUS_TAGS_MAGIC)


@dataclass(frozen=True, slots=True)
class OpusHead:
    """What a decoder must know before the first audio packet.

    Attributes:
        channels: 1 to 255; 1 or 2 in family 0, up to 8 in family 1.
        pre_skip: Samples at 48 kHz to throw away at the start, 0 to 65,535.
        input_sample_rate: Hz, before encoding; 0 for unknown. Opus itself always counts 48 kHz.
        output_gain: 1/256 dB, signed 16 bits.
        mapping_family: 0 mono or stereo, 1 Vorbis channel order, 255 no meaning given.
        stream_count: Opus streams in each packet, N.
        coupled_count: How many of them are stereo, M; they come first. Left at -1, what family 0 implies.
        mapping: One byte a channel; empty in family 0.

    Raises:
        BadHead: The fields contradict each other (RFC 7845 section 5.1.1).
    """

    channels: int
    pre_skip: int
    input_sample_rate: int = 48000
    output_gain: int = 0
    mapping_family: int = FAMILY_RTP
    stream_count: int = 1
    coupled_count: int = -1
    mapping: bytes = b""

    def __post_init__(self) -> None:
        if self.mapping_family == FAMILY_RTP and self.coupled_count < 0:
            object.__setattr__(self, "coupled_count", self.channels - 1)
        self._check_channels()
        if self.mapping_family == FAMILY_RTP:
            self._check_family_0()
        else:
            self._check_mapping()

    @property
    def output_gain_db(self) -> float:
        """How much louder a player has to make it, dB."""
        return self.output_gain / 256

    @property
    def layout(self) -> Layout:
        """What must be equal for two sources to follow each other in one logical bitstream."""
        return (self.mapping_family, self.channels, self.stream_count, self.coupled_count, self.mapping)

    @classmethod
    def parse(cls, packet: bytes) -> Self:
        """Parse an OpusHead packet.

        Bytes after the fields are allowed, and ignored, in minor versions later than 1, as section 5.1 asks.

        Raises:
            BadHead: It is not one, or breaks a rule of section 5.1.
        """
        if not is_opus_head(packet) or len(packet) < _HEAD.size:
            raise BadHead(
                f"expected 'OpusHead' and {_HEAD.size} bytes, got {packet[:8]!r} in {len(packet)} bytes"
            )
        _, version, channels, pre_skip, rate_hz, gain, family = _HEAD.unpack_from(packet)
        if version & _MAJOR_VERSION_MASK:
            raise BadHead(f"expected an OpusHead version of 0 to 15, got {version}")
        head_bytes = _HEAD.size if family == FAMILY_RTP else _MAPPING_OFFSET + channels
        if len(packet) < head_bytes or (len(packet) > head_bytes and version <= _VERSION):
            raise BadHead(
                f"expected an OpusHead of {head_bytes} bytes for family {family} and {channels} channels,"
                f" got {len(packet)}"
            )
        if family == FAMILY_RTP:
            return cls(channels, pre_skip, rate_hz, gain)
        streams, coupled = packet[_HEAD.size], packet[_HEAD.size + 1]
        mapping = packet[_MAPPING_OFFSET:head_bytes]
        if family == FAMILY_VORBIS and (streams, coupled, mapping) == (
            1,
            channels - 1,
            bytes(range(channels)),
        ):
            # One stream with its channels in order is what family 0 means, too, and all players know that.
            return cls(channels, pre_skip, rate_hz, gain)
        return cls(channels, pre_skip, rate_hz, gain, family, streams, coupled, mapping)

    def encode(self) -> bytes:
        """Return the packet, in version 1."""
        head = _HEAD.pack(
            OPUS_HEAD_MAGIC,
            _VERSION,
            self.channels,
            self.pre_skip,
            self.input_sample_rate,
            self.output_gain,
            self.mapping_family,
        )
        if self.mapping_family == FAMILY_RTP:
            return head
        return head + bytes((self.stream_count, self.coupled_count)) + self.mapping

    def _check_channels(self) -> None:
        most = _MAX_CHANNELS.get(self.mapping_family, _MAX_DECODED_CHANNELS)
        if not 1 <= self.channels <= most:
            raise BadHead(
                f"expected 1 to {most} channels in family {self.mapping_family}, got {self.channels}"
            )

    def _check_family_0(self) -> None:
        if (self.stream_count, self.coupled_count, self.mapping) != (1, self.channels - 1, b""):
            raise BadHead(
                f"expected 1 stream, {self.channels - 1} coupled and no mapping in family 0,"
                f" got {self.stream_count}, {self.coupled_count} and {len(self.mapping)} bytes"
            )

    def _check_mapping(self) -> None:
        decoded = self.stream_count + self.coupled_count
        if not (0 <= self.coupled_count <= self.stream_count and 1 <= decoded <= _MAX_DECODED_CHANNELS):
            raise BadHead(
                f"expected 1 stream or more, no more coupled ones, {_MAX_DECODED_CHANNELS} decoded channels"
                f" at most, got {self.stream_count} streams, {self.coupled_count} coupled"
            )
        if len(self.mapping) != self.channels:
            raise BadHead(f"expected a mapping of {self.channels} bytes, got {len(self.mapping)}")
        for index in self.mapping:
            if index >= decoded and index != SILENT_CHANNEL:
                raise BadHead(f"expected mapping entries below {decoded} or 255, got {index}")


@dataclass(frozen=True, slots=True)
class OpusTags:
    """The encoder's name, and the comments about what is in the stream.

    Attributes:
        vendor: The encoder's name.
        comments: "NAME=value" each, in the packet's order.
        padding: What follows the comments, as it was (opusenc leaves room for later edits there).
    """

    vendor: str
    comments: tuple[str, ...] = ()
    padding: bytes = b""

    @classmethod
    def parse(cls, packet: bytes) -> Self:
        """Parse an OpusTags packet; bytes that are not UTF-8 become U+FFFD.

        Raises:
            BadTags: It is not one, a length in it points past its end, or it has more than `MAX_COMMENTS`.
        """
        if not is_opus_tags(packet):
            raise BadTags(f"expected 'OpusTags', got {packet[:8]!r}")
        vendor, at = _read_text(packet, len(OPUS_TAGS_MAGIC), "vendor string")
        count, at = _read_number(packet, at, "number of comments")
        # Each comment takes four bytes at least, so a wild count is refused before the first one is read.
        if count * _LENGTH.size > len(packet) - at:
            raise BadTags(f"expected comments within {len(packet) - at} bytes, got a count of {count}")
        if count > MAX_COMMENTS:
            raise BadTags(f"expected at most {MAX_COMMENTS} comments, got a count of {count}")
        comments = []
        for _ in range(count):
            comment, at = _read_text(packet, at, "comment")
            comments.append(comment)
        return cls(vendor, tuple(comments), packet[at:])

    def short(self) -> "OpusTags":
        """Return what fits `MAX_SHORT_TAGS_BYTES`, in the order in which it was.

        If need be without padding and pictures; then titles are kept first, and short comments before long
        ones.
        """
        if len(self.encode()) <= MAX_SHORT_TAGS_BYTES:
            return self
        vendor = self.vendor[:MAX_SHORT_VENDOR_CHARACTERS]
        shown = [item for item in enumerate(self.comments) if not item[1].upper().startswith(PICTURE_FIELD)]
        shown.sort(key=lambda item: (not item[1].upper().startswith(TITLE_FIELDS), len(item[1])))
        kept, room = [], MAX_SHORT_TAGS_BYTES - len(OpusTags(vendor).encode())
        for place, text in shown:
            text_bytes = _LENGTH.size + len(text.encode())
            if text_bytes <= room:
                room -= text_bytes
                kept.append((place, text))
        return OpusTags(vendor, tuple(text for _, text in sorted(kept)))

    def encode(self) -> bytes:
        """Return the packet as RFC 7845 section 5.2 lays it out."""
        texts = [text.encode() for text in (self.vendor, *self.comments)]
        vendor, *comments = (_LENGTH.pack(len(text)) + text for text in texts)
        return b"".join((OPUS_TAGS_MAGIC, vendor, _LENGTH.pack(len(comments)), *comments, self.padding))


def _read_number(packet: bytes, at: int, name: str) -> tuple[int, int]:
    end = at + _LENGTH.size
    if end > len(packet):
        raise BadTags(f"expected 4 bytes for the {name} at offset {at}, got {len(packet) - at}")
    return _LENGTH.unpack_from(packet, at)[0], end


def _read_text(packet: bytes, at: int, name: str) -> tuple[str, int]:
    text_bytes, start = _read_number(packet, at, f"length of the {name}")
    end = start + text_bytes
    if end > len(packet):
        raise BadTags(f"expected a {name} of {text_bytes} bytes at offset {start}, got {len(packet) - start}")
    return packet[start:end].decode("utf-8", "replace"), end
