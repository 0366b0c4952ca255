"""Wheel and sdist, with the listener's decoder in both, checked as a package index does."""

import os
import sys
import tarfile
import zipfile
from pathlib import Path

from contents import ROOT, BuildFailed, NotBuilt, Release, run

DECODER = "audiocast/web/static/player/live/opus-decoder.min.js"


def build(release: Release, home_url: str) -> list[Path]:
    """Build both into `python/`; return their paths, the wheel first.

    Args:
        release: Which.
        home_url: Address of the sources for the index's page; empty: the page has no links.

    Raises:
        NotBuilt: There is no decoder to put into them.
        BuildFailed: The build failed, or an index would refuse the result.
    """
    if not (ROOT / DECODER).exists():
        raise NotBuilt("the WebAssembly decoder is not there; `make decoder` fetches it with npm")
    folder = release.folder("python")
    environment = {**os.environ, "HOME_URL": home_url, "SOURCE_DATE_EPOCH": str(release.built_at)}
    # Without isolation: hatchling is in the lock.
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)]
    run(command, environment=environment)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed, tarfile.open(sdist) as archive:
        contents = {wheel: packed.namelist(), sdist: archive.getnames()}
    for built, names in contents.items():
        if not any(name.endswith(DECODER) for name in names):
            raise BuildFailed(f"{built.name}: expected {DECODER} in it, found none")
    run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", str(wheel), str(sdist)])
    return [wheel, sdist]
