"""`audiocast migrate`: reads a configuration, writes files, returns the report."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from audiocast.migrate.output import (
    ALIASES_FILE,
    KEYS_FILE,
    SETTINGS_FILE,
    FilesExist,
    aliases_text,
    keys_text,
    report,
    settings_text,
    write_files,
)
from audiocast.migrate.translation import PLAIN_VALUE, BadConfiguration, Translation, translate
from audiocast.migrate.xml_elements import MAX_BYTES, BadXml, parse_xml

# As much as 32 bytes of chance.
SECRET_BYTES = 32


class MigrationFailed(Exception):
    """Nothing was written; the message is a line for people."""


def migrate(configuration: str, *, folder: str, mounts: Sequence[str], force: bool) -> str:
    """Write settings, aliases and keys; return the report.

    Args:
        configuration: Path of Icecast's.
        folder: Where to write.
        mounts: See `translate`.
        force: See `write_files`.

    Raises:
        MigrationFailed: The file cannot be used, or something is there already.
    """
    target, source = Path(folder).absolute(), Path(configuration)
    if not PLAIN_VALUE.fullmatch(str(target)):
        raise MigrationFailed(f"expected a folder whose name has no spaces, got {target}: name one by --to")
    translation, encoding = _read(source, mounts)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    settings = {
        "SECRET_KEYS": secret,
        "API_TOKENS": secrets.token_urlsafe(SECRET_BYTES),
        **({"ALIASES_FILE": str(target / ALIASES_FILE)} if translation.aliases else {}),
        **translation.settings,
    }
    texts = {
        SETTINGS_FILE: settings_text(settings),
        ALIASES_FILE: aliases_text(translation.aliases),
        KEYS_FILE: keys_text(translation.aliases, secret),
    }
    try:
        write_files(target, texts, force=force)
    except FilesExist as error:
        raise MigrationFailed(str(error)) from None
    except OSError as error:
        raise MigrationFailed(f"cannot write to {target}: {error.strerror}; name another by --to") from None
    lines = [report(translation.notes, source=source.name)]
    if encoding:
        lines.append(
            f"The file has another encoding than it says, and was read as {encoding}: look at titles."
        )
    lines.append(f"Written for their owner alone to {target}: {', '.join(texts)}.")
    return "\n\n".join(lines)


def _read(path: Path, mounts: Sequence[str]) -> tuple[Translation, str]:
    try:
        with path.open("rb") as file:
            root, encoding = parse_xml(file.read(MAX_BYTES + 1))
        return translate(root, mounts=mounts), encoding
    except OSError as error:
        raise MigrationFailed(f"cannot read {path}: {error.strerror}") from None
    except (BadXml, BadConfiguration) as error:
        raise MigrationFailed(f"{path}: {error}") from None
