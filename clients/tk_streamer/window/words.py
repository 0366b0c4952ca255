"""The window's language: finds phrases, fills them in, writes numbers and times. No Tk."""

import locale
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from tk_streamer.trouble import Trouble
from tk_streamer.window.phrases import ENGLISH, RUSSIAN
from tk_streamer.window.russian_troubles import RUSSIAN_TROUBLES

BYTES_PER_STEP = 1_000

# Troubles whose message tells too little without the detail.
_CODES_WITH_DETAIL = frozenset(
    {"unexpected", "refused", "other_format", "encoder_failed", "copy_failed", "device_failed"}
)


class Language(StrEnum):
    """A language of the window."""

    ENGLISH = "en"
    RUSSIAN = "ru"

    @classmethod
    def of_system(cls) -> "Language":
        """Return Russian if the system's locale is Russian ("ru_RU", "Russian_Russia"), else English."""
        name = locale.getlocale()[0] or ""
        return cls.RUSSIAN if name.lower().startswith("ru") else cls.ENGLISH


_PHRASES: Mapping[Language, Mapping[str, str]] = {Language.ENGLISH: ENGLISH, Language.RUSSIAN: RUSSIAN}


class Words:
    """The phrases, numbers and times of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._phrases = _PHRASES[language]

    def phrase(self, key: str, **places: str | int) -> str:
        """Return a phrase with its `{places}` filled in.

        Raises:
            KeyError: There is no such phrase, or a value for one of its places is missing.
        """
        return self._phrases[key].format(**places)

    def trouble(self, trouble: Trouble) -> str:
        """Return message and remedy of a trouble; in English if there is no Russian text.

        The detail is left out where it adds nothing for the user.
        """
        message, remedy = trouble.message, trouble.remedy
        if self.language is Language.RUSSIAN:
            message, remedy = RUSSIAN_TROUBLES.get(trouble.code, (message, remedy))
        detail = f"({trouble.detail})" if trouble.code in _CODES_WITH_DETAIL and trouble.detail else ""
        return " ".join(filter(None, (message, detail, remedy)))

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number as text; Russian has a comma before the decimals."""
        text = f"{value:.{decimals}f}"
        return text.replace(".", ",") if self.language is Language.RUSSIAN else text

    def size(self, size_bytes: int) -> str:
        """Return a number of bytes as text, in the largest unit that leaves at least 1."""
        value = float(size_bytes)
        for unit in ("unit.bytes", "unit.kilobytes", "unit.megabytes"):
            if value < BYTES_PER_STEP:
                return f"{self.number(value, 0 if unit == 'unit.bytes' else 1)} {self.phrase(unit)}"
            value /= BYTES_PER_STEP
        return f"{self.number(value, 2)} {self.phrase('unit.gigabytes')}"

    def seconds(self, seconds: float, decimals: int = 1) -> str:
        """Return a short time as text: "2.5 s"."""
        return f"{self.number(seconds, decimals)} {self.phrase('unit.seconds')}"


def duration(seconds: float) -> str:
    """Return a long time as text, h:mm:ss in every language."""
    minutes, rest_seconds = divmod(int(seconds), 60)
    hours, rest_minutes = divmod(minutes, 60)
    return f"{hours}:{rest_minutes:02}:{rest_seconds:02}"


def time_of_day(unix_seconds: float) -> str:
    """Return a moment as local time, HH:MM:SS."""
    return datetime.fromtimestamp(unix_seconds).strftime("%H:%M:%S")
