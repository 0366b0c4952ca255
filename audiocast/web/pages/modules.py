"""Which JavaScript modules a page's script imports, so that the page can name them all at once.

A browser learns of a module from the one that imports it: a chain of four costs four round trips before the
page is of use. With `<link rel="modulepreload">` for each module it costs one.
"""

import posixpath
import re
from functools import lru_cache
from pathlib import Path

# Static imports only: a module runs without what it loads by `import(...)`.
_IMPORTED = re.compile(r'^(?:import|export)\b[^"()]*?from "(\.[^"]+)";', re.MULTILINE)


@lru_cache
def modules_of(folder: Path, script: str) -> tuple[str, ...]:
    """Return the modules that a script imports, and those that these import, each once.

    Args:
        folder: The folder of static files.
        script: Path of the script in it. It is not in the result.
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
