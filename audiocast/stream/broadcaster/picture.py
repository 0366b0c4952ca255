"""A picture that a broadcaster gives: JPEG (ITU-T T.81), PNG (W3C) or WebP (RFC 9649), rewritten. Pure.

Only the parts that make the picture are kept, each checked for where it begins and ends. What cameras and
programs add is left out: the place where a photo was taken, comments, other files behind the picture. Nothing
is decoded, so what a picture costs has a bound: a side has at most `MAX_SIDE` pixels.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

from audiocast.stream.errors import BadPicture

# Of the file. A JPEG of 1,000 by 1,000 pixels takes 100 to 200 KiB.
MAX_PICTURE_BYTES = 256 * 1024

# Pixels. A browser takes four bytes for each, so 16 MiB for the largest picture.
MIN_SIDE, MAX_SIDE = 64, 2048

# Chunks or segments: a picture has some dozens, and each one costs the event loop a microsecond.
MAX_PARTS = 1024

VERSION_BYTES = 6

_PNG = b"\x89PNG\r\n\x1a\n"
# Header, palette, pixels; and what says how their colours are meant.
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT"}

# Of a frame: baseline, extended and progressive, with Huffman codes.
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}
# JFIF and Adobe's, without which colours are others; tables, frames, scans.
_JPEG_KEPT = {0xE0, 0xEE, 0xDB, 0xC4, 0xDD, 0xDA, *_JPEG_FRAMES}
# Behind the pixels of a scan, in which 0xFF is followed by 0, or by the number of a restart.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)
_NO_FILL = re.compile(rb"[^\xff]")
# Of other kinds of frames, which browsers do not show.
_JPEG_OTHER_FRAMES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}

_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}
_WEBP_ANIMATION, _WEBP_XMP, _WEBP_EXIF = 0x02, 0x04, 0x08


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be shown.

    Attributes:
        media_type: "image/jpeg", "image/png" or "image/webp".
        width, height: Pixels.
        data: The file.
    """

    media_type: str
    width: int
    height: int
    data: bytes

    @property
    def version(self) -> str:
        """A text that is another one for another file."""
        return blake2b(self.data, digest_size=VERSION_BYTES).hexdigest()

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Return the picture that a file holds, rewritten.

        Raises:
            BadPicture: It is none of the three kinds, is damaged, too small or too large.
        """
        if len(data) > MAX_PICTURE_BYTES:
            raise BadPicture(f"expected a picture of at most {MAX_PICTURE_BYTES} bytes, got {len(data)}")
        kind = next((kind for kind in _KINDS if data.startswith(kind[0])), None)
        if kind is None:
            raise BadPicture("expected a picture as JPEG, PNG or WebP, got something else")
        _, media_type, read = kind
        try:
            width, height, rewritten = read(data)
        except (struct.error, IndexError):
            raise BadPicture(f"expected a whole picture, {media_type}, got one that ends too soon") from None
        if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
            raise BadPicture(f"expected sides of {MIN_SIDE} to {MAX_SIDE} pixels, got {width} by {height}")
        return cls(media_type, width, height, rewritten)


def _counted(parts: int) -> int:
    """Return the number of parts with one more.

    Raises:
        BadPicture: They are too many.
    """
    if parts >= MAX_PARTS:
        raise BadPicture(f"expected a picture of at most {MAX_PARTS} parts")
    return parts + 1


def _read_png(data: bytes) -> tuple[int, int, bytes]:
    kept, size, has_pixels = [_PNG], (0, 0), False
    for kind, chunk, body in _png_chunks(data):
        if len(kept) == 1:
            if kind != b"IHDR" or len(body) != 13:
                raise BadPicture("expected a PNG that begins with IHDR")
            size = struct.unpack_from(">II", body)
        elif kind == b"IHDR":
            raise BadPicture("expected one IHDR in a PNG, got two")
        has_pixels = has_pixels or kind == b"IDAT"
        if kind in _PNG_KEPT:
            kept.append(chunk)
        elif not kind[0] & 0x20:
            raise BadPicture(f"expected a PNG of the usual chunks, got {kind!r}")
    if not has_pixels:
        raise BadPicture("expected a PNG with pixels, got none")
    return *size, b"".join(kept)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield kind, chunk and what it holds, up to IEND; what is behind that is no part of a PNG."""
    at, kind, count = len(_PNG), b"", 0
    while kind != b"IEND":
        count = _counted(count)
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + length + 12
        if end > len(data):
            raise IndexError
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if not kind.isalpha() or zlib.crc32(data[at + 4 : end - 4]) != checksum:
            raise BadPicture("expected a PNG, got one that is damaged")
        yield kind, data[at:end], data[at + 8 : end - 4]
        at = end


