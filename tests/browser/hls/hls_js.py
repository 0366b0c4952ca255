"""hls.js, which npm fetches for the tests by the lock beside this file; it is not in the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NPM_SECONDS = 100


def fetch(folder: Path) -> Path:
    """Put it into an empty folder; give its script."""
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, folder / name)
    # A virtual environment may have an npm for machines that have none.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    npm = shutil.which("npm", path=path)
    assert npm, "expected npm, found none"
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=NPM_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "node_modules" / "hls.js" / "dist" / "hls.min.js"
