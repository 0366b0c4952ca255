"""Ids of streams from mounts: /live.ogg is the stream live."""

import re
import unicodedata
from collections.abc import Container

MAX_CHARACTERS = 64

_EXTENSION = re.compile(r"\.(ogg|oga|opus|mp3|aac|aacp|flac|webm)$", re.IGNORECASE)
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")

# Room for "-" and a number behind a name.
_NUMBER_CHARACTERS = 6


def stream_id_of(mount: str, taken: Container[str]) -> str:
    """Return an id for a mount's stream that is not taken: its name, else with its extension, else numbered.

    Args:
        mount: Any text.
        taken: Ids of other streams.
    """
    name = mount.strip("/")
    plain = _plain(_EXTENSION.sub("", name)) or "stream"
    for candidate in (plain, _plain(name)):
        if candidate and candidate not in taken:
            return candidate
    number = 2
    while (candidate := f"{plain[: MAX_CHARACTERS - _NUMBER_CHARACTERS]}-{number}") in taken:
        number += 1
    return candidate


def is_other_format(mount: str) -> bool:
    """Return whether the name of a mount says that it was no Ogg."""
    return re.search(r"\.(mp3|aac|aacp|webm|nsv)$", mount, re.IGNORECASE) is not None


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return _OTHER.sub("-", letters).strip("-_")[:MAX_CHARACTERS]
