"""What the listener's page says before its script runs."""

from typing import Any

import pytest

from audiocast.web.pages.first_words import FirstWords, title_length

NOW = 1_801_422_000.0


def words(*, is_known: bool = True, **fields: Any) -> FirstWords:
    state = {
        "title": "Evening",
        "state": "live",
        "started_at": NOW - 90,
        "listeners": 2,
        "now_playing": {"title": "Song", "artist": "Band"},
        "last_broadcast": None,
        "starts_at": None,
        "muted": False,
        **fields,
    }
    return FirstWords.of(state, is_known=is_known, now=NOW)


def test_of_what_is_on() -> None:
    said = words()
    assert (said.heading, said.status, said.listeners, said.on_air_for, said.track, said.note) == (
        "Evening",
        "Live",
        "2 listeners",
        "1 min",
        "Band — Song",
        "",
    )


@pytest.mark.parametrize(("count", "text"), [(0, ""), (1, "1 listener"), (21, "21 listeners")])
def test_nobody_is_told_that_nobody_listens(count: int, text: str) -> None:
    assert words(listeners=count).listeners == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, ""), (59, ""), (60, "1 min"), (3_600, "1 h 0 min"), (90_061, "25 h 1 min")]
)
def test_how_long_it_has_been_on(seconds: float, text: str) -> None:
    assert words(started_at=NOW - seconds).on_air_for == text


def test_what_is_not_on_says_what_the_button_does() -> None:
    waiting = words(state="waiting", started_at=None)
    assert (waiting.listeners, waiting.track, waiting.on_air_for) == ("", "", "")
    assert (waiting.action, waiting.note) == ("Play when it begins", "Nobody is broadcasting right now.")
    assert words(state="ended", started_at=None).action == "Play if it comes back"


def test_a_start_that_was_told_stands_for_the_note() -> None:
    said = words(state="waiting", started_at=None, starts_at=NOW)
    assert (said.when, said.note) == ("Starts Sun, 31 Jan, 19:00 UTC", "")


def test_what_is_over_says_when_it_was() -> None:
    said = words(state="ended", last_broadcast={"started_at": NOW - 3_600, "ended_at": NOW})
    assert said.when == "Was on air Sun, 31 Jan, 18:00 to Sun, 31 Jan, 19:00 UTC"


def test_an_unknown_link_and_a_stream_without_a_title_are_not_the_same() -> None:
    unknown = words(title="", state="waiting", is_known=False)
    assert unknown.heading == "We do not know this link"
    assert "cut short" in unknown.note
    assert words(title="").heading == "Untitled broadcast"


def test_a_muted_stream_says_so() -> None:
    assert words(muted=True).note.startswith("Back in a moment")


@pytest.mark.parametrize(
    ("characters", "length"), [(1, "short"), (20, "short"), (21, "medium"), (60, "medium"), (61, "long")]
)
def test_titles_have_three_sizes(characters: int, length: str) -> None:
    assert title_length("я" * characters) == length
