"""What is on, taken from the comments of a source; what was on before."""

from collections.abc import Callable
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiocast.ogg.headers import OpusTags
from audiocast.stream.now_playing import History, NowPlaying, Titles, Track, clean_text
from tests.support.clock.fake_clock import FakeClock

MAX_CHARACTERS = 200
HISTORY_TRACKS = 20


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
        ("a\u202ab\u202bc\u202dd\u2067e\u2068f\u2069g\x80h", "abcdefgh"),
        ("a\u206ab", "a\u206ab"),
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


class TitlesOnAClock:
    """Titles on a clock that is turned by hand.

    Attributes:
        shown: What was shown, in order.
        settled: What became of each request, by its title.
    """

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.shown: list[str | None] = []
        self.settled: dict[str, bool] = {}
        self.titles = Titles(self.clock, self._note_change)

    def set(self, title: str) -> None:
        assert title not in self.settled
        self.titles.set(NowPlaying(title, ""), lambda is_shown: self._note_settled(title, is_shown))

    def set_from_tags(self, *comments: str) -> None:
        self.titles.set_from_tags(OpusTags("v", comments), is_same_source=True)

    @property
    def history(self) -> list[str]:
        return [track.playing.title for track in self.titles.history.tracks]

    def _note_change(self) -> None:
        playing = self.titles.now_playing
        self.shown.append(playing.title if playing is not None else None)

    def _note_settled(self, title: str, is_shown: bool) -> None:
        assert title not in self.settled
        self.settled[title] = is_shown


class TestTitles:
    def test_the_first_one_is_shown_at_once(self) -> None:
        harness = TitlesOnAClock()
        harness.set("Song")
        assert (harness.shown, harness.settled) == (["Song"], {"Song": True})

    def test_of_those_within_a_second_the_last_one_is_shown_at_its_end(self) -> None:
        harness = TitlesOnAClock()
        for title in "abcd":
            harness.set(title)
            harness.clock.advance(0.2)
        assert (harness.shown, harness.settled) == (["a"], {"a": True, "b": False, "c": False})
        harness.clock.advance(0.1)
        assert harness.shown == ["a"]
        harness.clock.advance(0.1)
        assert harness.shown == ["a", "d"]
        assert harness.settled == {"a": True, "b": False, "c": False, "d": True}
        assert harness.history == ["d", "a"]

    def test_ten_a_second_from_anywhere_are_one_a_second(self) -> None:
        harness = TitlesOnAClock()
        for number in range(600):
            if number % 2:
                harness.set(f"{number}")
            else:
                harness.set_from_tags(f"TITLE={number}")
            harness.clock.advance(0.1)
        harness.clock.advance(1)
        assert 60 <= len(harness.shown) <= 61
        assert harness.shown[-1] == "599"
        assert harness.history == list(reversed(harness.shown))[:HISTORY_TRACKS]
        assert len(harness.settled) == 300

    def test_a_chain_of_tracks_within_a_second_leaves_the_last_one(self) -> None:
        harness = TitlesOnAClock()
        for number in range(1000):
            harness.set_from_tags(f"TITLE={number}")
        harness.clock.advance(10)
        assert harness.shown == ["0", "999"]

    def test_a_track_that_says_nothing_ends_the_one_that_waits_to_be_shown(self) -> None:
        harness = TitlesOnAClock()
        harness.set_from_tags("TITLE=First")
        harness.set_from_tags("TITLE=Second")
        harness.set_from_tags()
        harness.clock.advance(1)
        assert (harness.shown, harness.history) == (["First", None], ["First"])

    def test_a_source_that_says_what_is_known_changes_nothing(self) -> None:
        harness = TitlesOnAClock()
        harness.set("Song")
        harness.clock.advance(5)
        harness.set_from_tags("TITLE=Song")
        harness.clock.advance(5)
        assert harness.shown == ["Song"]

    def test_what_waits_is_not_shown_after_the_end(self) -> None:
        harness = TitlesOnAClock()
        harness.set("Song")
        harness.set("Next")
        harness.titles.clear()
        harness.clock.advance(5)
        assert (harness.shown, harness.titles.now_playing) == (["Song"], None)
        assert harness.settled == {"Song": True, "Next": False}

    @pytest.mark.parametrize("end", [Titles.clear, Titles.reset])
    def test_a_stream_that_ends_and_begins_all_the_time_has_the_same_rate(
        self, end: Callable[[Titles], None]
    ) -> None:
        harness = TitlesOnAClock()
        for number in range(100):
            harness.set(f"{number}")
            end(harness.titles)
        harness.set("last")
        assert harness.shown == ["0"]
        harness.clock.advance(1)
        assert harness.shown == ["0", "last"]
