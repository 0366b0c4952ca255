"""The packet assembler: packets over pages, gaps, joins in the middle, bounds."""

from collections.abc import Sequence

import pytest

from audiocast.ogg.errors import PacketTooLarge
from audiocast.ogg.opus import MAX_FRAME_BYTES
from audiocast.ogg.packets import MAX_PACKET_BYTES, PacketAssembler
from audiocast.ogg.page import FLAG_CONTINUED, Page, lace
from tests.unit.ogg.streams import read_packets, read_pages

LONG = bytes(index % 253 for index in range(700))


def page(sequence: int, lacing: Sequence[int], body: bytes, *, continued: bool = False) -> Page:
    return Page(FLAG_CONTINUED if continued else 0, 0, 7, sequence, bytes(lacing), body)


BEGIN = page(4, [3, 255], b"one" + LONG[:255])
MIDDLE = page(5, [255], LONG[255:510], continued=True)
END = page(6, [190, 3], LONG[510:] + b"two", continued=True)


def test_several_packets_on_a_page() -> None:
    assembler = PacketAssembler()
    assert assembler.push(page(0, [3, 0, 2], b"onetw")) == [b"one", b"", b"tw"]
    assert (assembler.pending_bytes, assembler.dropped) == (0, 0)


def test_a_packet_over_three_pages() -> None:
    assembler = PacketAssembler()
    assert assembler.push(BEGIN) == [b"one"]
    assert assembler.pending_bytes == 255
    assert assembler.push(MIDDLE) == []
    assert assembler.pending_bytes == 510
    assert assembler.push(END) == [LONG, b"two"]
    assert (assembler.pending_bytes, assembler.dropped) == (0, 0)


def test_a_packet_that_ends_with_nothing_on_the_next_page() -> None:
    assembler = PacketAssembler()
    assembler.push(page(0, [255], LONG[:255]))
    assert assembler.push(page(1, [0], b"", continued=True)) == [LONG[:255]]


def test_sequence_numbers_wrap() -> None:
    assembler = PacketAssembler()
    assembler.push(page((1 << 32) - 1, [255], LONG[:255]))
    assert assembler.push(page(0, [1], b"x", continued=True)) == [LONG[:255] + b"x"]


def test_joining_in_the_middle_drops_the_rest_of_a_packet() -> None:
    assembler = PacketAssembler()
    assert assembler.push(MIDDLE) == []
    assert assembler.push(END) == [b"two"]
    assert assembler.dropped == 2


@pytest.mark.parametrize("sequence", [4, 5, 8])
def test_a_gap_drops_both_sides(sequence: int) -> None:
    assembler = PacketAssembler()
    assembler.push(BEGIN)
    assembler.push(MIDDLE)
    late = page(sequence, [1, 3], b"xtwo", continued=True)
    assert assembler.push(late) == [b"two"]
    assert (assembler.pending_bytes, assembler.dropped) == (0, 2)


def test_a_packet_that_is_not_continued_is_dropped() -> None:
    assembler = PacketAssembler()
    assembler.push(BEGIN)
    assert assembler.push(page(5, [3], b"new")) == [b"new"]
    assert (assembler.pending_bytes, assembler.dropped) == (0, 1)


def test_a_page_without_segments_between_the_parts_of_a_packet() -> None:
    assembler = PacketAssembler()
    assembler.push(page(0, [255], LONG[:255]))
    assert assembler.push(page(1, [], b"")) == []
    assert assembler.push(page(2, [1], b"x", continued=True)) == [LONG[:255] + b"x"]


def test_a_page_without_segments_that_says_continued() -> None:
    assembler = PacketAssembler()
    assert assembler.push(page(0, [], b"", continued=True)) == []
    assert assembler.dropped == 0


def test_a_packet_over_the_limit_is_refused_before_it_is_gathered() -> None:
    assembler = PacketAssembler(max_packet_bytes=509)
    assembler.push(BEGIN)
    with pytest.raises(PacketTooLarge, match="at most 509 bytes, got 510 or more"):
        assembler.push(MIDDLE)
    assert (assembler.pending_bytes, assembler.dropped) == (0, 1)
    assert assembler.push(END) == [b"two"]


def test_a_packet_exactly_at_the_limit_is_given() -> None:
    assembler = PacketAssembler(max_packet_bytes=len(LONG))
    assert [assembler.push(part) for part in (BEGIN, MIDDLE, END)][-1] == [LONG, b"two"]


def test_the_limit_holds_the_largest_packet_without_padding() -> None:
    assert 2 + 47 * 2 + 48 * MAX_FRAME_BYTES == 61_296 < MAX_PACKET_BYTES == 131_072


def test_nothing_is_pending_at_first() -> None:
    assembler = PacketAssembler()
    assert (assembler.pending_bytes, assembler.dropped) == (0, 0)


def test_packets_of_real_files_hold_all_bytes_of_their_pages(opus_variant: bytes) -> None:
    packets = read_packets(opus_variant)
    assert b"".join(packets) == b"".join(page.body for page in read_pages(opus_variant))
    assert packets[0][:8] == b"OpusHead"
    assert packets[1][:8] == b"OpusTags"
    assert all(packets)


@pytest.mark.parametrize("size_bytes", [1, 40, 254, 255, 256, 510, 511, 700])
def test_a_page_with_one_packet_is_known_by_its_table(size_bytes: int) -> None:
    packet = bytes(index % 251 for index in range(size_bytes))
    whole = page(3, lace([packet]), packet)
    assembler = PacketAssembler()
    assert assembler.only_packet(whole) == packet
    # It counts as added: what it leaves off is gone on with.
    assembler.push(page(4, [255], LONG[:255]))
    assert assembler.push(page(5, [1], b"x", continued=True)) == [LONG[:255] + b"x"]
    assert assembler.dropped == 0


@pytest.mark.parametrize(
    "other",
    [
        page(3, [], b""),
        page(3, [255], LONG[:255]),
        page(3, [254, 1], LONG[:255]),
        page(3, [1, 254], LONG[:255]),
        page(3, [255, 254, 1], LONG[:510]),
        page(3, [0, 255, 1], LONG[:256]),
        page(3, [40], LONG[:40], continued=True),
    ],
)
def test_any_other_page_is_left_to_push(other: Page) -> None:
    asked, plain = PacketAssembler(), PacketAssembler()
    for assembler in (asked, plain):
        assembler.push(page(2, [3], b"abc"))
    assert asked.only_packet(other) is None
    assert asked.push(other) == plain.push(other)
    assert (asked.dropped, asked.pending_bytes) == (plain.dropped, plain.pending_bytes)


def test_a_page_with_one_packet_is_none_while_another_is_open() -> None:
    assembler = PacketAssembler()
    assembler.push(page(2, [255], LONG[:255]))
    assert assembler.only_packet(page(3, [3], b"abc")) is None


def test_the_only_packet_has_a_bound() -> None:
    assembler = PacketAssembler(max_packet_bytes=100)
    assert assembler.only_packet(page(3, [100], LONG[:100])) == LONG[:100]
    assert assembler.only_packet(page(4, [101], LONG[:101])) is None
