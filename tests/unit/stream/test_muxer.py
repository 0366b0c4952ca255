"""The muxer: pages of one logical bitstream, whatever comes; and pages whose numbers were moved."""

import pytest

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import FLAG_BOS, MAX_SEGMENTS, SEQUENCE_MODULUS, Page
from audiocast.ogg.reader import PageReader
from audiocast.stream.muxer import OggMuxer, page_packets, renumber
from tests.unit.stream.audio import MONO, STEREO, SURROUND, TAGS, packet, timed
from tests.unit.stream.received import received

MAX_SHORT_TAGS_BYTES = 8192

SERIAL = 0xFFFFFFFF
# RFC 7845 section 6.
MAX_AUDIO_PACKET_BYTES = 61_440


@pytest.fixture
def muxer() -> OggMuxer:
    return OggMuxer(SERIAL, STEREO, TAGS)


def parsed(data: bytes) -> Page:
    reader = PageReader()
    reader.feed(data)
    page = reader.next_page()
    assert page is not None
    reader.close()
    return page


def test_header_pages_carry_the_head_and_the_comments(muxer: OggMuxer) -> None:
    got = received(muxer.header_pages)
    assert (got.head, got.tags, got.pages) == (STEREO, TAGS, [])
    head, tags = STEREO.encode(), TAGS.encode()
    # RFC 7845 section 3: both have a page of their own, with a granule position of 0.
    assert muxer.header_pages == b"".join(
        (
            Page(FLAG_BOS, 0, SERIAL, 0, bytes((len(head),)), head).encode(),
            Page(0, 0, SERIAL, 1, bytes((len(tags),)), tags).encode(),
        )
    )


def test_pages_go_on_over_calls(muxer: OggMuxer) -> None:
    pages = [page for at in range(20) for page in muxer.pages(timed([at]), now=at)]
    got = received(muxer.header_pages + b"".join(page.data for page in pages))
    assert got.numbers == list(range(20))
    assert {page.serial for page in got.pages} == {SERIAL}
    assert [page.sequence for page in got.pages] == list(range(2, 22))
    assert [page.granule_position for page in got.pages] == [960 * (at + 1) for at in range(20)]


def test_a_page_tells_its_audio_and_its_arrival(muxer: OggMuxer) -> None:
    first, second = muxer.pages(timed(range(6)), now=12.5)
    assert (first.samples, first.end_granule, first.arrived_at) == (4800, 4800, 12.5)
    assert (second.samples, second.end_granule, second.start_granule) == (960, 5760, 4800)


@pytest.mark.parametrize(
    ("samples", "packets_a_page"), [(120, 40), (960, 5), (1920, 2), (2880, 1), (5760, 1)]
)
def test_a_page_holds_at_most_100_ms_or_one_packet(
    muxer: OggMuxer, samples: int, packets_a_page: int
) -> None:
    pages = muxer.pages([(packet(at), samples) for at in range(80)], now=0)
    assert {page.samples for page in pages} == {packets_a_page * samples}


def test_a_page_has_no_more_segments_than_the_format_can_say(muxer: OggMuxer) -> None:
    large = [(packet(at, 1276) * 12, 960) for at in range(6)]
    pages = [parsed(page.data) for page in muxer.pages(large, now=0)]
    assert b"".join(page.body for page in pages) == b"".join(data for data, _ in large)
    assert len(pages) == 2
    assert all(len(page.lacing) <= MAX_SEGMENTS for page in pages)


def test_the_largest_packet_that_a_source_may_send_fits_one_page(muxer: OggMuxer) -> None:
    (page,) = muxer.pages([(bytes(MAX_AUDIO_PACKET_BYTES), 5760)], now=0)
    assert len(parsed(page.data).body) == MAX_AUDIO_PACKET_BYTES


def test_a_packet_of_whole_segments_is_closed_on_its_page(muxer: OggMuxer) -> None:
    (page,) = muxer.pages([(bytes(510), 960)], now=0)
    assert parsed(page.data).lacing == b"\xff\xff\x00"


def test_only_the_last_page_is_marked_as_the_end(muxer: OggMuxer) -> None:
    pages = [parsed(page.data) for page in muxer.pages(timed(range(12)), now=0, eos=True)]
    assert [page.is_eos for page in pages] == [False, False, True]


