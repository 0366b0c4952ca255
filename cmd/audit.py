"""`make audit`: what is known of holes in the packages of the locks, by pip-audit and by `npm audit`.

    python cmd/audit.py [--osv-url URL]

pip-audit asks OSV, the database of advisories that PyPI's and GitHub's are part of, for each package of
requirements.lock, which holds those of the other locks. `npm audit` asks npm's registry for those of
package-lock.json. A package with a known hole ends it with 1. Where advisories cannot be asked for (no
network, a mirror that has none) a line says so, and nothing was found out: `make check` works offline.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from decoder import npm_path

ROOT = Path(__file__).parents[1]
OSV_URL = "https://api.osv.dev/v1/query"
# One request is a package; an answer takes a fifth of a second.
REQUEST_SECONDS = 10
MOST_SECONDS = 180
MOST_REASON_CHARACTERS = 200


class NotAskedError(Exception):
    """The advisories could not be asked for; the message is the last thing that the program said."""


def main() -> int:
    """Ask for both locks; return the exit code."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument("--osv-url", default=OSV_URL, help="where to ask for advisories (%(default)s)")
    options = parser.parse_args()
    is_good = True
    for lock, find in (
        ("requirements.lock", partial(python_holes, ROOT / "requirements.lock", options.osv_url)),
        ("package-lock.json", partial(npm_holes, ROOT)),
    ):
        try:
            packages, holes = find()
        except NotAskedError as error:
            print(f"audit: {lock} was not looked at, no advisories can be asked for: {error}")
            continue
        print(f"audit: {lock}: {packages} packages, {len(holes)} of them with known holes")
        for hole in holes:
            print(f"audit:   {hole}")
        is_good = is_good and not holes
    return 0 if is_good else 1


def python_holes(lock: Path, osv_url: str) -> tuple[int, list[str]]:
    """Return how many packages of a lock were looked at, and a line for each that has a known hole.

    Raises:
        NotAskedError: There was no answer.
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--no-deps"]
    command += ["--vulnerability-service", "osv", "--osv-url", osv_url, "--timeout", str(REQUEST_SECONDS)]
    found = _json_of([*command, "--format", "json", "--progress-spinner", "off"])
    asked = [each for each in found.get("dependencies", []) if "vulns" in each]
    if not asked:
        raise NotAskedError("no package was known there")
    return len(asked), [
        f"{each['name']} {each['version']}: {hole['id']}, fixed in {', '.join(hole['fix_versions']) or '-'}"
        for each in asked
        for hole in each["vulns"]
    ]


def npm_holes(root: Path) -> tuple[int, list[str]]:
    """Return how many packages npm has looked at, and a line for each that has a known hole.

    Args:
        root: Folder of package-lock.json.

    Raises:
        NotAskedError: There was no answer.
    """
    found = _json_of(
        ["npm", "audit", "--json", "--package-lock-only"],
        cwd=root,
        environment={**os.environ, "PATH": npm_path()},
    )
    if "vulnerabilities" not in found:
        raise NotAskedError(str(found.get("message", found))[:MOST_REASON_CHARACTERS])
    holes = found["vulnerabilities"].values()
    packages = int(found["metadata"]["dependencies"]["total"])
    return packages, [f"{hole['name']}: {hole['severity']}, {_titles(hole)}" for hole in holes]


def _titles(hole: Mapping[str, Any]) -> str:
    """Return the titles of the advisories, or the names of the needed packages that have the hole."""
    return "; ".join(each["title"] if isinstance(each, dict) else f"by {each}" for each in hole["via"])


def _json_of(
    command: list[str], *, cwd: Path = ROOT, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the JSON that a program prints; both programs end with 1 when they find a hole."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=MOST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotAskedError(f"no answer within {MOST_SECONDS} s") from error
    except OSError as error:
        raise NotAskedError(str(error)) from error
    try:
        value = json.loads(done.stdout)
    except ValueError as error:
        lines = done.stderr.strip().splitlines() or ["no output"]
        raise NotAskedError(lines[-1][:MOST_REASON_CHARACTERS]) from error
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
