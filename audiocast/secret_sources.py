"""Where secrets come from: the environment, or files in a folder. Never the command line."""

import os
from collections.abc import Container, Sequence
from pathlib import Path

from pydantic_settings import SettingsError

MIN_SECRET_CHARACTERS = 16

# Everybody on a machine can read the command lines of its processes.
SECRET_OPTIONS = ("--secret-keys", "--api-tokens", "--auth-hook-token", "--webhook-urls", "--webhook-secrets")

# Variable with the name of a folder that has secrets as files, as Kubernetes mounts them.
SECRETS_DIR = "SECRETS_DIR"


def refuse_secret_options(arguments: Sequence[str]) -> None:
    """Refuse a command line with an option that is a secret's, also a shortened one.

    Raises:
        SettingsError: It has one; the message has no value.
    """
    for argument in arguments:
        option = argument.partition("=")[0].replace("_", "-")
        for secret in SECRET_OPTIONS:
            if len(option) > len("--") and secret.startswith(option):
                name = secret.removeprefix("--").replace("-", "_").upper()
                raise SettingsError(
                    f"{secret}: expected no secret on the command line, which everybody on this machine can "
                    f"read; set {name} in the environment, or put a file {name} into the folder that "
                    f"{SECRETS_DIR} names"
                )


def secrets_folder(names: Container[str]) -> Path | None:
    """Return the folder with secrets as files; None: there is none.

    Args:
        names: Of settings, in small letters: a file may be called like any of them.

    Raises:
        SettingsError: It is no folder, or a setting in it cannot be read.
    """
    folder = os.environ.get(SECRETS_DIR)
    if folder and not Path(folder).is_dir():
        raise SettingsError(f"{SECRETS_DIR}: expected a folder, got {folder[:100]!r}")
    if not folder:
        return None
    try:
        for path in sorted(Path(folder).iterdir()):
            if path.name.lower() in names:
                _check_file(path)
    except OSError as error:
        raise SettingsError(f"{SECRETS_DIR}: cannot read {error.filename}: {error.strerror}") from None
    return Path(folder)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise SettingsError(f"{SECRETS_DIR}: expected {path} to be a file, it is a folder")
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        raise SettingsError(f"{SECRETS_DIR}: expected UTF-8 in {path}") from None
