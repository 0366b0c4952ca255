"""The words of the window: both languages say the same things, with the same places in them."""

import re
import string
from collections.abc import Mapping

import pytest

from tk_streamer.trouble import EXPLANATIONS, Trouble
from tk_streamer.window.phrases import ENGLISH, RUSSIAN
from tk_streamer.window.russian_troubles import RUSSIAN_TROUBLES
from tk_streamer.window.words import Language, Words, duration

EN, RU = Words(Language.ENGLISH), Words(Language.RUSSIAN)

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)

# Signs and places have no language; the button with the other language's name is in that one.
WITHOUT_LANGUAGE = {"figures.unknown", "figures.sent.value", "level.loudness.silent"}
OTHER_LANGUAGE = {"language.other"}


def places(phrases: Mapping[str, str]) -> dict[str, set[str]]:
    """Return the names of the places in each phrase."""
    return {
        key: {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}
        for key, phrase in phrases.items()
    }


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    assert places(ENGLISH) == places(RUSSIAN)


def test_no_phrase_was_left_in_the_other_language() -> None:
    assert {key for key in RUSSIAN if not CYRILLIC.search(RUSSIAN[key])} == WITHOUT_LANGUAGE | OTHER_LANGUAGE
    assert {key for key in ENGLISH if CYRILLIC.search(ENGLISH[key])} == OTHER_LANGUAGE


def test_every_trouble_has_russian_words_and_a_remedy_where_the_english_has_one() -> None:
    assert RUSSIAN_TROUBLES.keys() == EXPLANATIONS.keys()
    unlike = [
        code for code, each in EXPLANATIONS.items() if bool(each.remedy) != bool(RUSSIAN_TROUBLES[code][1])
    ]
    assert unlike == []


def test_what_has_to_be_typed_is_the_same_in_both_languages() -> None:
    codes = [code for code, each in EXPLANATIONS.items() if "sudo apt install" in each.remedy]
    assert codes
    for code in codes:
        command = EXPLANATIONS[code].remedy.partition("sudo apt install ")[2].split(")")[0]
        assert f"sudo apt install {command}" in RUSSIAN_TROUBLES[code][1]


def test_a_trouble_is_said_with_its_remedy() -> None:
    trouble = Trouble.of_code("no_portaudio", "libportaudio.so.2: cannot open shared object file")
    assert EN.trouble(trouble).endswith("Install it: sudo apt install libportaudio2")
    assert RU.trouble(trouble).endswith("Установите её: sudo apt install libportaudio2")
    assert "libportaudio.so.2" not in EN.trouble(trouble)


def test_a_fault_of_the_program_is_said_with_its_details() -> None:
    assert "(division by zero)" in RU.trouble(Trouble.of_code("unexpected", "division by zero"))


def test_a_trouble_of_a_later_engine_is_said_in_its_own_words() -> None:
    assert RU.trouble(Trouble("new_code", "Something new.", "Do this.")) == "Something new. Do this."


@pytest.mark.parametrize(
    ("size_bytes", "english", "russian"),
    [
        (0, "0 B", "0 Б"),
        (999, "999 B", "999 Б"),
        (1_000, "1.0 kB", "1,0 кБ"),
        (8_412_345, "8.4 MB", "8,4 МБ"),
        (1_234_567_890, "1.23 GB", "1,23 ГБ"),
        (5_000_000_000_000, "5000.00 GB", "5000,00 ГБ"),
    ],
)
def test_sizes(size_bytes: int, english: str, russian: str) -> None:
    assert EN.size(size_bytes) == english
    assert RU.size(size_bytes) == russian


def test_times() -> None:
    assert [duration(seconds) for seconds in (0, 59.9, 3_600, 90_061)] == [
        "0:00:00",
        "0:00:59",
        "1:00:00",
        "25:01:01",
    ]
    assert RU.seconds(2.5) == "2,5 с"


@pytest.mark.parametrize(
    ("locale_name", "language"),
    [
        ("ru_RU", Language.RUSSIAN),
        ("Russian_Russia", Language.RUSSIAN),
        ("en_GB", Language.ENGLISH),
        (None, Language.ENGLISH),
    ],
)
def test_the_language_of_the_system(
    monkeypatch: pytest.MonkeyPatch, locale_name: str | None, language: Language
) -> None:
    monkeypatch.setattr("locale.getlocale", lambda: (locale_name, "UTF-8"))
    assert Language.of_system() is language
