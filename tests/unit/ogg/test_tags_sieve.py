"""Comments of any size become comments that fit, whatever the cuts of the packet."""

import struct
import tracemalloc

import pytest

from audiocast.ogg.errors import PacketTooLarge
from audiocast.ogg.headers import OpusTags
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import FLAG_CONTINUED, Page
from audiocast.ogg.tags_sieve import MAX_TAGS_BYTES, TagsSieve

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
    many = packet + struct.pack("<I", 1) + b"x" + (struct.pack("<I", 1) + b"x") * 2_000
    assert len(OpusTags.parse(sieved(many)).comments) == 1_000


def test_a_vendor_that_is_no_name_is_skipped() -> None:
    assert OpusTags.parse(sieved(OpusTags("v" * 100_000, ("TITLE=Song",)).encode())) == OpusTags(
        "", ("TITLE=Song",)
    )


@pytest.mark.parametrize(("size_bytes", "is_kept"), [(8_192, True), (8_193, False)])
def test_a_comment_and_a_vendor_of_8192_bytes_are_kept_and_longer_ones_are_not(
    size_bytes: int, is_kept: bool
) -> None:
    text = "A=".ljust(size_bytes, "x")
    got = OpusTags.parse(sieved(OpusTags(text, (text, "TITLE=Song")).encode()))
    assert got == OpusTags(text if is_kept else "", (text, "TITLE=Song") if is_kept else ("TITLE=Song",))


@pytest.mark.parametrize("vendor", ["", "v" * 68])
def test_what_is_kept_has_61440_bytes_and_one_more_keeps_out_no_shorter_comment(vendor: str) -> None:
    # Vendor, and comments with four bytes of length each.
    full = tuple(f"A{number}=".ljust(8_192, "x") for number in range(7))
    rest_bytes = 61_440 - len(vendor) - 7 * 8_196
    fits, too_long = ("B=".ljust(size_bytes, "x") for size_bytes in (rest_bytes, rest_bytes + 1))
    got = OpusTags.parse(sieved(OpusTags(vendor, (*full, too_long, fits, "C=")).encode()))
    assert got == OpusTags(vendor, (*full, fits))


@pytest.mark.parametrize(("rest_bytes", "is_taken"), [(125_829_120 % 65_025, True), (5_746, False)])
def test_the_longest_packet_of_comments_that_the_rfc_allows_is_taken_and_no_longer_one(
    rest_bytes: int, is_taken: bool
) -> None:
    # RFC 7845 section 5.2: 125,829,120 octets. One comment says that it has all that can be said.
    assembler = PacketAssembler(max_packet_bytes=MAX_TAGS_BYTES, make_buffer=TagsSieve)
    start, whole = b"OpusTags" + struct.pack("<III", 0, 1, 0xFFFF_FFFF), b"\xff" * 255
    assembler.push(Page(0, -1, 7, 0, whole, start.ljust(65_025, b"x")))
    body, pages = b"x" * 65_025, 125_829_120 // 65_025
    for sequence in range(1, pages):
        assembler.push(Page(FLAG_CONTINUED, -1, 7, sequence, whole, body))
    lacing = bytes((*[255] * (rest_bytes // 255), rest_bytes % 255))
    last = Page(FLAG_CONTINUED, 0, 7, pages, lacing, body[:rest_bytes])
    if is_taken:
        assert assembler.push(last) == [OpusTags("").encode()]
    else:
        with pytest.raises(PacketTooLarge, match="at most 125829120 bytes, got 125829121"):
            assembler.push(last)


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
    assert sieved(b"\xfc" + bytes(200_000)) == b"\xfc" + bytes(61_439)
