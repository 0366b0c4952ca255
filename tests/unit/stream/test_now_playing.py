"""What is on, taken from the comments of a source; what was on before."""

import pytest

from audiocast.ogg.headers import OpusTags
from audiocast.stream.now_playing import HISTORY_TRACKS, MAX_CHARACTERS, History, NowPlaying, Track


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


def test_the_history_has_each_track_once_the_newest_first() -> None:
    history, first, second = History(), NowPlaying("First", "Singer"), NowPlaying("Second", "")
    for now, playing in enumerate([first, first, None, NowPlaying("", ""), first, second, first]):
        history.note(playing, now)
    assert history.tracks == [Track(first, 6), Track(second, 5), Track(first, 0)]


def test_the_history_is_bounded() -> None:
    history = History()
    for now in range(HISTORY_TRACKS + 5):
        history.note(NowPlaying(f"Track {now}", ""), now)
    assert [track.started_at for track in history.tracks] == list(range(HISTORY_TRACKS + 4, 4, -1))
