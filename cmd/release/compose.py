"""The folder for `docker compose up`, with the release's image in the place of one that is built."""

import re
import shutil
from pathlib import Path

from contents import ROOT, SERVER, BuildFailed, Release

FOLDER = ROOT / "deploy" / "https"
FILE = "compose.yaml"
# The one line that builds the image from the sources.
BUILD = re.compile(r"^ +build: .*\n", re.MULTILINE)


def is_of(release: Release) -> bool:
    """Return whether the folder that was built, if there is one, names the release's image."""
    path = release.output / "compose" / FILE
    return not path.exists() or f":-{release.repository(SERVER)}:{release.version}}}" in path.read_text()


def build(release: Release) -> list[Path]:
    """Copy it to `compose/`; return the paths of its files."""
    folder = release.folder("compose")
    for source in sorted(FOLDER.iterdir()):
        shutil.copyfile(source, folder / source.name)
    text = (folder / FILE).read_text()
    own = f":-{SERVER}:{release.version}}}"
    if text.count(own) != 1 or len(BUILD.findall(text)) != 1:
        raise BuildFailed(
            f"{FILE}: expected one image of version {release.version}, and one line that builds it"
        )
    named = text.replace(own, f":-{release.repository(SERVER)}:{release.version}}}")
    (folder / FILE).write_text(BUILD.sub("", named))
    return sorted(folder.iterdir())
