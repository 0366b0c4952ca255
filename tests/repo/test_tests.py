"""Every test can fail: it asserts something, by itself or in what it calls."""

import ast
from pathlib import Path

from tests.repo import tree

# Calls that raise when what they look at is not so.
ASSERTING_CALLS = {"raises", "warns", "fail", "expect"}


def asserting_functions(paths: list[Path]) -> dict[str, bool]:
    """Give the functions of some modules by name, each with whether it asserts, or calls one that does."""
    functions = {
        node.name: node
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    asserts = {name: _asserts_itself(node) for name, node in functions.items()}
    settled = False
    while not settled:
        settled = True
        for name, node in functions.items():
            if not asserts[name] and any(asserts.get(called) for called in _calls(node)):
                asserts[name] = True
                settled = False
    return asserts


def _asserts_itself(function: ast.AST) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(function)) or bool(
        _calls(function) & ASSERTING_CALLS
    )


def _calls(function: ast.AST) -> set[str]:
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {node.id for node in called if isinstance(node, ast.Name)} | {
        node.attr for node in called if isinstance(node, ast.Attribute)
    }


def test_every_test_asserts() -> None:
    shared = [path for path in tree.files("*.py", under="tests") if not path.name.startswith("test_")]
    silent, count = [], 0
    for path in tree.files("test_*.py", under="tests"):
        tests = {
            name: asserts
            for name, asserts in asserting_functions([*shared, path]).items()
            if name.startswith("test_")
        }
        count += len(tests)
        silent += [f"{tree.name(path)}: {name}" for name, asserts in tests.items() if not asserts]
    assert count > 0
    assert silent == []


def test_a_test_without_an_assertion_is_found(tmp_path: Path) -> None:
    module = tmp_path / "test_example.py"
    module.write_text(
        "def test_says_nothing(): print(1)\ndef test_says_it_elsewhere(): look()\ndef look(): assert 1\n"
    )
    assert asserting_functions([module]) == {
        "test_says_nothing": False,
        "test_says_it_elsewhere": True,
        "look": True,
    }


def test_no_test_is_skipped_for_good() -> None:
    marks = ("mark." + "skip", "mark." + "xfail", "pytest." + "skip(")
    found = [
        f"{tree.name(path)}: {mark}"
        for path in tree.files("*.py", under="tests")
        for mark in marks
        if mark in path.read_text()
    ]
    assert found == []
