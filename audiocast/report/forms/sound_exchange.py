"""A report of use in the columns that SoundExchange takes, for a service that counts its performances.

The fields are those that it asks for (soundexchange.com/service-provider/reporting-requirements): service,
category of transmission, featured artist, title, ISRC or else album and label, and actual total performances.
They stand between pipes, which stands in no text of SoundExchange's that was at hand.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from audiocast.report.plays import Recording
from audiocast.report.result import ReportResult
from audiocast.stream.now_playing import clean_text

COLUMNS = (
    "NAME_OF_SERVICE",
    "TRANSMISSION_CATEGORY",
    "FEATURED_ARTIST",
    "SOUND_RECORDING_TITLE",
    "ISRC",
    "ALBUM_TITLE",
    "MARKETING_LABEL",
    "ACTUAL_TOTAL_PERFORMANCES",
)

# Of a field in the file, as the rule has it for texts.
_MAX_CHARACTERS = 255

# What parts fields, and what parts texts, in files without a head of fourteen rows.
_DELIMITERS = str.maketrans("|^", "  ")


class CatalogueEntry(NamedTuple):
    """What a station knows of a recording, and a stream's titles do not tell."""

    isrc: str = ""
    album: str = ""
    label: str = ""


class BadCatalogue(ValueError):
    """A catalogue has not the columns that it needs, or is no CSV."""


Catalogue = Mapping[Recording, CatalogueEntry]


def read_catalogue(path: Path) -> Catalogue:
    """Return the entries of a CSV file that has the columns for them, and for artist and title.

    Raises:
        OSError: It cannot be read.
        BadCatalogue: It is not such a file.
    """
    entries = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if not {"FEATURED_ARTIST", "SOUND_RECORDING_TITLE"} <= set(rows.fieldnames or ()):
                raise BadCatalogue(
                    f"{path}: expected FEATURED_ARTIST and SOUND_RECORDING_TITLE in its first line"
                )
            for row in rows:
                entries[_recording(row["FEATURED_ARTIST"] or "", row["SOUND_RECORDING_TITLE"] or "")] = (
                    CatalogueEntry(
                        row.get("ISRC") or "", row.get("ALBUM_TITLE") or "", row.get("MARKETING_LABEL") or ""
                    )
                )
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadCatalogue(f"{path}: {error}") from error
    return entries


def sound_exchange_text(
    result: ReportResult, *, service: str, category: str, catalogue: Catalogue | None = None
) -> str:
    """Return the report of use: a line of column names, then one for each recording that was heard.

    Args:
        result: With performances.
        service: The name of the service, as SoundExchange knows it.
        category: The code of its category of transmission, a letter from A to K.
        catalogue: What is known of recordings; a recording that is not in it has these fields empty.
    """
    lines = ["|".join(COLUMNS)]
    for row in result.performances:
        entry = (catalogue or {}).get(_recording(row.artist, row.title), CatalogueEntry())
        fields = [service, category, row.artist, row.title, *entry]
        lines.append("|".join([*map(_field, fields), str(row.performances)]))
    return "\r\n".join(lines) + "\r\n"


def _recording(artist: str, title: str) -> Recording:
    return clean_text(artist).casefold(), clean_text(title).casefold()


def _field(text: str) -> str:
    return clean_text(text.translate(_DELIMITERS), _MAX_CHARACTERS)
