"""MP3 and AAC (ADTS): frames found by their sync words (ISO/IEC 11172-3 section 2.4.1.3, 13818-7 6.2).

A frame counts as found when another one follows it; from then on each is given as soon as it is whole. Tags
between frames (ID3v2, ID3v1, APEv2) are skipped while they come, with the pictures in them.

MPEG audio header, 32 bits:      ADTS header, 56 bits:
    sync 11, version 2, layer 2      sync 12, id 1, layer 2, no CRC 1
    no CRC 1, bit rate 4             profile 2, frequency 4, private 1
    frequency 2, padding 1           channels 3, original 1, home 1, copyright 2
    private 1, mode 2, more          frame length 13, fullness 11, blocks 2
"""

from collections.abc import Iterator
from typing import NamedTuple

from audiocast.formats.decoding.units import (
    BYTES_A_FAULT,
    MAX_BYTES_BEFORE_AUDIO,
    DecoderSetup,
    Fault,
    Frame,
    NotTheFormat,
    Unit,
)

ID3_HEADER_BYTES = 10
ID3V1_BYTES = 128
APE_HEADER_BYTES = 32

_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_ADTS_BYTES = 7
_LAYER_3 = 1
_MONO = 3


class FrameHeader(NamedTuple):
    """What a frame says of itself.

    Attributes:
        size: Bytes of the whole frame.
        setup: Equal for frames of one decoder.
        is_empty: It holds no sound (LAME's Xing or Info frame, which tells of a whole file).
    """

    size: int
    setup: DecoderSetup
    is_empty: bool = False


class SyncFramer:
    """Finds frames of either format.

    Args:
        name: Of the format, for messages.
        is_adts: AAC; else MP3.
    """

    def __init__(self, name: str, *, is_adts: bool) -> None:
        self._name = name
        self._parse = parse_adts if is_adts else parse_mp3
        self._header_bytes = _ADTS_BYTES if is_adts else 4
        self.header_bytes = 0
        self._buffer = bytearray()
        self._to_skip = 0
        self._is_locked = False
        self._setup: DecoderSetup | None = None
        self._lost_bytes = 0

    def push(self, data: bytes) -> Iterator[Unit]:
        """See `Framer.push`."""
        if self._to_skip:
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            self.header_bytes += skipped
            data = data[skipped:]
        self._buffer += data
        yield from self._scan(is_end=False)

    def finish(self) -> Iterator[Unit]:
        """See `Framer.finish`."""
        yield from self._scan(is_end=True)

    def resume_state(self) -> bytes:
        """See `Framer.resume_state`: each frame stands for itself."""
        return b""

    def _scan(self, *, is_end: bool) -> Iterator[Unit]:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= self._header_bytes:
            skipped = tag_bytes(buffer, at)
            if skipped is None and not is_end:
                break
            if skipped:
                self._to_skip = max(0, at + skipped - len(buffer))
                at += skipped - self._to_skip
                self.header_bytes += skipped - self._to_skip
                continue
            header = self._parse(buffer, at)
            if header is not None and len(buffer) - at < header.size:
                if not is_end:
                    break
                header = None
            if header is not None and not self._is_locked:
                follows = self._follows(at + header.size, header, is_end=is_end)
                if follows is None:
                    break
                if not follows:
                    header = None
            if header is None:
                start, at = at, _next_sync(buffer, at + 1)
                yield from self._lose(at - start)
                continue
            self._is_locked, self._lost_bytes = True, 0
            if not header.is_empty:
                if header.setup != self._setup:
                    self._setup = header.setup
                    yield header.setup
                yield Frame(bytes(buffer[at : at + header.size]))
            at += header.size
        del buffer[:at]

    def _follows(self, at: int, header: FrameHeader, *, is_end: bool) -> bool | None:
        """Return whether another frame, or a tag, is where this one ends; None: that has not come yet."""
        buffer = self._buffer
        if len(buffer) - at < self._header_bytes:
            return True if is_end and at == len(buffer) else (False if is_end else None)
        if tag_bytes(buffer, at) != 0:
            return True
        second = self._parse(buffer, at)
        return second is not None and second.setup.sample_rate == header.setup.sample_rate

    def _lose(self, count: int) -> Iterator[Unit]:
        before, self._lost_bytes = self._lost_bytes, self._lost_bytes + count
        if self._setup is None:
            if self._lost_bytes > MAX_BYTES_BEFORE_AUDIO:
                raise NotTheFormat(f"expected {self._name}, found no frame of it in {self._lost_bytes} bytes")
        elif self._is_locked or before // BYTES_A_FAULT != self._lost_bytes // BYTES_A_FAULT:
            yield Fault(f"expected a frame of {self._name}, got something else")
        self._is_locked = False


