"""A package index of a test's own on loopback (PEP 503): the wheels of a lock, and what was built."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.support.http.http_stand_in import serving_folder

DOWNLOAD_SECONDS = 300


def download(folder: Path, *requirements: str) -> None:
    """Fetch wheels with pip, from its cache or the index of this machine's configuration.

    Args:
        folder: For the wheels.
        requirements: As for `pip download`, which takes no other packages than these.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), *requirements]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def serving_wheels(folder: Path, wheels: Sequence[Path]) -> Iterator[str]:
    """Serve wheels as an index while the `with` block runs; give the URL for pip.

    Args:
        folder: Empty, for the index.
        wheels: Files, which may lie anywhere.
    """
    for wheel in wheels:
        # The server lists what is in a folder, as an index does.
        place = folder / "simple" / canonicalize_name(wheel.name.partition("-")[0])
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, place / wheel.name)
    with serving_folder(folder) as base:
        yield f"{base}/simple/"
