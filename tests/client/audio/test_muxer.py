"""Pages from packets: one each, and a proper end."""

from audiocast.ogg.headers import OpusHead, OpusTags
from tests.support.audio.capture import read_pages
from tk_streamer.audio.encoder import OpusEncoder
from tk_streamer.audio.muxer import LiveMuxer
from tk_streamer.audio.pcm import BLOCK_SAMPLES

HEAD = OpusEncoder().opus_head
TAGS = OpusTags(vendor="test", comments=("TITLE=Größe",))
BLOCK = bytes(4 * BLOCK_SAMPLES)


def packets(count: int) -> list[bytes]:
    encoder = OpusEncoder()
    return [packet for _ in range(count) for packet in encoder.encode(BLOCK)]


def test_the_headers_say_what_they_were_given() -> None:
    head, tags = read_pages(LiveMuxer(HEAD, TAGS).header_pages())
    assert head.is_bos
    assert OpusHead.parse(head.body) == HEAD
    assert OpusTags.parse(tags.body) == TAGS


def test_a_packet_is_a_page_of_its_own() -> None:
    muxer = LiveMuxer(HEAD, TAGS, serial=9)
    muxer.header_pages()
    for number, packet in enumerate(packets(5)):
        (page,) = read_pages(muxer.audio_page([packet]))
        assert (page.serial, page.sequence, page.body) == (9, number + 2, packet)
        assert page.granule_position == (number + 1) * BLOCK_SAMPLES
        assert not page.is_eos


def test_the_last_page_says_where_the_sound_ends() -> None:
    muxer = LiveMuxer(HEAD, TAGS)
    first, last = packets(2)
    stream = muxer.header_pages() + muxer.audio_page([first]) + muxer.last_page(last, surplus_samples=100)
    pages = read_pages(stream)
    assert [page.is_eos for page in pages] == [False, False, False, True]
    assert [page.sequence for page in pages] == [0, 1, 2, 3]
    assert pages[-1].granule_position == 2 * BLOCK_SAMPLES - 100


def test_a_stream_without_a_sample_has_an_end() -> None:
    muxer = LiveMuxer(HEAD, TAGS)
    pages = read_pages(muxer.header_pages() + muxer.last_page(None))
    assert [(page.is_eos, page.granule_position) for page in pages[2:]] == [(True, HEAD.pre_skip)]


def test_two_bitstreams_have_two_serial_numbers() -> None:
    first, second = (read_pages(LiveMuxer(HEAD, TAGS).header_pages())[0].serial for _ in range(2))
    assert first != second
