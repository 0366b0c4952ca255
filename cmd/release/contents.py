"""What a release is: its version, the folder that it is built into, the registry of its images."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVER, OPERATOR = "audiocast", "audiocast-operator"

MOST_LINES = 20


class NotBuilt(Exception):
    """This machine lacks what a part of a release is built with; the message says what."""


class BuildFailed(Exception):
    """A program that builds a part has failed; the message has its last lines."""


@dataclass(frozen=True)
class Release:
    """A release.

    Attributes:
        version: Of server, client, operator and charts.
        output: Folder that everything is built into.
        registry: Host and path that the names of images begin with, as in `registry.example.org/team`.
            Empty: the images have no registry, and are found only where they were built or loaded.
        built_at: Seconds since 1970 that files of packages have as their time, so that equal sources make
            equal files.
    """

    version: str
    output: Path
    registry: str
    built_at: int

    def repository(self, image: str) -> str:
        """Return the name of an image with its registry and without a tag."""
        return f"{self.registry}/{image}" if self.registry else image

    def folder(self, name: str) -> Path:
        """Return a folder of the release; it is there and empty of what an earlier build has left."""
        path = self.output / name
        path.mkdir(parents=True, exist_ok=True)
        for old in path.iterdir():
            old.unlink()
        return path


def version_of(root: Path) -> str:
    """Return the version that the sources say they are."""
    found = re.search(
        r'^__version__ = "(.+)"$', (root / "audiocast" / "__init__.py").read_text(), re.MULTILINE
    )
    if found is None:
        raise BuildFailed("expected a __version__ in audiocast/__init__.py, found none")
    return found[1]


def committed_at(root: Path) -> int:
    """Return when the sources were committed, seconds since 1970; without git, the age of CHANGELOG.md."""
    try:
        done = subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=root, capture_output=True, text=True, check=True
        )
        return int(done.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return int((root / "CHANGELOG.md").stat().st_mtime)


def run(command: list[str], *, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> str:
    """Run a program; return what it has printed.

    Raises:
        BuildFailed: It could not be started, or did not end with 0.
    """
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        raise BuildFailed(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        last = "\n".join(done.stdout.strip().splitlines()[-MOST_LINES:])
        raise BuildFailed(f"{' '.join(command[:4])} … ended with {done.returncode}:\n{last}")
    return done.stdout
