"""The documents promise only what is there: targets of make, links, files, settings."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.repo import tree

DOCUMENTS = [tree.name(path) for path in tree.files("*.md")]
SETTINGS_DOCUMENTS = ["README.md", "README.ru.md"]


def read(document: str) -> str:
    return (tree.ROOT / document).read_text()


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*):(?!=)", read("Makefile"), re.MULTILINE))


def code(markdown: str) -> list[str]:
    """Give the blocks and spans of code in a document."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL)
    without_blocks = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", without_blocks)


def anchors(markdown: str) -> set[str]:
    """Give the names of a document's headings as hosts of Markdown make them."""
    without_blocks = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", without_blocks, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(markdown: str) -> list[str]:
    without_blocks = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", without_blocks)


def test_there_are_documents() -> None:
    assert {"README.md", "README.ru.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= set(
        DOCUMENTS
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_target_of_make_is_one(document: str) -> None:
    named = {
        target
        for snippet in code(read(document))
        for targets in re.findall(r"(?:^|[;&|(] *)make((?: +[a-z][a-z0-9-]*)+)", snippet, re.MULTILINE)
        for target in targets.split()
    }
    assert named - make_targets() == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_inside_leads_somewhere(document: str) -> None:
    missing = []
    for link in links(read(document)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (tree.ROOT / document).parent / path if path else tree.ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            missing.append(link)
    assert missing == []


def test_make_help_lists_every_command() -> None:
    helped = set(re.findall(r"^([a-z][a-z0-9-]*):.*## ", read("Makefile"), re.MULTILINE))
    # What is not listed is a step of a command that is.
    assert make_targets() - helped == {"lint", "suite", "soak", "debian-packages"}
    assert {"help", "run", "test", "check"} <= helped


@pytest.mark.parametrize("document", SETTINGS_DOCUMENTS)
def test_the_settings_table_is_that_of_the_settings(document: str, tmp_path: Path) -> None:
    copy = tmp_path / document
    copy.write_text(read(document))
    script = tree.ROOT / "cmd" / "settings_table.py"
    done = subprocess.run([sys.executable, script, copy], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert read(document) == copy.read_text(), f"make it again: python cmd/settings_table.py {document}"