def test_page_numbers_wrap(muxer: OggMuxer) -> None:
    muxer._sequence = SEQUENCE_MODULUS - 1
    pages = muxer.pages(timed(range(10)), now=0)
    assert [parsed(page.data).sequence for page in pages] == [SEQUENCE_MODULUS - 1, 0]


def test_comments_of_some_kilobytes_are_kept() -> None:
    tags = OpusTags("v", ("TITLE=" + "x" * 8_000,))
    assert len(tags.encode()) <= MAX_SHORT_TAGS_BYTES
    assert received(OggMuxer(1, STEREO, tags).header_pages).tags == tags


def test_a_cover_picture_is_not_sent_to_everyone_who_joins() -> None:
    picture, lyrics = "METADATA_BLOCK_PICTURE=" + "x" * 100_000, "LYRICS=" + "la " * 3_000
    tags = OpusTags("v" * 300, (picture, lyrics, "title=Song", "ARTIST=Singer"), padding=bytes(9_000))
    shown = received(OggMuxer(1, STEREO, tags).header_pages).tags
    assert shown == OpusTags("v" * 256, ("title=Song", "ARTIST=Singer"))


@pytest.mark.parametrize(
    ("running", "came", "fits"),
    [
        (STEREO, STEREO, True),
        (STEREO, OpusHead(2, 3840, input_sample_rate=16_000), True),
        (STEREO, MONO, True),
        (MONO, STEREO, False),
        (STEREO, SURROUND, False),
        (SURROUND, SURROUND, True),
        (SURROUND, STEREO, False),
        (STEREO, OpusHead(2, 312, output_gain=256), True),
    ],
)
def test_a_source_fits_when_the_running_decoder_can_play_it(
    running: OpusHead, came: OpusHead, fits: bool
) -> None:
    assert OggMuxer(1, running, TAGS).can_continue(came) is fits


def test_a_page_is_renumbered_with_a_checksum_that_fits(muxer: OggMuxer) -> None:
    original = muxer.pages(timed(range(10)), now=0)[1].data
    before, after = parsed(original), parsed(renumber(original, skipped_pages=2, skipped_samples=4800))
    assert (after.sequence, after.granule_position) == (before.sequence - 2, before.granule_position - 4800)
    assert (after.body, after.lacing, after.serial, after.flags) == (
        before.body,
        before.lacing,
        before.serial,
        before.flags,
    )


def test_a_renumbered_page_counts_back_over_the_wrap(muxer: OggMuxer) -> None:
    muxer._sequence = 1
    (page,) = muxer.pages(timed([0]), now=0)
    assert parsed(renumber(page.data, skipped_pages=3, skipped_samples=0)).sequence == SEQUENCE_MODULUS - 2


def test_the_original_stays_as_it_was(muxer: OggMuxer) -> None:
    (page,) = muxer.pages(timed([0]), now=0)
    copy = bytes(page.data)
    renumber(page.data, skipped_pages=1, skipped_samples=1)
    assert page.data == copy


@pytest.mark.parametrize(
    ("packets", "sizes"),
    [
        # Samples: 100 ms, and one more.
        ([(b"x", 2400), (b"x", 2400)], [2]),
        ([(b"x", 2400), (b"x", 2401)], [1, 1]),
        # Segments: 255, and one more, with the one that closes a packet of whole segments.
        ([(bytes(254 * 255 - 1), 960), (b"x", 960)], [2]),
        ([(bytes(254 * 255), 960), (b"x", 960)], [1, 1]),
    ],
    ids=["all samples", "a sample too many", "all segments", "a segment too many"],
)
def test_a_page_is_full_when_nothing_more_fits(
    muxer: OggMuxer, packets: list[tuple[bytes, int]], sizes: list[int]
) -> None:
    assert [len(page_packets(page.data)) for page in muxer.pages(packets, now=0)] == sizes


def test_the_packets_of_a_page_are_those_that_were_put_on_it(muxer: OggMuxer) -> None:
    packets = [b"", bytes(254), bytes(255), bytes(256), b"x" * 510, b"end"]
    (page,) = muxer.pages([(data, 120) for data in packets], now=0)
    assert page_packets(page.data) == packets
