"""Comments of any size become comments that fit, whatever the cuts of the packet."""

import struct
import tracemalloc

import pytest

from audiocast.ogg.headers import MAX_COMMENTS, OpusTags
from audiocast.ogg.tags_sieve import MAX_COMMENT_BYTES, MAX_KEPT_BYTES, TagsSieve

PICTURE = "METADATA_BLOCK_PICTURE=" + "x" * 700_000
SONG = OpusTags("libopus", ("TITLE=Song", "", "ARTIST=Singer"))


def sieved(packet: bytes, cut_bytes: int = 255) -> bytes:
    sieve = TagsSieve()
    for at in range(0, len(packet), cut_bytes):
        sieve.extend(packet[at : at + cut_bytes])
    return bytes(sieve)


@pytest.mark.parametrize("cut_bytes", [1, 3, 255, 65_025, 10_000_000])
def test_what_stands_before_and_after_a_picture_is_kept(cut_bytes: int) -> None:
    tags = OpusTags("libopus", ("TITLE=Song", PICTURE, "ARTIST=Singer"), padding=bytes(5_000))
    if cut_bytes == 1:
        tags = OpusTags("libopus", ("TITLE=Song", PICTURE[:9_000], "ARTIST=Singer"), padding=bytes(50))
    got = OpusTags.parse(sieved(tags.encode(), cut_bytes))
    assert got == OpusTags("libopus", ("TITLE=Song", "ARTIST=Singer"))


@pytest.mark.parametrize("cut", range(8, len(SONG.encode())))
def test_what_breaks_off_is_what_came_before(cut: int) -> None:
    got = OpusTags.parse(sieved(SONG.encode()[:cut], 7))
    assert got.vendor in ("", "libopus")
    assert [text for text in SONG.comments if text][: len(got.comments)] == list(got.comments)


def test_a_count_that_cannot_be_costs_nothing() -> None:
    packet = b"OpusTags" + struct.pack("<I", 1) + b"v" + struct.pack("<I", 0xFFFFFFFF)
    assert OpusTags.parse(sieved(packet)) == OpusTags("v")
    many = packet + struct.pack("<I", 1) + b"x" + (struct.pack("<I", 1) + b"x") * (2 * MAX_COMMENTS)
    assert len(OpusTags.parse(sieved(many)).comments) == MAX_COMMENTS


def test_a_vendor_that_is_no_name_is_skipped() -> None:
    assert OpusTags.parse(sieved(OpusTags("v" * 100_000, ("TITLE=Song",)).encode())) == OpusTags(
        "", ("TITLE=Song",)
    )


def test_what_is_kept_has_a_bound() -> None:
    tags = OpusTags("v", tuple(f"A{number}=" + "x" * (MAX_COMMENT_BYTES - 100) for number in range(100)))
    assert MAX_KEPT_BYTES / 2 < len(sieved(tags.encode())) <= MAX_KEPT_BYTES + 100


def test_memory_is_that_of_what_is_kept() -> None:
    sieve, piece = TagsSieve(), bytes(65_025)
    sieve.extend(b"OpusTags" + struct.pack("<I", 0) + struct.pack("<II", 1, 100_000_000))
    tracemalloc.start()
    for _ in range(1_000):
        sieve.extend(piece)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 3 * len(piece)


@pytest.mark.parametrize("packet", [b"", b"Opus", b"OpusHead" + bytes(11), b"\xfc" + bytes(300)])
def test_another_packet_is_as_it_came(packet: bytes) -> None:
    assert sieved(packet, 5) == packet


def test_another_packet_has_a_bound() -> None:
    assert len(sieved(b"\xfc" + bytes(200_000))) == MAX_KEPT_BYTES
