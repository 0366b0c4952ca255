"""Commit messages have the form that CONTRIBUTING.md asks for, in each commit after this file's own.

The check only reads git's history. A release archive has none, a shallow clone has a part of it.
"""

import re
import subprocess
from dataclasses import dataclass

import pytest

from tests.repo import tree

HERE = "tests/repo/test_commits.py"
MOST_CHARACTERS = 72
SUBJECT = re.compile(r"[a-z0-9][a-z0-9 ,./-]*: \S")
# Folders for what a session throws away are paths of a machine too, in a message.
MACHINE_PATH = re.compile(rf"{tree.MACHINE_PATH}|(?<![\w.\-/])/tmp/\w")


@dataclass(frozen=True)
class Commit:
    """One commit.

    Attributes:
        name: Short hash.
        is_merge: It has more than one parent.
        message: Subject, and what follows it.
    """

    name: str
    is_merge: bool
    message: str

    def faults(self) -> list[str]:
        """Return what is wrong with the message."""
        subject, _, body = self.message.strip().partition("\n")
        found = []
        if not SUBJECT.match(subject):
            found.append("the subject is not 'area: what changes'")
        if len(subject) > MOST_CHARACTERS:
            found.append(f"the subject has {len(subject)} characters, more than {MOST_CHARACTERS}")
        if not self.is_merge and not body.strip():
            found.append("no body says why")
        if body.strip() and not body.startswith("\n"):
            found.append("no blank line follows the subject")
        if MACHINE_PATH.search(self.message):
            found.append("it holds a path of one machine")
        return [f"{self.name} {subject[:MOST_CHARACTERS]!r}: {fault}" for fault in found]


def git(*arguments: str) -> str | None:
    """Return what git prints; None when git, or a repository that is this tree's own, is missing."""
    if not (tree.ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=tree.ROOT, capture_output=True, text=True, check=True, timeout=180
        )
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"git {arguments[0]}: {getattr(error, 'stderr', '') or error}")
        return None
    return done.stdout


def commits_to_check() -> list[Commit]:
    """Return the commits that come after the first one with this file, oldest first.

    Without a history the list is empty, and a line on standard output says so.
    """
    added = git("log", "--diff-filter=A", "--format=%H", "--", HERE)
    if not added:
        print("No history to look at: a release archive, or this file is in no commit yet.")
        return []
    if git("rev-parse", "--is-shallow-repository") != "false\n":
        print("The history is shallow: only the commits that are here are looked at.")
    log = git(
        "log", "--reverse", "--ancestry-path", "--format=%h%x1f%P%x1f%B%x1e", f"{added.split()[-1]}..HEAD"
    )
    fields = [entry.strip().split("\x1f") for entry in (log or "").split("\x1e") if entry.strip()]
    return [Commit(name, " " in parents, message) for name, parents, message in fields]


def test_every_commit_says_where_what_and_why() -> None:
    faults = [fault for commit in commits_to_check() for fault in commit.faults()]
    assert faults == []


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("Shorter\n\nIt was long.\n", "the subject is not 'area: what changes'"),
        ("Docs: an index\n\nThere was none.\n", "the subject is not 'area: what changes'"),
        (f"docs: {'a' * 67}\n\nThere was none.\n", "the subject has 73 characters, more than 72"),
        ("docs: an index\n", "no body says why"),
        ("docs: an index\nThere was none.\n", "no blank line follows the subject"),
        ("docs: an index\n\nFound in {}/main.\n".format("/work"), "it holds a path of one machine"),
        ("docs: an index of {}/wt\n\nThere was none.\n".format("/tmp"), "it holds a path of one machine"),
    ],
)
def test_a_message_of_another_form_is_found(message: str, fault: str) -> None:
    faults = Commit("0", False, message).faults()
    assert len(faults) == 1
    assert faults[0].endswith(fault)


@pytest.mark.parametrize(
    ("message", "is_merge"),
    [
        ("docs: an index\n\nThere was none.\n", False),
        ("stream, web: one word for a source's identity\n\nThere were two.\n\nMore.", False),
        ("docs: merge the index\n", True),
    ],
)
def test_a_message_of_the_right_form_has_no_fault(message: str, is_merge: bool) -> None:
    assert Commit("0", is_merge, message).faults() == []
