"""Every module says what it is, and is small enough to be that one thing."""

import ast
from itertools import pairwise

import pytest

from tests.repo import tree

# The aim is 250; this is where a module has become two. Tests of one module may be longer than it.
MOST_LINES = {
    "audiocast": 340,
    "clients": 340,
    "cmd": 340,
    "k8s-operator": 340,
    "loadtest": 340,
    "tests": 600,
}
FIRST_WORDS = {".js": ("/*", "//"), ".css": ("/*",), ".sh": ("#",), ".conf": ("#",), ".service": ("#",)}


def test_every_python_module_has_a_head() -> None:
    modules = [path for path in tree.files("*.py") if path.stat().st_size]
    assert modules
    assert [tree.name(path) for path in modules if not ast.get_docstring(ast.parse(path.read_text()))] == []


@pytest.mark.parametrize("suffix", FIRST_WORDS)
def test_every_other_file_of_code_has_a_head(suffix: str) -> None:
    files = [path for path in tree.files(f"*{suffix}") if path.is_file()]
    assert [tree.name(path) for path in files if not path.read_text().startswith(FIRST_WORDS[suffix])] == []


@pytest.mark.parametrize("folder", MOST_LINES)
def test_no_module_is_too_long(folder: str) -> None:
    lines = {
        tree.name(path): path.read_text().count("\n") for path in tree.files("*.py", "*.js", under=folder)
    }
    assert lines
    assert {name: count for name, count in lines.items() if count > MOST_LINES[folder]} == {}


def test_no_module_is_a_drawer_for_anything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [tree.name(path) for path in tree.files("*.py", "*.js") if path.stem in drawers] == []


def test_scripts_stay_scripts() -> None:
    # A cmd/__init__.py would shadow the standard library's cmd, and with it pdb.
    assert not (tree.ROOT / "cmd" / "__init__.py").exists()


def reasons_below(text: str) -> list[int]:
    """Return the lines of strings that stand below an assignment as its comment."""
    return [
        below.lineno
        for node in ast.walk(ast.parse(text))
        for body in [getattr(node, "body", None)]
        if isinstance(body, list)
        for above, below in pairwise(body)
        if isinstance(above, ast.Assign | ast.AnnAssign)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    ]


def test_the_reason_of_a_constant_is_a_comment_above_it() -> None:
    found = [
        f"{tree.name(path)}:{line}" for path in tree.files("*.py") for line in reasons_below(path.read_text())
    ]
    assert found == []


def test_a_reason_below_a_constant_is_found() -> None:
    assert reasons_below('A = 1\n"""Why."""\n# Why.\nB = 2\n') == [2]
