"""The file with aliases, read when the process starts. It has passwords: as secret as SECRET_KEYS.

    ["/live.ogg"]
    stream = "live"
    password = "what the source clients send"
    title = "Radio Example"

    ["/old.ogg"]
    redirect = "https://elsewhere.example.org/live.ogg"

A table of TOML for each path. `audiocast migrate` writes such a file from an Icecast server's configuration.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from audiocast.stream.keys import Visibility
from audiocast.stream.now_playing import clean_text
from audiocast.web.contract.requests import STREAM_ID
from audiocast.web.http.aliases import Alias, Aliases

# An alias takes some 100 bytes.
MAX_BYTES = 1_048_576
MAX_ALIASES = 5_000
MAX_CHARACTERS = 500

FIELDS = ("stream", "password", "title", "visibility", "redirect")

# What the first part of a path must not be: the server's own routes are below these, and are never aliases.
OWN_FOLDERS = frozenset("admin api control embed ingest listen recordings scripts static stream".split())
# Of these the path alone is the server's own.
OWN_PATHS = frozenset(
    f"/{name}"
    for name in "broadcast selftest oembed status.xsl 7.html status-json.xsl robots.txt favicon.ico".split()
)
# Drawn for any number.
ICON = re.compile(r"/icon(-square)?-[0-9]+\.png")


class BadAliases(ValueError):
    """A text that is no list of aliases; the message says what to do, and has no password in it."""


def read_aliases(path: Path | None) -> Aliases:
    """Return the aliases of a file; of none: no alias.

    Raises:
        OSError: It cannot be read.
        BadAliases: It is too large, no TOML, or has an alias that is none.
    """
    if path is None:
        return Aliases()
    with path.open("rb") as file:
        return parse_aliases(file.read(MAX_BYTES + 1))


def parse_aliases(content: bytes) -> Aliases:
    """Return the aliases of a file's content.

    Raises:
        BadAliases: See `read_aliases`.
    """
    if len(content) > MAX_BYTES:
        raise BadAliases(f"expected at most {MAX_BYTES} bytes, got more")
    try:
        tables = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise BadAliases(f"expected UTF-8, got another byte at {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadAliases(f"expected TOML as in docs/migration/icecast.md: {error}") from None
    if len(tables) > MAX_ALIASES:
        raise BadAliases(f"expected at most {MAX_ALIASES} aliases, got {len(tables)}")
    return Aliases(_alias(path, table) for path, table in tables.items())


def is_own_path(path: str) -> bool:
    """Return whether a path is, or may be, one of the server's own routes."""
    first, slash, _ = path.removeprefix("/").partition("/")
    is_below_own = bool(slash) and first in OWN_FOLDERS
    return not first or is_below_own or path.rstrip("/") in OWN_PATHS or bool(ICON.fullmatch(path))


def _alias(path: str, table: Any) -> Alias:
    where = f'["{path[:100]}"]'
    if not path.startswith("/") or len(path) > MAX_CHARACTERS or any(each in path for each in "?#\r\n\0"):
        raise BadAliases(f'{where}: expected a path like "/live.ogg", in quotes and brackets')
    if is_own_path(path):
        raise BadAliases(f"{where}: expected a path that is not one of the server's own, and it is")
    if not isinstance(table, dict) or not table.keys() <= set(FIELDS):
        raise BadAliases(f"{where}: expected only {', '.join(FIELDS)} below it")
    for name, value in table.items():
        if not isinstance(value, str) or len(value) > MAX_CHARACTERS:
            raise BadAliases(f"{where}: expected {name} in quotes, of at most {MAX_CHARACTERS} characters")
    stream_id, redirect = table.get("stream", ""), table.get("redirect", "")
    if bool(stream_id) == bool(redirect):
        raise BadAliases(f"{where}: expected either stream or redirect")
    if stream_id and not STREAM_ID.fullmatch(stream_id):
        raise BadAliases(f"{where}: expected a stream of letters, digits, - and _, at most 64")
    if redirect and not _is_url(redirect):
        raise BadAliases(f"{where}: expected a redirect to http:// or https://, without spaces")
    password = table.get("password", "")
    if redirect and password:
        raise BadAliases(f"{where}: expected no password beside a redirect, which takes no source")
    visibility = table.get("visibility")
    if visibility is not None and visibility not in list(Visibility):
        raise BadAliases(f"{where}: expected the visibility {' or '.join(Visibility)}")
    title = clean_text(table.get("title", ""))
    return Alias(path, stream_id, password, title, redirect, Visibility(visibility) if visibility else None)


def _is_url(text: str) -> bool:
    return (
        text.startswith(("http://", "https://")) and text.isascii() and text.isprintable() and " " not in text
    )
