"""Which JavaScript modules a page's script brings with it, so that the page can name them all at once.

A browser learns of a module from the one that imports it: a chain of four is four times there and back to the
server before the page is of use. With `<link rel="modulepreload">` for each it is once.
"""

import posixpath
import re
from functools import lru_cache
from pathlib import Path

_IMPORTED = re.compile(r'^(?:import|export)\b[^"()]*?from "(\.[^"]+)";', re.MULTILINE)
"""What a module cannot run without; `import(...)` is for later."""


@lru_cache
def modules_of(folder: Path, script: str) -> tuple[str, ...]:
    """Give the modules that a script imports, and those that these import, each once.

    Args:
        folder: Of the static files.
        script: Path of a module in it. It is not among what is given.
    """
    found = {script: None}
    waiting = [script]
    while waiting:
        importing = waiting.pop(0)
        for target in _IMPORTED.findall((folder / importing).read_text()):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(importing), target))
            if imported not in found:
                found[imported] = None
                waiting.append(imported)
    return tuple(found)[1:]
