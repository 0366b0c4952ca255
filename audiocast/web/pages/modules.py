"""The JavaScript modules of a page's script, and all of them as one.

A browser learns of a module from the one that imports it, and asks for each by itself: over HTTP/1.1 a page
of 26 modules costs five round trips before it is of use, and joined it costs one. The files stay the modules
that people read, check and test.

Comments on lines of their own are left out: they would be a third of what a phone reads before anything runs.

Joined, each module is a function that is called once and returns what the module exports; those that it
imports stand before it. That is their order without joining, too (ECMA-262 section 16.2.1.6), as long as no
modules import each other and none awaits at its top:

    const $1 = (() => {
    const { byId } = $0;
    ...
    return { Volume };
    })();
"""

import hashlib
import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path

# The scripts that templates name.
SCRIPTS = (
    "broadcast/page.js",
    "control/page.js",
    "home/page.js",
    "listen/embed.js",
    "listen/page.js",
    "selftest/page.js",
    "shared/error_page.js",
)

# Static imports only: a module runs without what it loads by `import(...)`.
_IMPORT = re.compile(r'^import\b(?P<names>[^"()]*?)from "(?P<target>\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b\*? ?(?P<name>\w+))", re.MULTILINE)
# What is relative to the module at the time at which it is used.
_LATER = re.compile(r'(?P<before>\bimport\(|\bnew URL\()"(?P<target>\.[^"]+)"')
# Whole lines of nothing else. No text of a module in backticks has a line that begins so.
_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL)
# Nothing of these is in a module: they could not be joined.
_OTHER_FORMS = re.compile(r"^(?:import\b(?!\()|export\b|await\b).*", re.MULTILINE)


class NoSuchScript(Exception):
    """No page has this script."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A page's script with all modules that it imports.

    Attributes:
        text: One module, which imports nothing before it runs.
        version: Another one when the text is another one.
    """

    text: str
    version: str


def joined(folder: Path, script: str) -> Joined:
    """Return a page's script with all that it imports, as one module. Blocks for a look at each file.

    Args:
        folder: The folder of static files, which browsers find at /static.
        script: One of `SCRIPTS`.

    Raises:
        NoSuchScript: It is none of them.
    """
    if script not in SCRIPTS:
        raise NoSuchScript
    modules = (*modules_of(folder, script), script)
    return _joined(folder, modules, max((folder / module).stat().st_mtime_ns for module in modules))


@lru_cache
def modules_of(folder: Path, script: str) -> tuple[str, ...]:
    """Return the modules that a script imports, and those that these import, each once, before its importers.

    Args:
        folder: The folder of static files.
        script: Path of the script in it. It is not in the result.

    Raises:
        CycleError: Modules import each other.
    """
    imports: dict[str, list[str]] = {}
    waiting = [script]
    while waiting:
        importing = waiting.pop()
        if importing not in imports:
            statements = _IMPORT.finditer((folder / importing).read_text())
            imports[importing] = [_resolved(importing, statement["target"]) for statement in statements]
            waiting += imports[importing]
    return tuple(TopologicalSorter(imports).static_order())[:-1]


@lru_cache(maxsize=2 * len(SCRIPTS))
def _joined(folder: Path, modules: tuple[str, ...], _changed_at: int) -> Joined:
    numbers = {module: number for number, module in enumerate(modules)}
    text = "".join(_as_function(folder, module, numbers) for module in modules)
    return Joined(text, hashlib.sha256(text.encode()).hexdigest()[:16])


def _as_function(folder: Path, module: str, numbers: dict[str, int]) -> str:
    """Return a module as the statement that runs it and keeps what it exports."""

    def constants(statement: re.Match[str]) -> str:
        names = statement["names"].strip().replace(" as ", ": ")
        return f"const {names} = ${numbers[_resolved(module, statement['target'])]};"

    def absolute(use: re.Match[str]) -> str:
        return f'{use["before"]}"/static/{_resolved(module, use["target"])}"'

    text = _COMMENT.sub("", (folder / module).read_text())
    exports = [export["name"] for export in _EXPORT.finditer(text)]
    text = _LATER.sub(absolute, _EXPORT.sub("", _IMPORT.sub(constants, text)))
    if other := _OTHER_FORMS.search(text):
        raise ValueError(f"expected imports and exports of single names in {module}, got {other[0]!r}")
    returned = f"return {{ {', '.join(exports)} }};\n" if exports else ""
    return f"// {module}\nconst ${numbers[module]} = (() => {{\n{text}{returned}}})();\n"


def _resolved(importing: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importing), target))
