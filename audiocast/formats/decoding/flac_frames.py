"""FLAC, bare or in Ogg (RFC 9639): metadata blocks, then frames, which do not say where they end.

A frame ends where the next one begins: where a header with a good checksum has a number that is a little
greater. So each frame is given when the next one comes. Ogg has packets, and needs none of that.

The header of a frame (section 9.1):

    bits   field
    15, 1  sync code, whether frames differ in length
    4, 4   codes of samples and of rate
    4, 3   channels, bits of a sample, and a 0
    8-56   number of the frame, or of its first sample, coded as UTF-8 is
    0-16   samples, if the code says so
    0-16   rate, likewise
    8      CRC-8 of the header
"""

from collections.abc import Generator, Iterator
from typing import NamedTuple

from audiocast.formats.decoding.comments import FLAC_COMMENT, CommentSieve
from audiocast.formats.decoding.mpeg_frames import tag_bytes
from audiocast.formats.decoding.units import (
    BYTES_A_FAULT,
    MAX_BYTES_BEFORE_AUDIO,
    MAX_CHANNELS,
    MAX_RATE,
    MIN_RATE,
    Comments,
    DecoderSetup,
    Fault,
    Frame,
    NotTheFormat,
    Unit,
)

MAGIC = b"fLaC"
STREAMINFO_BYTES = 34
BLOCK_HEADER_BYTES = 4

# Longer than that is no frame that a live encoder makes: 8 channels of 24 bits in 40,000 samples.
MAX_FRAME_BYTES = 1_000_000

# How many frames may be missing before the next one.
MAX_LOST_FRAMES = 100

MIN_HEADER_BYTES = 6
MAX_HEADER_BYTES = 16
_STREAMINFO = 0
_LAST = 0x80
_STREAMINFO_HEADERS = (b"\0\0\0\x22", b"\x80\0\0\x22")
_RATES = (0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000)
_MARKS = (b"\xff\xf8", b"\xff\xf9", MAGIC, b"ID3", b"TAG")


class FlacHeader(NamedTuple):
    """What a frame's header says.

    Attributes:
        number: Of the frame, or of its first sample if `is_variable`.
        samples: Of each channel.
        rate: Hz; 0: that of the stream.
    """

    is_variable: bool
    number: int
    samples: int
    rate: int
    channels: int

    def follows(self, other: "FlacHeader") -> bool:
        """Return whether this is a frame that comes soon after another one."""
        if self.is_variable != other.is_variable or self.channels != other.channels:
            return False
        step = other.samples if self.is_variable else 1
        return other.number < self.number <= other.number + MAX_LOST_FRAMES * step


