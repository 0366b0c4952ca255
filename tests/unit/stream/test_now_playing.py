"""What is on, taken from the comments of a source; what was on before."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiocast.ogg.headers import OpusTags
from audiocast.stream.now_playing import (
    HISTORY_TRACKS,
    MAX_CHARACTERS,
    History,
    NowPlaying,
    Track,
    clean_text,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Песня — 歌 🎧", "Песня — 歌 🎧"),
        ("  two \r\n\t lines\u2028 ", "two lines"),
        ("\ud800", "\ufffd"),
        ("a\udfff\ud83db", "a\ufffd\ufffdb"),
        ("\ud83c\udfa7", "🎧"),
        ("bell\x07 escape\x1b[31m delete\x7f CSI\x9b31m NUL\x00", "bell escape[31m delete CSI31m NUL"),
        ("next\x85line \x1c", "next line"),
        ("\u202eevil\u202c \u2066isolated\u2069 \ufeff", "evil isolated"),
        ("\u200eleft\u200f right", "\u200eleft\u200f right"),
        ("👩\u200d🎤", "👩\u200d🎤"),
        ("\x00 \x01", ""),
    ],
    ids=ascii,
)
def test_text_from_outside_is_cleaned(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned
    assert clean_text(cleaned) == cleaned
    assert NowPlaying(title=text, artist=text) == NowPlaying(cleaned, cleaned)


@given(st.text(st.characters(exclude_categories=[])))
def test_cleaned_text_can_be_encoded_and_is_one_short_line(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned.encode().decode() == cleaned
    assert len(cleaned) <= MAX_CHARACTERS
    assert cleaned == " ".join(cleaned.split())
    assert not any(category(character) in ("Cc", "Cs") for character in cleaned)
    assert clean_text(cleaned) == cleaned


def test_text_is_cut_after_it_was_cleaned() -> None:
    assert clean_text("\x00" * 500 + "x" * 500) == "x" * MAX_CHARACTERS
    assert clean_text("x" * (MAX_CHARACTERS - 1) + " y") == "x" * (MAX_CHARACTERS - 1)


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
    "comments", [(), ("ENCODER=some",), ("TITLE", "no equals sign"), ("TITLE=", "ARTIST="), ("TITLE=\x00",)]
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
