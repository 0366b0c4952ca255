"""One name for one thing: no class name twice in the product, no method name that says nothing."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.repo import tree

# The product: who reads one part of it reads the others too.
TOPS = ("audiocast", "clients", "k8s-operator")

# Everything can be taken, begun or told: a reader learns from such a name neither what is done nor to what.
EMPTY_VERBS = frozenset("take begin tell say give hear let_go give_away come_back".split())

# Names that mean something else in the field, or nothing. ARCHITECTURE.md has the right ones.
RETIRED = frozenset(
    "absence answers desk dialer door follow front hold inlet origin outbox outlet pace packager packagers"
    " packaging parcel patience quiet splice splicer standing studio ticket turnstile".split()
)


def definitions(source: str) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the classes and functions that a module defines, at any depth."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def named_twice(sources: dict[str, str]) -> dict[str, list[str]]:
    """Return the class names that more than one definition has, each with the files where they are."""
    places = defaultdict(list)
    for name, source in sources.items():
        for node in definitions(source):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    return {class_name: names for class_name, names in places.items() if len(names) > 1}


def empty_verbs(source: str) -> set[str]:
    """Return the functions and methods of a module whose name is one of `EMPTY_VERBS`."""
    return {node.name for node in definitions(source) if not isinstance(node, ast.ClassDef)} & EMPTY_VERBS


def product() -> dict[str, str]:
    """Return the text of each module of the product, by its path."""
    paths: list[Path] = [path for top in TOPS for path in tree.files("*.py", under=top)]
    return {tree.name(path): path.read_text() for path in paths}


def test_no_class_name_is_there_twice() -> None:
    sources = product()
    assert sources
    assert named_twice(sources) == {}


def test_methods_are_named_by_what_they_do() -> None:
    found = {name: empty_verbs(source) for name, source in product().items()}
    assert {name: verbs for name, verbs in found.items() if verbs} == {}


def retired(sources: dict[str, str]) -> set[str]:
    """Return the modules and classes whose whole name is one of `RETIRED`."""
    modules = {name for name in sources if Path(name).stem in RETIRED}
    classes = {
        f"{name}: {node.name}"
        for name, source in sources.items()
        for node in definitions(source)
        if isinstance(node, ast.ClassDef) and node.name.lower() in RETIRED
    }
    return modules | classes


def test_retired_words_do_not_come_back() -> None:
    assert retired(product()) == set()


def test_a_retired_word_is_found() -> None:
    sources = {"door.py": "", "one.py": "class Origin: ...\nclass OriginHeader: ..."}
    assert retired(sources) == {"door.py", "one.py: Origin"}


def test_a_second_class_and_an_empty_verb_are_found() -> None:
    sources = {"one.py": "class Answer:\n    async def take(self): ...\n", "two.py": "class Answer: ..."}
    assert named_twice(sources) == {"Answer": ["one.py", "two.py"]}
    assert empty_verbs(sources["one.py"]) == {"take"}
