"""What no file may hold: paths of one machine, addresses of package registries, secrets, bulk."""

import re

import pytest

from tests.repo import tree

MOST_BYTES = 600_000

FORBIDDEN = {
    "a path of one machine": tree.MACHINE_PATH,
    "a registry's address": r"(?i)\b(?:pypi|pythonhosted|npmjs|yarnpkg|devpi)\.(?:org|com|io)\b|\bfile://",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a service's token": r"\b(?:AKIA[0-9A-Z]{16}|gh[oprsu]_\w{36}|glpat-[\w-]{20}|xox[abp]-\w{10}|sk-\w{32})",
    "a secret's value": r"(?i)(?:secret|token|password|api_?key)\w*[\"']?\s*[=:]\s*[\"'][\w+/=-]{32,}[\"']",
}


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_file_holds(kind: str) -> None:
    pattern = re.compile(FORBIDDEN[kind])
    found = [
        f"{tree.name(path)}:{number}: {line.strip()[:100]}"
        for path in tree.files()
        for number, line in enumerate((tree.text(path) or "").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("a path of one machine", "cd {}/alice/audiocast".format("/home")),
        ("a path of one machine", "open('{}/main/x')".format("/work")),
        ("a registry's address", "--index-url https://{}.org/simple".format("pypi")),
        ("a private key", "-----BEGIN RSA {} KEY-----".format("PRIVATE")),
        ("a service's token", "gh" + "p_" + "a1" * 18),
        ("a secret's value", "SECRET_KEY = '{}'".format("0123456789abcdef" * 2)),
    ],
)
def test_the_patterns_find_what_they_are_for(kind: str, line: str) -> None:
    assert re.search(FORBIDDEN[kind], line)


def test_no_file_is_too_large() -> None:
    sizes = {tree.name(path): path.stat().st_size for path in tree.files()}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}


def test_gitignore_names_no_folders() -> None:
    # tree.py reads it, and understands names only.
    lines = (tree.ROOT / ".gitignore").read_text().split()
    assert [line for line in lines if "/" in line.rstrip("/") or line.startswith(("!", "#"))] == []
