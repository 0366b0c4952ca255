"""Every test can fail: it asserts something, by itself or in what it calls."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.repo import tree

# Calls that raise when what they look at is not so.
ASSERTING_CALLS = {"raises", "warns", "fail", "expect"}


@dataclass(frozen=True)
class Function:
    """A function or method of a module, an inner one too.

    Attributes:
        name: Its own.
        asserts: It has an assertion in it.
        calls: Last names of all that it calls.
    """

    name: str
    asserts: bool
    calls: frozenset[str]


@cache
def functions_of(path: Path) -> list[Function]:
    """Give the functions and methods of a module."""
    return [
        _look_at(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def silent_tests(module: Path, shared: list[Path]) -> list[str]:
    """Give the tests of a module that assert nothing.

    Args:
        module: A file of tests.
        shared: Files with functions that it may call.
    """
    functions = [function for path in (module, *shared) for function in functions_of(path)]
    asserting = ASSERTING_CALLS | {function.name for function in functions if function.asserts}
    known = 0
    while known < len(asserting):
        known = len(asserting)
        asserting |= {function.name for function in functions if function.calls & asserting}
    return [
        function.name
        for function in functions_of(module)
        if function.name.startswith("test_") and not (function.asserts or function.calls & asserting)
    ]


def _look_at(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    nodes = list(ast.walk(function))
    return Function(
        function.name,
        asserts=any(isinstance(node, ast.Assert) for node in nodes),
        calls=frozenset(_called(node.func) for node in nodes if isinstance(node, ast.Call)),
    )


def _called(node: ast.expr) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def test_every_test_asserts() -> None:
    shared = [path for path in tree.files("*.py", under="tests") if not path.name.startswith("test_")]
    modules = tree.files("test_*.py", under="tests")
    assert modules
    assert [f"{tree.name(path)}: {test}" for path in modules for test in silent_tests(path, shared)] == []


def test_a_test_without_an_assertion_is_found(tmp_path: Path) -> None:
    module, shared = tmp_path / "test_example.py", tmp_path / "shared.py"
    module.write_text(
        "class TestA:\n    def test_x(self): assert 1\n"
        "class TestB:\n    def test_x(self): print(1)\n"
        "def test_says_it_elsewhere(): look()\n"
        "def test_expects(): expect(1)\n"
        "def look(): look_closely()\n"
    )
    shared.write_text("def look_closely(): assert 1\n")
    assert silent_tests(module, [shared]) == ["test_x"]


def test_no_test_is_skipped_for_good() -> None:
    marks = ("mark." + "skip", "mark." + "xfail", "pytest." + "skip(")
    found = [
        f"{tree.name(path)}: {mark}"
        for path in tree.files("*.py", under="tests")
        for mark in marks
        if mark in path.read_text()
    ]
    assert found == []
