"""The operator's image holds what the operator imports, and nothing of the server's.

Its modules are imported by a Python that sees the standard library, the operator's code and the packages of
its lock, each file of which is a link to the one that is installed here.
"""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.repo import tree
from tests.repo.test_lock import OPERATOR, pins, pyproject

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path += sys.argv[1:]
import audiocast_operator
for each in pkgutil.walk_packages(audiocast_operator.__path__, "audiocast_operator."):
    importlib.import_module(each.name)
import zoneinfo
zoneinfo.reset_tzpath([])
zoneinfo.ZoneInfo("Europe/Berlin")
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
# Imported by no module of ours, but by what they import, or asked for by name.
UNNAMED = {"tzdata"}


def link_packages(folder: Path, names: list[str]) -> None:
    """Link the files of packages that are installed here into a folder."""
    for name in names:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            # One of another system.
            continue
        for each in files:
            # Programs are above the folder of packages.
            if ".." not in each.parts and "__pycache__" not in each.parts:
                (folder / each).parent.mkdir(parents=True, exist_ok=True)
                (folder / each).symlink_to(each.locate())


def imported(folder: Path, names: list[str]) -> tuple[int, set[str], str]:
    """Import the whole operator with these packages alone; return status, modules and errors."""
    link_packages(folder, names)
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(folder), str(tree.ROOT / "k8s-operator")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    return done.returncode, set(done.stdout.split()), done.stderr


def test_the_packages_of_its_lock_are_all_that_the_operator_imports(tmp_path: Path) -> None:
    status, modules, errors = imported(tmp_path, list(pins(OPERATOR)))
    assert status == 0, errors
    assert {"audiocast_operator", "kopf", "lightkube", "pydantic"} <= modules
    assert not {"audiocast", "tornado", "qrcode", "png"} & modules
    # All that its group asks for is used.
    asked = {
        canonicalize_name(each.partition(">")[0]) for each in pyproject()["dependency-groups"]["operator"]
    }
    assert {name.replace("-", "_") for name in asked - UNNAMED} <= modules


def test_a_package_that_is_missing_is_found(tmp_path: Path) -> None:
    status, _, errors = imported(tmp_path, [name for name in pins(OPERATOR) if name != "structlog"])
    assert status == 1
    assert "No module named 'structlog'" in errors


def test_the_extra_asks_for_what_the_group_does() -> None:
    project = pyproject()["project"]
    extra = project["optional-dependencies"]["operator"]
    assert {*extra} <= {*pyproject()["dependency-groups"]["operator"]}
    assert {*pyproject()["dependency-groups"]["operator"]} <= {*extra, *project["dependencies"]}


def test_nothing_of_the_server_is_in_the_operators_lock() -> None:
    server_only = {"tornado", "qrcode", "pypng", "sounddevice", "av", "requests"}
    assert server_only & set(pins(OPERATOR)) == set()
    assert {"tornado", "qrcode", "pypng"} <= set(pins("requirements-server.lock"))
