"""The documents promise only what is there: targets of make, links, files, settings."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.repo import tree

DOCUMENTS = [tree.name(path) for path in tree.files("*.md")]
SETTINGS_DOCUMENTS = ["docs/settings.md"]
INDEX = "docs/README.md"
MOST_README_LINES = 120


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
    found = re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", without_blocks)
    return [link or picture for link, picture in found]


def groups(index: str) -> dict[str, list[str]]:
    """Return the documents that each group of the index links to, by paths from docs/."""
    sections = re.split(r"^## (.+)$", index, flags=re.MULTILINE)[1:]
    return {
        title: [link for link in links(text) if link.endswith(".md") and not link.startswith("..")]
        for title, text in zip(sections[::2], sections[1::2], strict=True)
    }


def test_there_are_documents() -> None:
    wanted = {
        "README.md",
        "README.ru.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
    }
    assert wanted <= set(DOCUMENTS)


def test_the_front_door_is_short() -> None:
    assert len(read("README.md").splitlines()) <= MOST_README_LINES


def test_every_document_stands_in_one_group_of_the_index() -> None:
    indexed = groups(read(INDEX))
    assert list(indexed) == ["Start", "Operate", "Reference", "How it works"]
    documents = {name.removeprefix("docs/") for name in DOCUMENTS if name.startswith("docs/")}
    assert sorted(link for group in indexed.values() for link in group) == sorted(documents - {"README.md"})


def test_the_pages_of_the_start_exist_in_russian_too() -> None:
    start = groups(read(INDEX))["Start"]
    english = [link for link in start if not link.startswith("ru/")]
    assert english
    assert sorted(start) == sorted([*english, *(f"ru/{link}" for link in english)])


def test_the_changes_have_a_section_for_the_version_that_this_is() -> None:
    version = re.search(r'^__version__ = "(.+)"$', read("audiocast/__init__.py"), re.MULTILINE)
    assert version
    sections = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert sections[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(version[1])} - \d{{4}}-\d\d-\d\d", sections[1])


def test_every_route_of_the_public_port_is_in_the_api() -> None:
    source = read("audiocast/web/routes.py")
    source = source[source.index("def public_application") : source.index("def internal_application")]
    patterns = re.findall(r'^ +\(r"(/[^"]*)"', source, re.MULTILINE)
    assert len(patterns) > 10
    # What stands before the first choice that a pattern leaves, as the table writes it: no slash at the end.
    names = [
        re.sub(r"\(\[\^/\]\*\??\)", "{id}", each).removesuffix("/?").partition("(")[0].replace("\\", "")
        for each in patterns
    ]
    routes = "\n".join(code(read("docs/api.md")))
    assert [name for name in names if name.rstrip(".") not in routes] == []


def test_what_the_workflows_run_is_a_target_of_make() -> None:
    workflows = tree.files("*.yml", under=".github/workflows")
    assert workflows
    text = "\n".join(path.read_text() for path in workflows)
    named = set(re.findall(r"run: make ([a-z][a-z0-9-]*)$", text, re.MULTILINE))
    assert {"check", "test", "release", "release-check"} <= named <= make_targets()
    # Actions by their major version, and nothing that only one owner of a repository has.
    assert re.findall(r"uses: (?!actions/[a-z-]+@v\d+$).*", text, re.MULTILINE) == []
    assert "secrets." not in text


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
    assert make_targets() - helped == {"lint", "suite", "covered", "debian-packages"}
    assert {"help", "run", "test", "check"} <= helped


@pytest.mark.parametrize("document", SETTINGS_DOCUMENTS)
def test_the_settings_table_is_that_of_the_settings(document: str, tmp_path: Path) -> None:
    copy = tmp_path / Path(document).name
    copy.write_text(read(document))
    script = tree.ROOT / "cmd" / "settings_table.py"
    done = subprocess.run([sys.executable, script, copy], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert read(document) == copy.read_text(), f"make it again: python cmd/settings_table.py {document}"
