"""What the state line says: nobody may believe that they are on air when they are not."""

import math

import pytest

from tk_streamer.audio.level import Level
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.trouble import Trouble
from tk_streamer.window.presentation import (
    CLIP_MARK_SECONDS,
    StateStyle,
    StateView,
    is_clipping,
    loudness_word,
    state_view,
)
from tk_streamer.window.words import Language, Words

NOW = 1_800_000_000.0
ON_AIR_STYLES = {StateStyle.ON_AIR, StateStyle.SILENT, StateStyle.MUTED}
# How each language says it in capitals; "NOT ON AIR" is not among it.
CLAIMS = {Language.ENGLISH: "ON AIR", Language.RUSSIAN: "В ЭФИРЕ"}


@pytest.mark.parametrize(
    ("lufs", "word"),
    [(-math.inf, "–"), (-30, "too quiet"), (-23.9, "good"), (-14, "good"), (-13.9, "too loud")],
)
def test_the_loudness_has_a_word(lufs: float, word: str) -> None:
    assert Words(Language.ENGLISH).phrase(loudness_word(lufs)) == word


def seen(status: BroadcastStatus, language: Language = Language.ENGLISH) -> StateView:
    return state_view(status, Words(language), NOW)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("phase", Phase)
def test_only_on_air_looks_and_reads_like_on_air(phase: Phase, language: Language) -> None:
    view = seen(BroadcastStatus(phase), language)
    is_on_air = phase is Phase.ON_AIR
    assert (view.style in ON_AIR_STYLES) == is_on_air
    assert view.headline.startswith(CLAIMS[language]) == is_on_air
    assert view.window_title.startswith(f"{StateStyle.ON_AIR.value.mark} {CLAIMS[language]}") == is_on_air


@pytest.mark.parametrize("language", Language)
def test_every_state_differs_in_mark_and_words_not_in_colour_alone(language: Language) -> None:
    statuses = [BroadcastStatus(phase) for phase in Phase if phase is not Phase.STOPPING]
    statuses.append(BroadcastStatus(Phase.ON_AIR, is_input_lost=True))
    views = [seen(status, language) for status in statuses]
    for what in (
        {view.style.value.mark for view in views},
        {view.style.value.background for view in views},
        {view.headline for view in views},
    ):
        assert len(what) == len(statuses)


@pytest.mark.parametrize("style", StateStyle)
def test_colours_can_be_read(style: StateStyle) -> None:
    light, dark = sorted((luminance(style.value.background), luminance(style.value.ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_since_when_and_for_how_long() -> None:
    detail = seen(BroadcastStatus(Phase.ON_AIR, on_air_since=NOW - 3_725)).detail
    assert detail.endswith("for 1:02:05.")


def test_why_and_when_it_tries_again() -> None:
    trouble = Trouble.of_code("connection_refused")
    view = seen(BroadcastStatus(Phase.RECONNECTING, trouble=trouble, retry_in_seconds=2.1), Language.RUSSIAN)
    assert view.headline == "НЕ В ЭФИРЕ: повтор через 3 с"
    assert view.detail.startswith("По адресу сервера никто не отвечает.")
    assert "Ссылка останется прежней" in view.detail


@pytest.mark.parametrize("phase", [Phase.CONNECTING, Phase.RECONNECTING])
def test_no_countdown_while_a_try_is_under_way(phase: Phase) -> None:
    trouble = Trouble.of_code("server_full")
    assert (
        " s"
        not in seen(BroadcastStatus(phase, trouble=trouble, retry_in_seconds=None)).headline.split(":")[1]
    )
    assert seen(BroadcastStatus(phase, trouble=trouble, retry_in_seconds=0.2)).headline.endswith("in 1 s")


def test_a_lost_microphone_is_said_although_one_is_on_air() -> None:
    trouble = Trouble.of_code("device_lost")
    view = seen(BroadcastStatus(Phase.ON_AIR, on_air_since=NOW, trouble=trouble, is_input_lost=True))
    assert view.style is StateStyle.SILENT
    assert view.headline == "ON AIR, BUT SILENT"
    assert "Plug it in again" in view.detail


def test_a_failure_says_the_remedy() -> None:
    view = seen(BroadcastStatus(Phase.FAILED, trouble=Trouble.of_code("token_refused")))
    assert "ask the server's operator for a new one" in view.detail


def test_the_clip_mark_stays_for_a_while() -> None:
    assert not is_clipping(BroadcastStatus(Phase.ON_AIR), NOW)
    clipped = BroadcastStatus(Phase.ON_AIR, level=Level(clipped_at=NOW))
    assert is_clipping(clipped, NOW + CLIP_MARK_SECONDS - 0.1)
    assert not is_clipping(clipped, NOW + CLIP_MARK_SECONDS)


def luminance(colour: str) -> float:
    """Return the relative luminance of "#rrggbb" (WCAG 2.2)."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return math.fsum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("is_input_lost", [True, False])
def test_muted_on_air_is_said_and_looks_other_than_on_air(language: Language, is_input_lost: bool) -> None:
    status = BroadcastStatus(Phase.ON_AIR, on_air_since=NOW - 60, is_muted=True, is_input_lost=is_input_lost)
    view = seen(status, language)
    assert view.style is StateStyle.MUTED
    assert view.headline.startswith(CLAIMS[language])
    assert view.headline != seen(BroadcastStatus(Phase.ON_AIR, on_air_since=NOW), language).headline
    assert seen(BroadcastStatus(Phase.RECONNECTING, is_muted=True), language).style is StateStyle.AWAY


def test_after_the_end_it_says_how_the_broadcast_was() -> None:
    was = seen(BroadcastStatus(Phase.STOPPED, aired_seconds=3_723.4, listener_peak=12)).detail
    assert was.startswith("It was on for 1:02:03. Most listeners at once: 12. ")
    assert "listeners" not in seen(BroadcastStatus(Phase.STOPPED, aired_seconds=5)).detail
    assert seen(BroadcastStatus(Phase.STOPPED)).detail == (
        "Nobody hears you. Look at the level, then press “Start streaming”."
    )
