"""Programs that refuse to run as root (VLC, Icecast): they run as nobody then, in a folder that is nobody's.

Whoever runs the tests as an ordinary user runs them as that.
"""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IS_ROOT = os.geteuid() == 0

# What a command begins with.
PREFIX = "setpriv --reuid=nobody --regid=nogroup --clear-groups " if _IS_ROOT else ""


@contextmanager
def ordinary_folder() -> Iterator[Path]:
    """Give a folder for such a program; pytest's own are inside one that only their owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="audiocast-"))
    try:
        if _IS_ROOT:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)
