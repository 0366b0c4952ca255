"""Names of formats and codecs, for real files and for bytes by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audiocast.ogg.sniff import codec_name, name_format
from tests.support.audio import media
from tests.unit.ogg.streams import read_pages


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (media.mp3_file, "MP3"),
        (media.wav_file, "WAV"),
        (media.flac_file, "FLAC"),
        (media.aac_file, "AAC (ADTS)"),
        (media.mp4_file, "MP4"),
        (media.webm_file, "WebM or Matroska"),
        (media.opus_file, "Ogg"),
        (media.vorbis_file, "Ogg"),
    ],
)
def test_real_files_have_their_name(make: Callable[..., Path], name: str, media_folder: Path) -> None:
    assert name_format(make(media_folder, seconds=1).read_bytes()[:12]) == name


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"ID3\x04\x00", "an ID3 tag (MP3 begins so)"),
        (b"G@\x11\x10\x00B\xf0%\x00\x01\xc1\x00", "MPEG-TS"),
        (b"G@\x000\x00\x00\xb0\r\x00\x01\xc1\x00", "MPEG-TS"),
        (b"GA\x11\x1f", "MPEG-TS"),
        (b"G@\x11\x90", "unknown data (first bytes 47 40 11 90)"),
        (b"G@\x11", "unknown data (first bytes 47 40 11)"),
        (b"G\xc0\x11\x10", "unknown data (first bytes 47 c0 11 10)"),
        (b"G@\x11\x20\x00", "unknown data (first bytes 47 40 11 20 00)"),
        (b"GET / HTTP/1.1", "HTML or text"),
        (b"\xff\xfb\x90\x64", "MP3"),
        (b"\xff\xe3\x18\xc4", "MP3"),
        (b"\xff\xfd\x90", "MP2"),
        (b"\xff\xf1\x50\x80", "AAC (ADTS)"),
        (b"\xff\xf9\x50\x80", "AAC (ADTS)"),
        (b"FORM\x00\x00\x00\x00AIFF", "AIFF"),
        (b"ADIF\x00", "AAC (ADIF)"),
        (b"FLV\x01\x05", "FLV"),
        (b"caff\x00\x01", "CAF"),
        (b"\xff\xfb", "MP3"),
        (b"<!doctype html>\n<title>", "HTML or text"),
        (b"hello", "HTML or text"),
        (b"\x7f", "unknown data (first bytes 7f)"),
        (b"hello\x00", "unknown data (first bytes 68 65 6c 6c 6f 00)"),
        (b"\xff\xfe<\x00", "unknown data (first bytes ff fe 3c 00)"),
        (b"\xff", "unknown data (first bytes ff)"),
        (bytes(range(100)), "unknown data (first bytes 00 01 02 03 04 05 06 07)"),
        (b"", "no data"),
    ],
)
def test_starts_have_names(start: bytes, name: str) -> None:
    assert name_format(start) == name


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (media.opus_file, ["Opus"]),
        (media.vorbis_file, ["Vorbis"]),
        (media.ogg_flac_file, ["FLAC"]),
        (media.multiplexed_file, ["Opus", "Opus"]),
    ],
)
def test_codecs_of_real_files(make: Callable[..., Path], names: list[str], media_folder: Path) -> None:
    pages = read_pages(make(media_folder, seconds=1).read_bytes())
    assert [codec_name(page.body) for page in pages if page.is_bos] == names


@pytest.mark.parametrize(
    ("first_packet", "name"),
    [
        (b"Speex   1.2", "Speex"),
        (b"\x80theora\x03", "Theora"),
        (b"fishead\x00\x04", "Skeleton"),
        (b"BBCD", "unknown codec"),
        (b"", "unknown codec"),
    ],
)
def test_codecs_by_hand(first_packet: bytes, name: str) -> None:
    assert codec_name(first_packet) == name
