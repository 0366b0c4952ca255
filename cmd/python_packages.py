"""Installs the packages of a lock, and audiocast itself, into a virtual environment.

    python3 cmd/python_packages.py LOCK ENVIRONMENT

This is the first step of most targets of make. The system's Python runs it before anything is installed, so
it imports the standard library only. It prints a line before each step that takes long. What pip says is
shown only when pip fails, and for a package index that does not answer there are plain words instead.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST_PYTHON = (3, 11)
# Without a network pip gives up within half a minute, and not after its usual five tries.
PATIENCE = {"PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "10"}
# --no-deps: the lock holds everything, and pip before 23.3 looks past it for an extra (coverage[toml]) as
# soon as a newer one is out. `pip check`, after the full lock, says what would be missing.
PIP_INSTALL = ("install", "--quiet", "--disable-pip-version-check", "--no-deps")
# What pip writes about a host that it cannot talk to, whatever the reason.
NO_ANSWER = re.compile(r"after connection broken by '(?P<reason>.*)': (?P<path>\S+)$", re.MULTILINE)
# The reason is the text of an exception; people can read what stands behind the last of these.
EXCEPTION_PARTS = re.compile(r": |, '")
NOTHING_THERE = "(from versions: none)"
MOST_LINES = 15


class SetupFailed(Exception):
    """The environment could not be made; the message is for people and says what to do."""


def set_up(lock: Path, environment: Path) -> None:
    """Make the environment unless it is there, and install into it.

    Args:
        lock: Requirements with hashes.
        environment: Folder of the virtual environment.

    Raises:
        SetupFailed: Python is too old or has no `venv`, or pip failed.
    """
    python = environment / "bin" / "python"
    if not _has_pip(python):
        _make(environment)
    count = len(re.findall(r"^[\w.-]+==", lock.read_text(), re.MULTILINE))
    print(f"Installing {count} Python packages from {lock.name} ...", flush=True)
    # Modules are compiled when they are first imported: most never are.
    _pip(python, "--no-compile", "--require-hashes", "--requirement", str(lock))
    _pip(python, "--no-build-isolation", "--editable", str(ROOT))


def _has_pip(python: Path) -> bool:
    """Return whether the environment is complete: Debian without python3-venv leaves one that has no pip."""
    if not python.exists():
        return False
    return (
        subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    )


def _make(environment: Path) -> None:
    if sys.version_info < OLDEST_PYTHON:
        expected, found = (".".join(map(str, version[:2])) for version in (OLDEST_PYTHON, sys.version_info))
        raise SetupFailed(
            f"expected Python {expected} or later, got {found}; try: make PYTHON=python{expected} ..."
        )
    print(f"Making a virtual environment in {environment} ...", flush=True)
    done = _run([sys.executable, "-m", "venv", "--clear", str(environment)])
    if done.returncode != 0:
        raise SetupFailed(
            f"{_last_lines(done.stdout)}\nPython could not make a virtual environment; on Debian, as root: "
            "apt-get install python3-venv"
        )


def _pip(python: Path, *arguments: str) -> None:
    done = _run([str(python), "-m", "pip", *PIP_INSTALL, *arguments])
    if done.returncode == 0:
        return
    unanswered = NO_ANSWER.search(done.stdout)
    if unanswered:
        reason = EXCEPTION_PARTS.split(unanswered["reason"])[-1].rstrip("\"')")
        raise SetupFailed(
            "The package index does not answer, so Python packages cannot be installed.\n"
            f"  pip asked for {unanswered['path']} and got: {reason}\n"
            "  Is this machine on a network? A proxy goes into HTTPS_PROXY, a mirror into PIP_INDEX_URL.\n"
            "  Then run the same command again: what is installed already stays."
        )
    hint = (
        "\nDoes PIP_INDEX_URL, or pip's configuration, name a package index?"
        if NOTHING_THERE in done.stdout
        else ""
    )
    raise SetupFailed(f"{_last_lines(done.stdout)}\npip could not install what {arguments[-1]} names.{hint}")


def _run(command: "list[str]") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env={**PATIENCE, **os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-MOST_LINES:])


def main(arguments: "list[str]") -> int:
    """Set the environment up; return the exit code."""
    lock, environment = map(Path, arguments)
    try:
        set_up(lock, environment)
    except SetupFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
