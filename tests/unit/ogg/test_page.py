"""Pages: fields at their offsets, lacing, fragments, and real pages that come out as they went in."""

import struct

import pytest

from audiocast.ogg.page import (
    FLAG_BOS,
    FLAG_CONTINUED,
    FLAG_EOS,
    MAX_PAGE_BYTES,
    NO_GRANULE,
    Page,
    encode_page,
    lace,
)
from tests.unit.ogg.streams import read_pages


def page_with(lacing: bytes, flags: int = 0) -> Page:
    body = bytes(index % 251 for index in range(sum(lacing)))
    return Page(flags, 960, 7, 3, lacing, body)


def test_real_pages_encode_to_the_bytes_they_came_from(opus_variant: bytes) -> None:
    assert b"".join(page.encode() for page in read_pages(opus_variant)) == opus_variant


def test_fields_are_at_the_offsets_of_the_rfc() -> None:
    raw = encode_page(
        flags=5, granule_position=-2, serial=0xFEDCBA98, sequence=0xFFFFFFFF, lacing=b"\x02\x01", body=b"abc"
    )
    assert raw[:6] == b"OggS\x00\x05"
    assert raw[6:14] == b"\xfe" + b"\xff" * 7
    assert raw[14:18] == b"\x98\xba\xdc\xfe"
    assert raw[18:22] == b"\xff\xff\xff\xff"
    assert raw[26:] == b"\x02\x02\x01abc"


@pytest.mark.parametrize(
    ("flags", "continued", "bos", "eos"),
    [(0, False, False, False), (1, True, False, False), (2, False, True, False), (4, False, False, True)],
)
def test_flags_have_names(flags: int, continued: bool, bos: bool, eos: bool) -> None:
    page = page_with(b"\x01", flags)
    assert (page.is_continued, page.is_bos, page.is_eos) == (continued, bos, eos)
    assert flags == continued * FLAG_CONTINUED | bos * FLAG_BOS | eos * FLAG_EOS


def test_the_largest_page_has_65307_bytes() -> None:
    assert len(page_with(b"\xff" * 255).encode()) == MAX_PAGE_BYTES == 65307


def test_no_granule_is_minus_one_in_the_page() -> None:
    raw = encode_page(flags=0, granule_position=NO_GRANULE, serial=7, sequence=0, lacing=b"", body=b"")
    assert raw[6:14] == b"\xff" * 8


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(struct.error):
        encode_page(flags=0, granule_position=NO_GRANULE, serial=7, sequence=1 << 32, lacing=b"", body=b"")


@pytest.mark.parametrize(
    ("lacing", "expected"),
    [
        (b"", []),
        (b"\x00", [(0, True)]),
        (b"\x05", [(5, True)]),
        (b"\x05\x00\x06", [(5, True), (0, True), (6, True)]),
        (b"\xff", [(255, False)]),
        (b"\xff\x00", [(255, True)]),
        (b"\xff\xff\x01\x02", [(511, True), (2, True)]),
        (b"\x03\xff\xff", [(3, True), (510, False)]),
        (b"\xff" * 255, [(255 * 255, False)]),
    ],
)
def test_fragments_follow_the_lacing(lacing: bytes, expected: list[tuple[int, bool]]) -> None:
    page = page_with(lacing)
    fragments = list(page.fragments())
    assert [(len(fragment), complete) for fragment, complete in fragments] == expected
    assert b"".join(fragment for fragment, _ in fragments) == page.body


@pytest.mark.parametrize(
    ("sizes_bytes", "expected"),
    [
        ([], b""),
        ([0], b"\x00"),
        ([254], b"\xfe"),
        ([255], b"\xff\x00"),
        ([256, 1], b"\xff\x01\x01"),
        ([510, 3], b"\xff\xff\x00\x03"),
        ([254 * 255 + 254], b"\xff" * 254 + b"\xfe"),
    ],
)
def test_lace_closes_every_packet(sizes_bytes: list[int], expected: bytes) -> None:
    assert lace([bytes(size) for size in sizes_bytes]) == expected


@pytest.mark.parametrize("packets", [[b"x"] * 256, [bytes(255 * 255)]])
def test_lace_refuses_what_needs_more_than_255_segments(packets: list[bytes]) -> None:
    with pytest.raises(ValueError, match="at most 255 segments, got 256"):
        lace(packets)
