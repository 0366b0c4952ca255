"""Paths between members, and between operator and members, are written in one module of each."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo import tree

PREFIX = "/internal/"
HOMES = {
    "audiocast": "audiocast/cluster/protocol.py",
    "k8s-operator": "k8s-operator/audiocast_operator/protocol/internal_api.py",
}


def literals(path: Path) -> Iterator[str]:
    """Give the texts of a module that its code uses: docstrings are for people and may name paths."""
    module = ast.parse(path.read_text())
    read_by_people = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in read_by_people:
            yield node.value


@pytest.mark.parametrize("folder", ["audiocast", "clients", "cmd", "k8s-operator", "loadtest"])
def test_no_other_module_names_a_path_of_the_internal_api(folder: str) -> None:
    found = {
        tree.name(path)
        for path in tree.files("*.py", under=folder)
        if any(PREFIX in text for text in literals(path))
    }
    assert found == ({HOMES[folder]} if folder in HOMES else set())
