"""Titles inside the frames: as radios read them, at the places that the head of the response has named."""

import pytest

from audiocast.formats.encoding.titled_frames import MAX_TITLE_BYTES, TitledBlocks, title_block
from audiocast.stream.now_playing import NowPlaying


def read_title(block: bytes) -> str:
    """Read it as a radio does: up to the pair of characters that ends it."""
    assert len(block) == 1 + 16 * block[0]
    text = block[1:].rstrip(b"\0").decode()
    assert text.startswith("StreamTitle='")
    return text.removeprefix("StreamTitle='").partition("';")[0]


@pytest.mark.parametrize(
    ("playing", "shown"),
    [
        (NowPlaying("Money", "Abba"), "Abba - Money"),
        (NowPlaying("Money", ""), "Money"),
        (NowPlaying("Don't; stop'", "Кино"), "Кино - Don't; stop'"),
        (NowPlaying("a';StreamUrl='http://evil", ""), "a’;StreamUrl='http://evil"),
        (None, "The station"),
    ],
)
def test_a_title_is_what_is_on(playing: NowPlaying | None, shown: str) -> None:
    assert read_title(title_block(playing, "The station")) == shown


def test_a_title_is_cut_at_a_character() -> None:
    block = title_block(NowPlaying("ж" * 200, "щ" * 200), "")
    title = read_title(block)
    assert len(block) <= 1 + 16 * 255
    assert MAX_TITLE_BYTES - 1 <= len(title.encode()) <= MAX_TITLE_BYTES
    assert set(title) == {"щ"}


def test_blocks_have_their_length_and_all_of_the_audio() -> None:
    blocks = TitledBlocks(1000)
    frames = [bytes([number]) * (300 + number) for number in range(50)]
    made = [block for frame in frames for block in blocks.add(frame, 1152)]
    assert {len(data) for data, _ in made} == {1000}
    whole = b"".join(frames)
    assert b"".join(data for data, _ in made) == whole[: len(made) * 1000]
    assert len(whole) - len(made) * 1000 < 1000
    assert 46 * 1152 <= sum(samples for _, samples in made) <= 50 * 1152
