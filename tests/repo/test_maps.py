"""The head of each package of the server is a map: it names each module and package in it, and no other."""

import ast
import re
from pathlib import Path

import pytest

from tests.repo import tree

ENTRY = re.compile(r"^- `(\w+)`: \S", re.MULTILINE)

# Folders without Python in them that a map may name.
OTHER_ROOMS = {"static", "templates"}

PACKAGES = [path.parent for path in tree.files("__init__.py", under="audiocast")]


def named(source: str) -> set[str]:
    """Return what the map in a package's `__init__` names."""
    return set(ENTRY.findall(ast.get_docstring(ast.parse(source)) or ""))


def held(package: Path) -> set[str]:
    """Return the modules and packages that are in a package."""
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=tree.name)
def test_the_map_of_a_package_is_whole(package: Path) -> None:
    on_map = named((package / "__init__.py").read_text())
    assert held(package) - on_map == set(), "not on the map"
    assert on_map - held(package) - OTHER_ROOMS == set(), "on the map, and not there"


def test_a_line_without_words_is_no_entry() -> None:
    assert named('"""Some.\n\n- `one`: the first\n- `two`:\n- three: without a mark\n"""\n') == {"one"}
