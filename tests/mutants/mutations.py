"""The mistakes that a module can have: one changed expression or one dropped call each, in its text."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
# Not `|`, which mostly joins types.
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
}
KINDS = ("comparison", "arithmetic", "constant", "dropped call", "inverted condition")
# What a log says is for people; no unit test reads it all. So calls that write a line to it stay as they
# are: of a logger's methods, and of an object's own methods of these names, which do nothing else.
LOGS = {"log", "_log", "logger", "_logger"}
LOG_METHODS = {"_log", "_log_end"}


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake.

    Attributes:
        path: The module's file.
        kind: One of `KINDS`.
        line: Number of the first line that differs, from 1.
        source: The whole text, with the mistake.
        before: The lines that differ, as they are.
        after: And as they are with the mistake.
    """

    path: Path
    kind: str
    line: int
    source: str
    before: str
    after: str


def mutants_of(path: Path) -> list[Mutant]:
    """Return all mutants of a module, in the order of its text."""
    text = path.read_text()
    return [_mutant(path, text, node, kind, new) for node, kind, new in _changes(ast.parse(text))]


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str, str]]:
    """Yield what may change below a node: the node, the kind of the change, and the new text."""
    if isinstance(node, ast.expr | ast.stmt):
        yield from _changes_of(node)
    for child in _children(node):
        yield from _changes(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    # Before Python 3.12, what is inside of an f-string has no place in the text.
    if isinstance(node, ast.JoinedStr) or _is_log(node) or _is_for_types(node):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _changes_of(node: ast.expr | ast.stmt) -> Iterator[tuple[ast.expr | ast.stmt, str, str]]:
    match node:
        case ast.Compare(left, [operator], right):
            yield (
                node,
                "comparison",
                f"({ast.unparse(ast.Compare(left, [COMPARISONS[type(operator)]()], right))})",
            )
        case ast.BinOp(left, operator, right) if type(operator) in ARITHMETIC and not _is_text(left, right):
            yield node, "arithmetic", f"({ast.unparse(ast.BinOp(left, ARITHMETIC[type(operator)](), right))})"
        case ast.AugAssign(target, operator, value) if type(operator) in ARITHMETIC and not _is_text(value):
            yield node, "arithmetic", ast.unparse(ast.AugAssign(target, ARITHMETIC[type(operator)](), value))
        case ast.Constant(bool() as value):
            yield node, "constant", str(not value)
        case ast.Constant(int() | float() as value):
            yield node, "constant", str(value + 1)
        case ast.Expr(ast.Call() | ast.Await(ast.Call())) if not _is_log(node):
            yield node, "dropped call", "pass"
        case ast.If(test) | ast.While(test) | ast.IfExp(test) if not _is_for_types(node):
            yield test, "inverted condition", f"(not ({ast.unparse(test)}))"


def _is_text(*nodes: ast.expr) -> bool:
    return any(
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
        for node in nodes
    )


def _is_log(node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("self"), method))):
            return method in LOG_METHODS
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name) | ast.Attribute(attr=name)))):
            return name in LOGS
    return False


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _mutant(path: Path, text: str, node: ast.expr | ast.stmt, kind: str, new: str) -> Mutant:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = text.splitlines(keepends=True)
    # Columns count bytes of UTF-8.
    head = lines[node.lineno - 1].encode()[: node.col_offset].decode()
    tail = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
    changed = head + new + tail
    source = "".join([*lines[: node.lineno - 1], changed, *lines[node.end_lineno :]])
    before = "".join(lines[node.lineno - 1 : node.end_lineno])
    return Mutant(path, kind, node.lineno, source, before.strip(), changed.strip())
