"""What is on, taken from the comments of a source."""

import pytest

from audiocast.ogg.headers import OpusTags
from audiocast.stream.now_playing import MAX_CHARACTERS, NowPlaying


@pytest.mark.parametrize(
    ("comments", "said"),
    [
        (("TITLE=Song", "ARTIST=Singer"), NowPlaying("Song", "Singer")),
        (("title=Song=1",), NowPlaying("Song=1", "")),
        (("Title=Песня", "aRtIsT=Группа"), NowPlaying("Песня", "Группа")),
        (("ARTIST=first", "ARTIST=second"), NowPlaying("", "first")),
        (("title=first", "TITLE=second"), NowPlaying("first", "")),
        (("TITLE=", "ARTIST=Singer"), NowPlaying("", "Singer")),
    ],
)
def test_it_is_title_and_artist_in_any_case_of_their_names(
    comments: tuple[str, ...], said: NowPlaying
) -> None:
    assert NowPlaying.of(OpusTags("vendor", comments)) == said


def test_it_is_bounded() -> None:
    long = "x" * (MAX_CHARACTERS + 1)
    said = NowPlaying.of(OpusTags("vendor", (f"TITLE={long}", f"ARTIST={long}")))
    assert said == NowPlaying("x" * MAX_CHARACTERS, "x" * MAX_CHARACTERS)


@pytest.mark.parametrize(
    "comments", [(), ("ENCODER=some",), ("TITLE", "no equals sign"), ("TITLE=", "ARTIST=")]
)
def test_comments_that_say_nothing_of_it_are_none(comments: tuple[str, ...]) -> None:
    assert NowPlaying.of(OpusTags("vendor", comments)) is None