class FlacFramer:
    """Takes bare FLAC apart.

    Args:
        state: What `resume_state` of another framer returned; empty: the stream begins.
    """

    def __init__(self, state: bytes = b"") -> None:
        self.header_bytes = 0
        self._buffer = bytearray()
        self._to_skip = 0
        self._streaminfo = state
        self._is_resumed = bool(state)
        self._comments: CommentSieve | None = None
        self._in_metadata = False
        self._is_last_block = False
        self._searched = 0
        self._lost_bytes = 0
        self._is_lost = False

    def push(self, data: bytes) -> Iterator[Unit]:
        """See `Framer.push`."""
        self._buffer += data
        if self._is_resumed:
            self._is_resumed = False
            yield setup_of(self._streaminfo)
        yield from self._scan(is_end=False)

    def finish(self) -> Iterator[Unit]:
        """See `Framer.finish`."""
        yield from self._scan(is_end=True)

    def resume_state(self) -> bytes:
        """See `Framer.resume_state`."""
        return self._streaminfo

    def _scan(self, *, is_end: bool) -> Generator[Unit]:
        while True:
            if self._to_skip:
                skipped = min(self._to_skip, len(self._buffer))
                if self._comments is not None:
                    self._comments.extend(bytes(self._buffer[:skipped]))
                del self._buffer[:skipped]
                self._to_skip -= skipped
                self.header_bytes += skipped
                if self._to_skip:
                    return
            if self._comments is not None:
                yield Comments(self._comments.comments())
                self._comments = None
            if self._in_metadata and self._is_last_block:
                self._in_metadata = False
            part = self._give_block() if self._in_metadata else self._give_frame(is_end=is_end)
            if not (yield from part):
                return

    def _give_block(self) -> Generator[Unit, None, bool]:
        """Do the header of the next metadata block; return False when more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < BLOCK_HEADER_BYTES:
            return False
        kind, size = buffer[0] & 0x7F, int.from_bytes(buffer[1:4], "big")
        is_last = bool(buffer[0] & _LAST)
        self._to_skip = BLOCK_HEADER_BYTES + size
        if kind == _STREAMINFO and size == STREAMINFO_BYTES:
            if len(buffer) < self._to_skip:
                self._to_skip = 0
                return False
            self._streaminfo = bytes(buffer[BLOCK_HEADER_BYTES : self._to_skip])
            yield setup_of(self._streaminfo)
        elif kind == FLAC_COMMENT:
            del buffer[:BLOCK_HEADER_BYTES]
            self._comments, self._to_skip = CommentSieve(), size
        self._is_last_block = is_last
        return True

    def _give_frame(self, *, is_end: bool) -> Generator[Unit, None, bool]:
        """Give the frame at the start, if its end is there; return False when more bytes are needed."""
        buffer = self._buffer
        if buffer.startswith(MAGIC):
            del buffer[: len(MAGIC)]
            self._in_metadata, self._is_last_block, self._searched, self._is_lost = True, False, 0, False
            return True
        if len(buffer) < MAX_HEADER_BYTES and not is_end:
            return False
        if not buffer:
            return False
        tag = tag_bytes(buffer, 0)
        if tag:
            self._to_skip, self._searched = tag, 0
            return True
        header = parse_header(buffer, 0) if self._streaminfo else None
        if header is None:
            return (yield from self._lose())
        end = self._find_end(header, is_end=is_end)
        if end is None:
            if len(buffer) <= MAX_FRAME_BYTES:
                return False
            return (yield from self._lose())
        yield Frame(bytes(buffer[:end]))
        del buffer[:end]
        self._searched, self._is_lost, self._lost_bytes = 0, False, 0
        return bool(buffer)

    def _find_end(self, header: FlacHeader, *, is_end: bool) -> int | None:
        """Return where the frame at the start ends: where another one, a tag or a file begins."""
        buffer = self._buffer
        at = max(self._searched, MIN_HEADER_BYTES)
        sync = b"\xff\xf9" if header.is_variable else b"\xff\xf8"
        while True:
            places = [buffer.find(mark, at) for mark in (sync, MAGIC, b"ID3")]
            found = min((place for place in places if place >= 0), default=-1)
            if found < 0:
                self._searched = max(at, len(buffer) - len(MAGIC) + 1)
                return len(buffer) if is_end else None
            if len(buffer) - found < MAX_HEADER_BYTES and not is_end:
                self._searched = found
                return None
            if buffer.startswith(MAGIC, found):
                if bytes(buffer[found + 4 : found + 8]) in _STREAMINFO_HEADERS:
                    return found
            elif buffer.startswith(b"ID3", found):
                # Of the frames that hold these letters by chance, most have no tag's header behind them.
                if _is_id3(buffer[found + 3 : found + 10]):
                    return found
            else:
                other = parse_header(buffer, found)
                if other is not None and other.follows(header):
                    return found
            at = found + 1

    def _lose(self) -> Generator[Unit, None, bool]:
        """Drop what is no frame, up to what may be one."""
        buffer, before = self._buffer, self._lost_bytes
        places = [buffer.find(mark, 1) for mark in _MARKS]
        lost = min((place for place in places if place >= 0), default=max(1, len(buffer) - 3))
        del buffer[:lost]
        self._searched = 0
        self._lost_bytes += lost
        if not self._streaminfo:
            if self._lost_bytes > MAX_BYTES_BEFORE_AUDIO:
                raise NotTheFormat("expected FLAC, found no 'fLaC'")
        elif not self._is_lost or before // BYTES_A_FAULT != self._lost_bytes // BYTES_A_FAULT:
            yield Fault("expected a frame of FLAC, got something else")
        self._is_lost = True
        return bool(buffer)


def setup_of(streaminfo: bytes) -> DecoderSetup:
    """Return the decoder that a STREAMINFO block (RFC 9639 section 8.2) asks for.

    Raises:
        NotTheFormat: It is none that is decoded.
    """
    packed = int.from_bytes(streaminfo[10:14], "big")
    rate, channels = packed >> 12, (packed >> 9 & 7) + 1
    if not MIN_RATE <= rate <= MAX_RATE or channels > MAX_CHANNELS:
        raise NotTheFormat(f"expected FLAC of 7 to 192 kHz, got {rate} Hz")
    return DecoderSetup("flac", rate, channels, streaminfo)


def _is_id3(fields: bytearray) -> bool:
    return fields[0] in (2, 3, 4) and not fields[1] and not fields[2] & 0x0F and max(fields[3:]) < 0x80


def parse_header(buffer: bytes | bytearray, at: int) -> FlacHeader | None:
    """Return what the frame header here says; None if there is none, or not all of it."""
    header = bytes(buffer[at : at + MAX_HEADER_BYTES])
    if len(header) < MIN_HEADER_BYTES or header[0] != 0xFF or header[1] & 0xFE != 0xF8 or header[3] & 1:
        return None
    block_code, rate_code = header[2] >> 4, header[2] & 15
    channel_code, depth_code = header[3] >> 4, header[3] >> 1 & 7
    if not block_code or rate_code == 15 or channel_code > 10 or depth_code == 3:
        return None
    number, end = _coded_number(header, 4)
    if end < 0:
        return None
    extra = 1 if block_code == 6 else 2 if block_code == 7 else 0
    rate_extra = 1 if rate_code == 12 else 2 if rate_code in (13, 14) else 0
    crc_at = end + extra + rate_extra
    if crc_at >= len(header) or _crc8(header[:crc_at]) != header[crc_at]:
        return None
    if extra:
        samples = int.from_bytes(header[end : end + extra], "big") + 1
    else:
        samples = 192 if block_code == 1 else 144 << block_code if block_code < 6 else 1 << block_code
    rate = _rate(rate_code, int.from_bytes(header[end + extra : crc_at], "big"))
    if rate and not MIN_RATE <= rate <= MAX_RATE:
        return None
    channels = channel_code + 1 if channel_code < 8 else 2
    return FlacHeader(bool(header[1] & 1), number, samples, rate, channels)


def _rate(code: int, extra: int) -> int:
    if code < len(_RATES):
        return _RATES[code]
    return extra * {12: 1000, 13: 1, 14: 10}[code]


def _coded_number(header: bytes, at: int) -> tuple[int, int]:
    """Return the number and where it ends; -1: it is none."""
    first = header[at]
    if first < 0x80:
        return first, at + 1
    ones = 8 - (first ^ 0xFF).bit_length()
    if ones in (1, 8) or at + ones > len(header):
        return 0, -1
    number = first & (0x7F >> ones)
    for byte in header[at + 1 : at + ones]:
        if byte & 0xC0 != 0x80:
            return 0, -1
        number = number << 6 | byte & 0x3F
    return number, at + ones


def _make_crc8() -> bytes:
    table = bytearray()
    for value in range(256):
        for _ in range(8):
            value = (value << 1 ^ 0x07) & 0xFF if value & 0x80 else value << 1
        table.append(value)
    return bytes(table)


_CRC8 = _make_crc8()


def _crc8(data: bytes) -> int:
    """Return the checksum of a header: polynomial 0x07, from 0 (RFC 9639 section 9.1.8)."""
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc
