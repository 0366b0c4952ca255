"""OpusTags of any size, made small while they come: what a live stream needs of them, in bounded memory.

Music players write cover pictures of some hundred kilobytes into their files, and opusenc leaves room for
later edits. RFC 7845 section 5.2 lets a packet of comments have 125,829,120 octets, and lets readers ignore
what lies behind the first 61,440. Here large comments are skipped instead, wherever they stand, and all that
is kept has that bound.
"""

import struct
from collections.abc import Generator

from audiocast.ogg.headers import MAX_COMMENTS, OPUS_TAGS_MAGIC, OpusTags

# RFC 7845 section 5.2: only longer ones may be called invalid.
MAX_TAGS_BYTES = 125_829_120

# Titles have some hundred bytes, texts of songs some thousand, and pictures more.
MAX_COMMENT_BYTES = 8_192

# RFC 7845 section 5.2: what comes later may be ignored.
MAX_KEPT_BYTES = 61_440

_LENGTH = struct.Struct("<I")


class TagsSieve:
    """Takes one packet in pieces.

    `bytes()` of it is the packet: OpusTags that can be parsed, without padding and without what was skipped.
    Those that break off, or whose lengths make no sense, become the comments that came before that. A packet
    that is no OpusTags is as it came, up to `MAX_KEPT_BYTES`.
    """

    def __init__(self) -> None:
        self._vendor = ""
        self._comments: list[str] = []
        self._are_tags = False
        self._other: bytearray | None = None
        self._piece = bytearray()
        self._to_skip = 0
        self._parser = self._parse()
        self._wanted = next(self._parser)

    def extend(self, data: bytes) -> None:
        """Add the next piece."""
        while data and self._other is None:
            if self._to_skip:
                skipped = min(self._to_skip, len(data))
                self._to_skip -= skipped
                data = data[skipped:]
                continue
            missing = self._wanted - len(self._piece)
            self._piece += data[:missing]
            data = data[missing:]
            if len(self._piece) == self._wanted:
                piece, self._piece = bytes(self._piece), bytearray()
                self._wanted = self._parser.send(piece)
        if self._other is not None:
            self._other += data[: max(0, MAX_KEPT_BYTES - len(self._other))]

    def __bytes__(self) -> bytes:
        if not self._are_tags:
            return bytes(self._piece if self._other is None else self._other)
        return OpusTags(self._vendor, tuple(self._comments)).encode()

    def _parse(self) -> Generator[int, bytes, None]:
        """Ask for the bytes of one field after the other."""
        magic = yield len(OPUS_TAGS_MAGIC)
        if magic != OPUS_TAGS_MAGIC:
            self._other = bytearray(magic)
            yield 1
        self._are_tags = True
        room = MAX_KEPT_BYTES
        (size,) = _LENGTH.unpack((yield _LENGTH.size))
        if size <= MAX_COMMENT_BYTES:
            self._vendor = ((yield size) if size else b"").decode("utf-8", "replace")
            room -= size
        else:
            self._to_skip = size
        (count,) = _LENGTH.unpack((yield _LENGTH.size))
        for _ in range(min(count, MAX_COMMENTS)):
            (size,) = _LENGTH.unpack((yield _LENGTH.size))
            if size > min(MAX_COMMENT_BYTES, room):
                self._to_skip = size
            elif size:
                self._comments.append((yield size).decode("utf-8", "replace"))
                room -= size + _LENGTH.size
        # Padding, of any content, and more comments than anybody needs.
        while True:
            self._to_skip = MAX_TAGS_BYTES
            yield 1
