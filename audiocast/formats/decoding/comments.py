"""Vorbis comments, in Vorbis and FLAC alike: a vendor, and "NAME=value" texts. Pictures are skipped."""

import struct

from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OPUS_TAGS_MAGIC, OpusTags
from audiocast.ogg.tags_sieve import TagsSieve

VORBIS_COMMENT_MAGIC = b"\x03vorbis"
FLAC_COMMENT = 4

# Of a header packet that is no comment: Vorbis's codebooks have some thousand bytes.
MAX_HEADER_BYTES = 131_072

# A comment header that says nothing.
NO_COMMENTS = VORBIS_COMMENT_MAGIC + struct.pack("<II", 0, 0) + b"\x01"


class CommentSieve:
    """Takes the bytes of comments in pieces; keeps the texts."""

    def __init__(self) -> None:
        self._sieve = TagsSieve()
        self._sieve.extend(OPUS_TAGS_MAGIC)

    def extend(self, data: bytes) -> None:
        """Add the next piece."""
        self._sieve.extend(data)

    def comments(self) -> tuple[str, ...]:
        """Return the comments so far."""
        try:
            return OpusTags.parse(bytes(self._sieve)).comments
        except OggError:
            return ()


class HeaderBuffer:
    """Gathers a header packet of an Ogg stream, for `PacketAssembler`; of large comments only the texts.

    `bytes()` of it is the packet; of comments it is what they begin with, and then an OpusTags.
    """

    def __init__(self) -> None:
        self._start = bytearray()
        self._sieve: TagsSieve | None = None
        self._magic = b""

    def extend(self, data: bytes) -> None:
        """Add the next piece."""
        if self._sieve is not None:
            self._sieve.extend(data)
            return
        self._start += data[: max(0, MAX_HEADER_BYTES - len(self._start))]
        magic = self._comment_magic()
        if magic and len(self._start) >= len(magic):
            self._sieve, self._magic = TagsSieve(), magic
            self._sieve.extend(OPUS_TAGS_MAGIC + bytes(self._start[len(magic) :]))
            self._start.clear()

    def __bytes__(self) -> bytes:
        if self._sieve is None:
            return bytes(self._start)
        return self._magic + bytes(self._sieve)

    def _comment_magic(self) -> bytes:
        if self._start.startswith(VORBIS_COMMENT_MAGIC):
            return VORBIS_COMMENT_MAGIC
        if len(self._start) >= 4 and self._start[0] & 0x7F == FLAC_COMMENT:
            return bytes(self._start[:4])
        return b""


def comments_in(packet: bytes, magic_bytes: int) -> tuple[str, ...]:
    """Return the comments of what a `HeaderBuffer` has gathered."""
    try:
        return OpusTags.parse(packet[magic_bytes:]).comments
    except OggError:
        return ()
