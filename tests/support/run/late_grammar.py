"""A pytest plugin: the grammar of RFC 3987 is compiled when an IRI is checked, and not at an import.

jsonschema imports `rfc3987_syntax` for its format `iri`, and that compiles forty grammars: more than a second
in each process that collects the tests, for a format that their schemas hardly have.
"""

import sys
from importlib import import_module
from types import ModuleType

NAME = "rfc3987_syntax"


def is_valid_syntax(term: str, value: str) -> bool:
    """Be the function of that name; the first call takes a second."""
    if isinstance(sys.modules[NAME], _Late):
        del sys.modules[NAME]
    return bool(import_module(NAME).is_valid_syntax(term, value))


class _Late(ModuleType):
    """Stands in `sys.modules` for the one that is slow."""

    is_valid_syntax = staticmethod(is_valid_syntax)


sys.modules.setdefault(NAME, _Late(NAME))
