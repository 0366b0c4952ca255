"""What a migration writes, for its owner: settings, aliases and keys; and its report, without a secret."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from audiocast.migrate.configuration import Note
from audiocast.stream.keys import Claims, Keys
from audiocast.web.http.aliases import Alias

SETTINGS_FILE = "audiocast.env"
ALIASES_FILE = "aliases.toml"
KEYS_FILE = "keys.txt"

# These files have secrets.
MODE = 0o600
FOLDER_MODE = 0o700

SECRET_LINE = "# Made by audiocast migrate. It has secrets: mode 0600, and in no repository.\n"

HEADINGS = {
    "open": "To do, or without a counterpart:",
    "done": "Carried over:",
    "same": "Nothing to do:",
}


class FilesExist(Exception):
    """A file is there already; the message says which, and what to do."""


def settings_text(settings: Mapping[str, str]) -> str:
    """Return a file of variables, as systemd and shells read it."""
    return SECRET_LINE + "".join(f"{name}={value}\n" for name, value in settings.items())


def aliases_text(aliases: Iterable[Alias]) -> str:
    """Return a file with aliases."""
    tables = []
    for alias in aliases:
        fields = {
            "stream": alias.stream_id,
            "password": alias.password,
            "title": alias.title,
            "visibility": alias.visibility or "",
            "redirect": alias.redirect,
        }
        lines = [f"{name} = {_quoted(value)}\n" for name, value in fields.items() if value]
        tables.append(f"\n[{_quoted(alias.path)}]\n{''.join(lines)}")
    return SECRET_LINE + "".join(tables)


def keys_text(aliases: Iterable[Alias], secret: str) -> str:
    """Return the key of each stream, for source clients that are set up anew.

    Args:
        aliases: Of the streams.
        secret: That keys are made with.
    """
    keys = Keys([secret])
    claims: dict[str, Claims] = {}
    for alias in aliases:
        claims.setdefault(alias.stream_id, alias.claims)
    text = SECRET_LINE
    for stream_id, claimed in claims.items():
        key = keys.make(stream_id, claimed)
        text += f"\nstream {stream_id}: mount /ingest/{stream_id}, password\n{key}\n"
    return text


def write_files(folder: Path, texts: Mapping[str, str], *, force: bool) -> None:
    """Write files for their owner alone; either all of them or, where one is there already, none.

    Args:
        folder: Made if it is not there.
        texts: By the names of the files.
        force: Replace what is there.

    Raises:
        FilesExist: One is there, and `force` does not say to replace it.
        OSError: One cannot be written.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    there = [name for name in texts if os.path.lexists(folder / name)]
    if there and not force:
        raise FilesExist(f"{folder / there[0]} is there already: name another folder by --to, or use --force")
    for name, text in texts.items():
        # Replaced as a whole, so that a link that stands there is not followed and nobody reads a half.
        new = folder / f".{name}.new"
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(folder / name)


def report(notes: Sequence[Note], *, source: str) -> str:
    """Return what became of each element, by its line; what somebody has to do comes first.

    Args:
        notes: In the order of their lines.
        source: Name of the configuration's file.
    """
    parts = []
    for kind, heading in HEADINGS.items():
        of_kind = [note for note in notes if note.kind == kind]
        if of_kind:
            rows = [f"  {_where(note, source)}  <{note.element}>: {note.text}" for note in of_kind]
            parts.append("\n".join([heading, *rows]))
    return _printable("\n\n".join(parts))


def _where(note: Note, source: str) -> str:
    return f"{source}:{note.line}" if note.line else source


def _printable(text: str) -> str:
    """Return a text that moves no cursor of a terminal, whatever a configuration has in it."""
    return "".join(each if each == "\n" or each.isprintable() else "?" for each in text)


def _quoted(text: str) -> str:
    # A basic string of TOML is one of JSON, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
