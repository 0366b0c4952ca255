"""Who may import what, where import-linter cannot say it: an allow-list for those who share only a part."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo import tree


def imported(path: Path) -> Iterator[str]:
    """Give the full name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def below(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


SHARED = ("audiocast.ogg", "audiocast.server_addresses")


@pytest.mark.parametrize("folder", ["clients"])
def test_a_client_knows_of_the_server_only_how_to_write_ogg_and_what_addresses_mean(folder: str) -> None:
    paths = tree.files("*.py", under=folder)
    assert paths
    wrong = [
        f"{tree.name(path)}: {module}"
        for path in paths
        for module in imported(path)
        if below(module, "audiocast") and not any(below(module, each) for each in SHARED)
    ]
    assert wrong == []


def test_the_server_knows_no_client_and_no_test() -> None:
    wrong = [
        f"{tree.name(path)}: {module}"
        for path in tree.files("*.py", under="audiocast")
        for module in imported(path)
        if any(below(module, other) for other in ("tk_streamer", "tests"))
    ]
    assert wrong == []
