"""The repository's own files, found without git: a release archive has the same promises to keep."""

import fnmatch
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Neither a file nor a commit message may hold one.
MACHINE_PATH = r"(?<![\w.\-/])/(?:root|work|Users)/|(?<![\w.\-/])/home/\w|\b[C-Z]:\\\\"


def files(*patterns: str, under: str = ".") -> list[Path]:
    """Give the files that belong to the repository, sorted.

    Args:
        patterns: What a file's name may look like, as in `*.py`; none: all of them.
        under: Folder to look in, from the top of the repository.
    """
    return sorted(
        path
        for path in _walked(ROOT / under)
        if not patterns or any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
    )


def name(path: Path) -> str:
    """Give a file's path from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str | None:
    """Give a file's text; None for pictures and the like."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@cache
def _walked(top: Path) -> list[Path]:
    """Nobody adds a file while tests run."""
    return list(_walk(top))


def _walk(top: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(top):
        subfolders[:] = [each for each in subfolders if each != ".git" and not _ignored(each)]
        yield from (Path(folder, each) for each in names if each != ".git" and not _ignored(each))


def _ignored(file_name: str) -> bool:
    return any(fnmatch.fnmatch(file_name, pattern) for pattern in _IGNORE_PATTERNS)


# Names only, with no folder in them: test_text holds .gitignore to that.
_IGNORE_PATTERNS = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
