"""Where secrets come from: the environment, or files in a folder. Never the command line."""

import os
from collections.abc import Sequence
from pathlib import Path

from pydantic_settings import SettingsError

MIN_SECRET_CHARACTERS = 16

# Everybody on a machine can read the command lines of its processes.
SECRET_OPTIONS = ("--secret-keys", "--api-tokens")

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


def secrets_folder() -> Path | None:
    """Return the folder with secrets as files; None: there is none.

    Raises:
        SettingsError: It is no folder.
    """
    folder = os.environ.get(SECRETS_DIR)
    if folder and not Path(folder).is_dir():
        raise SettingsError(f"{SECRETS_DIR}: expected a folder, got {folder[:100]!r}")
    return Path(folder) if folder else None
