"""Pages from PCM: one packet each, at once, and a proper end."""

from collections.abc import Iterator
from queue import SimpleQueue

from audiocast.ogg.headers import OpusHead, OpusTags
from tests.capture import read_pages
from tk_streamer.encoder import OpusEncoder
from tk_streamer.music import BLOCK_SAMPLES
from tk_streamer.pages import ogg_pages

TAGS = OpusTags(vendor="test", comments=("TITLE=Größe",))
BLOCK = bytes(4 * BLOCK_SAMPLES)


def test_headers_come_before_any_sound_is_asked_for() -> None:
    # Empty: whoever asks for a block fails.
    blocks = iter(SimpleQueue[bytes]().get_nowait, b"")
    head, tags = read_pages(next(ogg_pages(OpusEncoder(), blocks, tags=TAGS, serial=9)))
    assert head.bos
    assert OpusHead.parse(head.body).channels == 2
    assert OpusTags.parse(tags.body) == TAGS


def test_each_block_gives_its_page_before_the_next_is_asked_for() -> None:
    asked = []

    def blocks() -> Iterator[bytes]:
        for number in range(5):
            asked.append(number)
            yield BLOCK

    stream = ogg_pages(OpusEncoder(), blocks(), tags=TAGS, serial=9)
    next(stream)
    for number in range(5):
        (page,) = read_pages(next(stream))
        assert asked[-1] == number
        assert page.sequence == number + 2
        assert page.granule_position == (number + 1) * BLOCK_SAMPLES


def test_the_last_page_says_where_the_sound_ends() -> None:
    pages = read_pages(b"".join(ogg_pages(OpusEncoder(), [BLOCK, BLOCK[:400]], tags=TAGS, serial=9)))
    assert [page.eos for page in pages] == [False] * (len(pages) - 1) + [True]
    assert [page.sequence for page in pages] == list(range(len(pages)))
    assert {page.serial for page in pages} == {9}
    assert pages[-1].granule_position == 120 + BLOCK_SAMPLES + 100


def test_a_stream_without_a_sample_has_an_end() -> None:
    pages = read_pages(b"".join(ogg_pages(OpusEncoder(), [], tags=TAGS, serial=9)))
    assert [(page.eos, page.granule_position) for page in pages[2:]] == [(True, 120)]
