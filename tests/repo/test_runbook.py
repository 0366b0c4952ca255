"""docs/runbook.md has a line for each warning and error of a server, and names no number that is none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.repo import tree

RUNBOOK = (tree.ROOT / "docs" / "runbook.md").read_text()
EVENTS = RUNBOOK.partition("## Events in the log\n")[2]
LEVELS = {"warning", "error", "critical", "exception", "_write_warning"}


def test_each_warning_and_error_has_a_line() -> None:
    first_cells = re.findall(r"^\| (`[^|]*`) \|", EVENTS, re.MULTILINE)
    explained = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]
    logged = {name for path in tree.files("*.py", under="audiocast") for name in events_of(path)}
    assert len(logged) > 20
    assert sorted(explained) == sorted(logged)


def test_its_numbers_are_metrics() -> None:
    named = set(re.findall(r"`(audiocast_\w+)", RUNBOOK))
    documented = (tree.ROOT / "docs" / "metrics.md").read_text()
    assert [name for name in sorted(named) if f"`{name}`" not in documented] == []


def events_of(path: Path) -> Iterator[str]:
    """Yield the events that a module logs as a warning or an error; the level may be an argument."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = [node.func, *node.args[:1]]
        names = {each.attr for each in called if isinstance(each, ast.Attribute)}
        texts = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
        if names & LEVELS and texts and isinstance(texts[0], str):
            yield texts[0]
