"""Runs what is behind `make release`, for tests of this folder."""

import os
import subprocess
import sys
from pathlib import Path

from tests.repo import tree

SCRIPT = tree.ROOT / "cmd" / "release" / "release.py"
REGISTRY = "registry.example.org/team"
HOME_URL = "https://git.example.org/team/audiocast"
BUILD_SECONDS = 600


def build(output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run what is behind `make release`."""
    return run("build", output, *arguments)


def run(
    command_name: str, output: Path, *arguments: str, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the script; its commands are build and push.

    Args:
        command_name: Which.
        output: Folder of the release.
        arguments: More for the command.
        path: Where programs are looked for before the usual places.
    """
    usual = os.environ.get("PATH", os.defpath)
    environment = {**os.environ, "PATH": f"{path}{os.pathsep}{usual}" if path else usual}
    command = [sys.executable, str(SCRIPT), command_name, "--output", str(output), *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )


def build_or_fail(output: Path, skipped: str) -> Path:
    """Build a release for one processor without the parts that are skipped; return its folder."""
    done = build(
        output,
        *("--registry", REGISTRY, "--home-url", HOME_URL, "--skip", skipped),
        *("--architectures", "amd64", "--compression", "none"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return output
