"""A Python that has Tk: pyenv and some images build Python without it.

This is the interpreter of the tests if it has Tk; otherwise Debian's of the same version (package
python3-tk), with the packages of the tests.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
DEBIAN_PYTHON = "/usr/bin/python3"

_PROBE = "import sys, tkinter; print(*sys.version_info[:2])"


def python_with_tk() -> tuple[str, Mapping[str, str]]:
    """Return an interpreter, and the variables that it needs to find the product and its libraries.

    Raises:
        AssertionError: There is none; the message tells what to install.
    """
    paths = [str(ROOT), str(ROOT / "clients"), sysconfig.get_path("platlib"), sysconfig.get_path("purelib")]
    environment = {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
    version = f"{sys.version_info.major} {sys.version_info.minor}"
    for python in (sys.executable, DEBIAN_PYTHON):
        done = subprocess.run([python, "-c", _PROBE], capture_output=True, text=True, timeout=60)
        # Compiled packages (av, cffi) load into the version that they were made for, and into no other.
        if done.returncode == 0 and done.stdout.strip() == version:
            return python, environment
    raise AssertionError(
        f"expected a Python {version.replace(' ', '.')} with tkinter, neither {sys.executable} nor "
        f"{DEBIAN_PYTHON} is one: apt-get install python3-tk"
    )
