"""Pictures from outside: what they show stays, what else is in them goes, and what is none is refused."""

import contextlib
import struct
import zlib
from functools import cache

import pytest

from audiocast.stream.broadcaster.picture import MAX_PARTS, MAX_PICTURE_BYTES, Picture
from audiocast.stream.errors import BadPicture
from tests.support.http import pictures
from tests.support.http.pictures import CODECS, pixels_of

make_picture = cache(pictures.make_picture)
SECRET = b"GPSLatitude 48.2082 <script>alert(1)</script> PK\x03\x04"


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_secret(media_type: str, picture: bytes) -> bytes:
    """Return the picture with what cameras and attackers add, inside and behind it."""
    if media_type == "image/png":
        chunks = png_chunk(b"tEXt", b"Comment\0" + SECRET) + png_chunk(b"eXIf", SECRET)
        return picture[:33] + chunks + picture[33:] + SECRET
    if media_type == "image/jpeg":
        segments = b"".join(
            b"\xff" + marker + struct.pack(">H", len(SECRET) + 2) + SECRET
            for marker in (b"\xe1", b"\xfe", b"\xed")
        )
        return picture[:2] + segments + picture[2:] + SECRET
    chunk = b"EXIF" + struct.pack("<I", len(SECRET)) + SECRET + bytes(len(SECRET) & 1)
    size = struct.unpack_from("<I", picture, 4)[0] + len(chunk)
    return b"RIFF" + struct.pack("<I", size) + picture[8:] + chunk + SECRET


@pytest.mark.parametrize("media_type", CODECS)
def test_a_picture_stays_what_it_shows_and_says_no_more(media_type: str) -> None:
    file = make_picture(media_type)
    picture = Picture.read(with_secret(media_type, file))
    assert (picture.media_type, picture.width, picture.height) == (media_type, 300, 200)
    assert pixels_of(picture.data) == pixels_of(file)
    assert SECRET[:10] not in picture.data
    assert b"script" not in picture.data
    assert Picture.read(picture.data) == picture, "what another member has rewritten is as it should be"
    assert Picture.read(make_picture(media_type, number=1)).version != picture.version


@pytest.mark.parametrize("media_type", ["image/png", "image/webp"])
def test_what_is_transparent_stays_so(media_type: str) -> None:
    file = make_picture(media_type, is_clear=True)
    assert 0 < pixels_of(file)[3] < 255
    assert pixels_of(Picture.read(file).data) == pixels_of(file)


@pytest.mark.parametrize("media_type", CODECS)
def test_a_picture_that_ends_too_soon_is_refused_wherever_it_ends(media_type: str) -> None:
    file = make_picture(media_type)
    for end in {*range(0, 200), *range(0, len(file), 97), len(file) - 1}:
        with pytest.raises(BadPicture):
            Picture.read(file[:end])


@pytest.mark.parametrize("media_type", CODECS)
def test_a_damaged_one_is_refused_or_read_and_never_anything_else(media_type: str) -> None:
    file = make_picture(media_type)
    for at in range(0, min(len(file), 700)):
        damaged = bytearray(file)
        damaged[at] ^= 0xFF
        with contextlib.suppress(BadPicture):
            assert len(Picture.read(bytes(damaged)).data) <= len(file) + 1


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"", "JPEG, PNG or WebP"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "JPEG, PNG or WebP"),
        (b"GIF89a" + bytes(50), "JPEG, PNG or WebP"),
        (b"%PDF-1.7 \xff\xd8\xff", "JPEG, PNG or WebP"),
        (b"\xff\xd8\xff\xd9", "with pixels"),
        (b"RIFF\x04\0\0\0WEBP", "with pixels"),
        (b"RIFF\x04\0\0\0WAVE", "damaged"),
        (bytes(MAX_PICTURE_BYTES + 1), "at most"),
    ],
)
def test_what_is_no_picture_is_refused(file: bytes, message: str) -> None:
    with pytest.raises(BadPicture, match=message):
        Picture.read(file)


@pytest.mark.parametrize("size", [(63, 200), (200, 62), (2050, 64), (64, 2050)])
@pytest.mark.parametrize("media_type", CODECS)
def test_no_side_is_too_short_or_too_long(media_type: str, size: tuple[int, int]) -> None:
    with pytest.raises(BadPicture, match=f"got {size[0]} by {size[1]}"):
        Picture.read(make_picture(media_type, size))


def test_a_bomb_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    )
    with pytest.raises(BadPicture, match="got 50000 by 50000"):
        Picture.read(bomb)


EMPTY_PARTS = b"EXIF\0\0\0\0" * 30_000


@pytest.mark.parametrize(
    "file",
    [
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * (MAX_PICTURE_BYTES // 4 - 1),
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", bytes(13)) + png_chunk(b"tEXt", b"") * 20_000,
        b"RIFF" + struct.pack("<I", 4 + len(EMPTY_PARTS)) + b"WEBP" + EMPTY_PARTS,
    ],
    ids=["JPEG", "PNG", "WebP"],
)
def test_one_of_very_many_parts_is_refused(file: bytes) -> None:
    """Each part costs the event loop time, and a picture has some dozens."""
    with pytest.raises(BadPicture, match=f"at most {MAX_PARTS} parts"):
        Picture.read(file)