def tag_bytes(buffer: bytes | bytearray, at: int) -> int | None:
    """Return how long the tag is that begins here; 0: there is none. None: more bytes are needed to tell."""
    first = buffer[at]
    if first not in b"ITA":
        return 0
    left = len(buffer) - at
    if buffer.startswith(b"ID3", at):
        if left < ID3_HEADER_BYTES:
            return None
        sizes = buffer[at + 6 : at + 10]
        if any(size & 0x80 for size in sizes) or buffer[at + 3] == 0xFF:
            return 0
        size = sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3]
        has_footer = bool(buffer[at + 5] & 0x10)
        return ID3_HEADER_BYTES * (1 + has_footer) + size
    if buffer.startswith(b"TAG", at):
        return ID3V1_BYTES
    if buffer.startswith(b"APETAGEX", at):
        if left < APE_HEADER_BYTES:
            return None
        size = int.from_bytes(buffer[at + 12 : at + 16], "little")
        is_header = bool(buffer[at + 23] & 0x20)
        return APE_HEADER_BYTES + (size if is_header else 0)
    could_be = any(tag.startswith(bytes(buffer[at : at + 8])) for tag in (b"ID3", b"TAG", b"APETAGEX"))
    return None if could_be and left < 8 else 0


def parse_mp3(buffer: bytes | bytearray, at: int) -> FrameHeader | None:
    """Return what the MPEG audio layer III header here says; None if there is none."""
    if buffer[at] != 0xFF or buffer[at + 1] & 0xE0 != 0xE0:
        return None
    second, third, fourth = buffer[at + 1], buffer[at + 2], buffer[at + 3]
    version, layer = second >> 3 & 3, second >> 1 & 3
    rates = _MP3_RATES.get(version)
    if rates is None or layer != _LAYER_3 or third >> 2 & 3 == 3 or fourth & 3 == 2:
        return None
    is_1 = version == 3
    index = third >> 4
    if not 0 < index < 15:
        return None
    rate = rates[third >> 2 & 3]
    size = (144 if is_1 else 72) * (_KBPS_1 if is_1 else _KBPS_2)[index] * 1000 // rate + (third >> 1 & 1)
    is_mono = fourth >> 6 == _MONO
    side_bytes = (17 if is_mono else 32) if is_1 else (9 if is_mono else 17)
    mark_at = at + 4 + side_bytes
    is_empty = (
        bytes(buffer[mark_at : mark_at + 4]) in (b"Xing", b"Info")
        or bytes(buffer[at + 36 : at + 40]) == b"VBRI"
    )
    return FrameHeader(size, DecoderSetup("mp3float", rate, 1 if is_mono else 2), is_empty)


def parse_adts(buffer: bytes | bytearray, at: int) -> FrameHeader | None:
    """Return what the ADTS header here says; None if there is none."""
    if len(buffer) - at < _ADTS_BYTES or buffer[at] != 0xFF or buffer[at + 1] & 0xF6 != 0xF0:
        return None
    index = buffer[at + 2] >> 2 & 15
    size = (buffer[at + 3] & 3) << 11 | buffer[at + 4] << 3 | buffer[at + 5] >> 5
    channels = (buffer[at + 2] & 1) << 2 | buffer[at + 3] >> 6
    if index >= len(_AAC_RATES) or size <= _ADTS_BYTES or not channels:
        return None
    return FrameHeader(size, DecoderSetup("aac", _AAC_RATES[index], 8 if channels == 7 else channels))


def _next_sync(buffer: bytearray, at: int) -> int:
    """Return where the next frame or tag may begin."""
    places = [buffer.find(mark, at) for mark in (b"\xff", b"ID3", b"APETAGEX")]
    found = min((place for place in places if place >= 0), default=-1)
    # The beginning of a mark may be at the end.
    return found if found >= 0 else max(at, len(buffer) - 7)
