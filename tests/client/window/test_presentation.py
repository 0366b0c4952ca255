"""What the state line says: nobody may believe that they are on air when they are not."""

import math

import pytest

from tk_streamer.engine.session import Phase
from tk_streamer.engine.station import Snapshot
from tk_streamer.trouble import Trouble
from tk_streamer.window.presentation import CLIP_MARK_SECONDS, Sight, Tone, clips, sight_of
from tk_streamer.window.words import Language, Words

NOW = 1_800_000_000.0
ON_AIR_TONES = {Tone.ON_AIR, Tone.SILENT}
# How each language says it in capitals; "NOT ON AIR" is not among it.
CLAIMS = {Language.ENGLISH: "ON AIR", Language.RUSSIAN: "В ЭФИРЕ"}


def seen(snapshot: Snapshot, language: Language = Language.ENGLISH) -> Sight:
    return sight_of(snapshot, Words(language), NOW)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("phase", Phase)
def test_only_on_air_looks_and_reads_like_on_air(phase: Phase, language: Language) -> None:
    sight = seen(Snapshot(phase), language)
    is_on_air = phase is Phase.ON_AIR
    assert (sight.tone in ON_AIR_TONES) == is_on_air
    assert sight.headline.startswith(CLAIMS[language]) == is_on_air
    assert sight.window_title.startswith(f"{Tone.ON_AIR.value.mark} {CLAIMS[language]}") == is_on_air


@pytest.mark.parametrize("language", Language)
def test_every_state_differs_in_mark_and_words_not_in_colour_alone(language: Language) -> None:
    snapshots = [Snapshot(phase) for phase in Phase if phase is not Phase.STOPPING]
    snapshots.append(Snapshot(Phase.ON_AIR, input_lost=True))
    sights = [seen(snapshot, language) for snapshot in snapshots]
    for what in (
        {sight.tone.value.mark for sight in sights},
        {sight.tone.value.background for sight in sights},
        {sight.headline for sight in sights},
    ):
        assert len(what) == len(snapshots)


@pytest.mark.parametrize("tone", Tone)
def test_colours_can_be_read(tone: Tone) -> None:
    light, dark = sorted((luminance(tone.value.background), luminance(tone.value.ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_since_when_and_for_how_long() -> None:
    detail = seen(Snapshot(Phase.ON_AIR, on_air_since=NOW - 3_725)).detail
    assert detail.endswith("for 1:02:05.")


def test_why_and_when_it_tries_again() -> None:
    trouble = Trouble.of_code("connection_refused")
    sight = seen(Snapshot(Phase.RECONNECTING, trouble=trouble, retry_in_seconds=2.1), Language.RUSSIAN)
    assert sight.headline == "НЕ В ЭФИРЕ: повтор через 3 с"
    assert sight.detail.startswith("По адресу сервера никто не отвечает.")
    assert "Ссылка останется прежней" in sight.detail


@pytest.mark.parametrize("phase", [Phase.CONNECTING, Phase.RECONNECTING])
def test_no_countdown_while_a_try_is_under_way(phase: Phase) -> None:
    trouble = Trouble.of_code("server_full")
    assert " s" not in seen(Snapshot(phase, trouble=trouble, retry_in_seconds=None)).headline.split(":")[1]
    assert seen(Snapshot(phase, trouble=trouble, retry_in_seconds=0.2)).headline.endswith("in 1 s")


def test_a_lost_microphone_is_said_although_one_is_on_air() -> None:
    trouble = Trouble.of_code("device_lost")
    sight = seen(Snapshot(Phase.ON_AIR, on_air_since=NOW, trouble=trouble, input_lost=True))
    assert sight.tone is Tone.SILENT
    assert sight.headline == "ON AIR, BUT SILENT"
    assert "Plug it in again" in sight.detail


def test_a_failure_says_the_remedy() -> None:
    sight = seen(Snapshot(Phase.FAILED, trouble=Trouble.of_code("token_refused")))
    assert "ask the server's operator for a new one" in sight.detail


def test_the_clip_mark_stays_for_a_while() -> None:
    assert not clips(Snapshot(Phase.ON_AIR), NOW)
    clipped = Snapshot(Phase.ON_AIR, clipped_at=NOW)
    assert clips(clipped, NOW + CLIP_MARK_SECONDS - 0.1)
    assert not clips(clipped, NOW + CLIP_MARK_SECONDS)


def luminance(colour: str) -> float:
    """Give the relative luminance of "#rrggbb" (WCAG 2.2)."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return math.fsum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
