"""The page writer: what it writes is read back the same, and validators that others made accept it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from audiocast.ogg.errors import BadPacket
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.page import NO_GRANULE, Page
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter
from tests.unit.ogg import programs
from tests.unit.ogg.conftest import MakeOpus
from tests.unit.ogg.streams import read_packets, read_pages

HEAD = OpusHead(2, 312)
TAGS = OpusTags("test", ("TITLE=a title",))
SILENCE = silence_packet(HEAD)


def shape(pages: Sequence[Page]) -> list[tuple[int, int, int, int]]:
    """Give sequence, flags, granule position and number of segments of each page."""
    return [(page.sequence, page.flags, page.granule_position, len(page.lacing)) for page in pages]


def padded_packet(padding_bytes: int) -> bytes:
    """Make an Opus packet of 20 ms that is larger than a page can hold."""
    lengths, rest_bytes = divmod(padding_bytes, 254)
    return b"\xff\x41" + b"\xff" * lengths + bytes((rest_bytes,)) + b"\xff\xfe" + bytes(padding_bytes)


@pytest.fixture
def writer() -> PageWriter:
    """Give a writer whose headers are written."""
    writer = PageWriter(0xFFFFFFFF)
    writer.headers(HEAD, TAGS)
    return writer


def test_headers_are_a_page_each() -> None:
    writer = PageWriter(0xFFFFFFFF)
    pages = read_pages(writer.headers(HEAD, TAGS))
    assert shape(pages) == [(0, 2, 0, 1), (1, 0, 0, 1)]
    assert [page.body for page in pages] == [HEAD.encode(), TAGS.encode()]
    assert {page.serial for page in pages} == {0xFFFFFFFF}
    assert (writer.sequence, writer.granule_position) == (2, 0)


def test_large_tags_go_on_over_pages() -> None:
    tags = OpusTags("test", ("PICTURE=" + "x" * 131_000,))
    writer = PageWriter(7)
    stream = writer.headers(HEAD, tags) + writer.audio([SILENCE])
    assert shape(read_pages(stream)) == [
        (0, 2, 0, 1),
        (1, 0, NO_GRANULE, 255),
        (2, 1, NO_GRANULE, 255),
        (3, 1, 0, 4),
        (4, 0, 960, 1),
    ]
    assert read_packets(stream) == [HEAD.encode(), tags.encode(), SILENCE]


def test_each_call_makes_a_page(writer: PageWriter) -> None:
    stream = writer.audio([SILENCE]) + writer.audio([SILENCE, SILENCE, SILENCE])
    assert shape(read_pages(stream)) == [(2, 0, 960, 1), (3, 0, 3840, 3)]
    assert (writer.sequence, writer.granule_position) == (4, 3840)


def test_no_packets_make_no_page(writer: PageWriter) -> None:
    assert writer.audio([]) == b""
    assert writer.sequence == 2


def test_an_end_without_packets_gets_one_of_silence(writer: PageWriter) -> None:
    pages = read_pages(writer.audio([SILENCE]) + writer.audio([], eos=True))
    assert shape(pages) == [(2, 0, 960, 1), (3, 4, 1920, 1)]
    assert pages[1].body == SILENCE


def test_only_the_last_of_several_pages_is_the_end(writer: PageWriter) -> None:
    pages = read_pages(writer.audio([SILENCE] * 300, eos=True))
    assert shape(pages) == [(2, 0, 255 * 960, 255), (3, 4, 300 * 960, 45)]


def test_packets_are_kept_whole_where_a_page_can_hold_them(writer: PageWriter) -> None:
    large = silence_packet(HEAD, 60_000)
    stream = writer.audio([SILENCE] * 30 + [large, SILENCE])
    assert shape(read_pages(stream)) == [(2, 0, 30 * 960, 30), (3, 0, 32 * 960, 237)]


def test_a_packet_larger_than_a_page_goes_on(writer: PageWriter) -> None:
    giant = padded_packet(140_000)
    stream = writer.audio([SILENCE, giant, SILENCE], eos=True)
    pages = read_pages(stream)
    assert shape(pages) == [
        (2, 0, 960, 1),
        (3, 0, NO_GRANULE, 255),
        (4, 1, NO_GRANULE, 255),
        (5, 5, 3 * 960, 43),
    ]
    assert b"".join(page.body for page in pages) == SILENCE + giant + SILENCE


def test_a_packet_that_fills_the_segments_to_the_last(writer: PageWriter) -> None:
    filling = padded_packet(64_765)
    assert len(filling) == 255 * 255 - 1
    assert shape(read_pages(writer.audio([filling]))) == [(2, 0, 960, 255)]
    one_more = padded_packet(64_766)
    assert shape(read_pages(writer.audio([one_more]))) == [(3, 0, NO_GRANULE, 255), (4, 1, 1920, 1)]


def test_several_packets_that_fill_the_segments_to_the_last_have_one_page(writer: PageWriter) -> None:
    # 55 segments: 54 whole ones, and the one that closes the packet.
    large = silence_packet(HEAD, 54 * 255 + 10)
    assert shape(read_pages(writer.audio([SILENCE] * 200 + [large]))) == [(2, 0, 201 * 960, 255)]
    pages = read_pages(writer.audio([SILENCE] * 201 + [large]))
    assert shape(pages) == [(3, 0, 402 * 960, 201), (4, 0, 403 * 960, 55)]


def test_sequence_numbers_wrap(writer: PageWriter) -> None:
    writer._sequence = (1 << 32) - 1
    pages = read_pages(writer.audio([SILENCE]) + writer.audio([SILENCE]))
    assert [page.sequence for page in pages] == [(1 << 32) - 1, 0]


def test_a_bad_packet_leaves_the_writer_as_it_was(writer: PageWriter) -> None:
    with pytest.raises(BadPacket):
        writer.audio([SILENCE, b""])
    assert (writer.sequence, writer.granule_position) == (2, 0)


def test_headers_come_first_and_once(writer: PageWriter) -> None:
    with pytest.raises(RuntimeError, match="got them again"):
        writer.headers(HEAD, TAGS)
    with pytest.raises(RuntimeError, match="got audio first"):
        PageWriter(7).audio([SILENCE])


def test_real_packets_are_read_back_the_same(opus_variant: bytes) -> None:
    packets = read_packets(opus_variant)
    head, tags = OpusHead.parse(packets[0]), OpusTags.parse(packets[1])
    writer = PageWriter(7)
    parts = [writer.headers(head, tags)]
    parts += [writer.audio(packets[at : at + 3]) for at in range(2, len(packets), 3)]
    assert read_packets(b"".join(parts)) == packets
    assert writer.granule_position == sum(packet_samples(each, head.stream_count) for each in packets[2:])


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("packets_a_page", [1, 7])
def test_validators_and_decoders_accept_it(
    channels: int, packets_a_page: int, make_opus: MakeOpus, tmp_path: Path
) -> None:
    first, second, *audio = read_packets(make_opus(channels=channels, bitrate_kbps=64 * channels))
    head = OpusHead.parse(first)
    writer = PageWriter(7)
    parts = [writer.headers(head, OpusTags.parse(second))]
    parts += [writer.audio(audio[at : at + packets_a_page]) for at in range(0, len(audio), packets_a_page)]
    parts.append(writer.audio([], eos=True))
    path = tmp_path / "written.opus"
    path.write_bytes(b"".join(parts))
    assert programs.complaints_of_opusinfo(path) == []
    assert programs.complaints_of_oggz_validate(path) == ""
    wanted_samples = (writer.granule_position - head.pre_skip) * channels
    assert writer.granule_position == (len(audio) + 1) * 960
    assert len(programs.decode_with_ffmpeg(path)) == wanted_samples
    assert len(programs.decode_with_opusdec(path)) == wanted_samples