def _read_jpeg(data: bytes) -> tuple[int, int, bytes]:
    kept, size, has_scan, at, count = [data[:2]], (0, 0), False, 2, 0
    while True:
        count = _counted(count)
        if data[at] != 0xFF:
            raise BadPicture("expected a JPEG, got one that is damaged")
        # Behind fill bytes.
        found = _NO_FILL.search(data, at)
        if found is None:
            raise IndexError
        at = found.start() - 1
        marker = data[at + 1]
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or marker in _JPEG_OTHER_FRAMES or marker in (0x00, 0x01, *range(0xD0, 0xD9)):
            raise BadPicture("expected a JPEG as browsers show it, got another one")
        if marker in _JPEG_FRAMES:
            if any(size):
                raise BadPicture("expected one frame in a JPEG, got two")
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = width, height
        if marker == 0xDA:
            end, has_scan = _end_of_scan(data, end), True
        if end > len(data):
            raise IndexError
        if marker in _JPEG_KEPT:
            kept.append(data[at:end])
        at = end
    if not has_scan:
        raise BadPicture("expected a JPEG with pixels, got none")
    return *size, b"".join([*kept, b"\xff\xd9"])


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the coded pixels end that begin here: at the next marker that is none within them."""
    found = _JPEG_MARKER.search(data, at)
    if found is None:
        raise IndexError
    return found.start()


def _read_webp(data: bytes) -> tuple[int, int, bytes]:
    (length,) = struct.unpack_from("<I", data, 4)
    if data[8:12] != b"WEBP" or length + 8 > len(data):
        raise BadPicture("expected a WebP, got one that is damaged")
    kept, canvas, size, at, count = [], (0, 0), (0, 0), 12, 0
    while at < length + 8:
        count = _counted(count)
        kind, chunk_bytes = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + chunk_bytes]
        end = at + 8 + chunk_bytes + (chunk_bytes & 1)
        if len(body) != chunk_bytes or end > len(data):
            raise IndexError
        if kind == b"VP8X":
            if body[0] & _WEBP_ANIMATION:
                raise BadPicture("expected a WebP that stands still, got an animation")
            canvas = (_uint24(body, 4) + 1, _uint24(body, 7) + 1)
            body = bytes([body[0] & ~(_WEBP_XMP | _WEBP_EXIF)]) + body[1:]
        elif kind in (b"VP8 ", b"VP8L"):
            if any(size):
                raise BadPicture("expected one picture in a WebP, got two")
            size = _size_of_vp8(body) if kind == b"VP8 " else _size_of_vp8l(body)
        if kind in _WEBP_KEPT:
            kept.append(struct.pack("<4sI", kind, chunk_bytes) + body + bytes(chunk_bytes & 1))
        at = end
    if not any(size) or canvas not in ((0, 0), size):
        raise BadPicture("expected a WebP with pixels, got none")
    rewritten = b"WEBP" + b"".join(kept)
    return *size, b"RIFF" + struct.pack("<I", len(rewritten)) + rewritten


def _size_of_vp8(body: bytes) -> tuple[int, int]:
    """Return the size of a key frame (RFC 6386 section 9.1)."""
    if body[0] & 1 or body[3:6] != b"\x9d\x01\x2a":
        raise BadPicture("expected a WebP, got one that is damaged")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def _size_of_vp8l(body: bytes) -> tuple[int, int]:
    (bits,) = struct.unpack_from("<I", body, 1)
    if body[0] != 0x2F:
        raise BadPicture("expected a WebP, got one that is damaged")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _uint24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


_KINDS: tuple[tuple[bytes, str, Callable[[bytes], tuple[int, int, bytes]]], ...] = (
    (b"\xff\xd8\xff", "image/jpeg", _read_jpeg),
    (_PNG, "image/png", _read_png),
    (b"RIFF", "image/webp", _read_webp),
)
