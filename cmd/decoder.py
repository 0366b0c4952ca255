"""Fetches the listener's decoder, libopus as WebAssembly: `make decoder`, and each build of a wheel.

It is one script of the npm package opus-decoder, in the version and with the hash that package-lock.json has.
npm fetches it because npm knows this machine's registry, proxy and certificates; nothing of a package is run.
Where it cannot be had, the pages do without: they play by the browser's own means.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parents[1]
PACKAGE, LOCK = "package.json", "package-lock.json"
SCRIPT = "node_modules/opus-decoder/dist/opus-decoder.min.js"
PLACE = "audiocast/web/static/player/live/opus-decoder.min.js"

NPM_CI = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
# A machine without a network is not kept waiting.
NPM_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
MOST_OUTPUT_CHARACTERS = 300


class NoDecoderError(Exception):
    """The decoder cannot be had; says why."""


class DecoderBuildHook(BuildHookInterface[Any]):
    """What Hatchling runs before it packs (`tool.hatch.build.hooks.custom`)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the decoder where it is packed; without it there is a warning, and a wheel all the same."""
        if version == "editable":
            return  # a work tree's is made by `make decoder`
        try:
            fetch(Path(self.root))
        except NoDecoderError as error:
            self.app.display_warning(str(error))


def fetch(root: Path) -> None:
    """Put the decoder among the pages' files, unless it is there and newer than the lock.

    Args:
        root: Folder of the sources.

    Raises:
        NoDecoderError: There is no npm, or it failed.
    """
    if is_fetched(root):
        return
    npm = shutil.which("npm", path=npm_path())
    if npm is None:
        raise NoDecoderError("no WebAssembly decoder: expected npm, which fetches it, found none")
    with tempfile.TemporaryDirectory() as folder:
        for name in (PACKAGE, LOCK):
            shutil.copyfile(root / name, Path(folder, name))
        done = subprocess.run(
            [npm, *NPM_CI, *NPM_PATIENCE],
            cwd=folder,
            env={**os.environ, "PATH": npm_path()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = " ".join(done.stdout.split())[:MOST_OUTPUT_CHARACTERS]
            raise NoDecoderError(f"no WebAssembly decoder: npm could not fetch it: {said}")
        shutil.copyfile(Path(folder, SCRIPT), root / PLACE)


def is_fetched(root: Path) -> bool:
    """Return whether the decoder that the lock names is among the pages' files."""
    place = root / PLACE
    return place.exists() and place.stat().st_mtime >= (root / LOCK).stat().st_mtime


def npm_path() -> str:
    """Return where to look for npm: `make` has one in .venv, for machines that have none."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])


def main() -> int:
    """Fetch it for the work tree; give the exit code."""
    if not is_fetched(ROOT) and shutil.which("npm", path=npm_path()):
        print("Fetching the listener's WebAssembly decoder with npm ...", flush=True)
    try:
        fetch(ROOT)
    except NoDecoderError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
