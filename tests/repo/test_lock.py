"""The locks hold all that pyproject.toml and package.json ask for, with hashes and without any address."""

import json
import re
import tomllib
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repo import tree

# Locks of a part of the project, and the extra that it needs beside what the server does.
PARTS = {
    "requirements-run.lock": "client",
    "requirements-server.lock": "recordings",
    "requirements-client.lock": "client",
    "requirements-notify.lock": "notify",
}
# It shares nothing with the server, and so has a group of its own.
OPERATOR = "requirements-operator.lock"

LOCKS = ["requirements.lock", *PARTS, OPERATOR]
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$", re.MULTILINE)


def pyproject() -> dict[str, Any]:
    return tomllib.loads((tree.ROOT / "pyproject.toml").read_text())


def lock_text(lock: str) -> str:
    return (tree.ROOT / lock).read_text()


def pins(lock: str) -> dict[str, tuple[str, str]]:
    """Give a lock's packages by canonical name: version and marker ("" for everywhere)."""
    return {
        canonicalize_name(found["name"]): (found["version"], found["marker"] or "")
        for found in PIN.finditer(lock_text(lock))
    }


def unmet(requirements: list[str], lock: str) -> list[str]:
    """Give the requirements that a lock does not satisfy; the project's own extras are not among them."""
    pinned = pins(lock)
    missing = []
    for wanted in map(Requirement, requirements):
        version, _ = pinned.get(canonicalize_name(wanted.name), ("", ""))
        if wanted.name != "audiocast" and not (version and wanted.specifier.contains(version)):
            missing.append(str(wanted))
    return missing


def test_the_full_lock_satisfies_every_extra_and_the_build() -> None:
    project = pyproject()["project"]
    wanted = [*project["dependencies"], *pyproject()["build-system"]["requires"]]
    for more in (*project["optional-dependencies"].values(), *pyproject()["dependency-groups"].values()):
        wanted += more
    assert unmet(wanted, "requirements.lock") == []


@pytest.mark.parametrize(("lock", "extra"), PARTS.items())
def test_a_part_is_satisfied_by_its_lock_with_the_same_versions(lock: str, extra: str) -> None:
    project = pyproject()["project"]
    assert unmet([*project["dependencies"], *project["optional-dependencies"].get(extra, [])], lock) == []
    assert of_other_versions(lock) == {}


def test_the_operators_lock_satisfies_its_group_with_the_same_versions() -> None:
    assert unmet(pyproject()["dependency-groups"]["operator"], OPERATOR) == []
    assert of_other_versions(OPERATOR) == {}


def of_other_versions(lock: str) -> dict[str, str]:
    """Give the packages of a part's lock that have another version than in the full one.

    The markers may differ: a part may need a package on fewer systems than the whole does.
    """
    full = pins("requirements.lock")
    return {name: version for name, (version, _) in pins(lock).items() if full[name][0] != version}


def test_what_an_editable_installation_needs_is_in_the_locks_that_make_installs() -> None:
    wanted = [*pyproject()["build-system"]["requires"], *pyproject()["dependency-groups"]["editable"]]
    assert len(wanted) > 1
    assert unmet(wanted, "requirements.lock") == []
    assert unmet(wanted, "requirements-run.lock") == []


def test_what_the_demos_need_is_little() -> None:
    # `make run` installs it before anybody hears a sound.
    assert len(pins("requirements-run.lock")) <= 35


def test_a_requirement_that_is_not_locked_is_found() -> None:
    assert unmet(["tornado>=6", "tornado>=999", "no-such-package"], "requirements.lock") == [
        "tornado>=999",
        "no-such-package",
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", lock_text(lock), flags=re.MULTILINE)[1:]
    # A package may stand there twice, in two versions for two Pythons.
    assert len(entries) == len(PIN.findall(lock_text(lock))) >= len(pins(lock)) > 0
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_and_no_path_is_in_it(lock: str) -> None:
    assert re.findall(r"\S*(?:://|--index|--extra-index|--find-links| @ |(?<=\s)/)\S*", lock_text(lock)) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_markers_leave_no_python_out(lock: str) -> None:
    # One lock for all: a marker may tell systems and interpreters apart, and versions only from 3.11 up.
    for _, marker in pins(lock).values():
        if marker:
            assert str(Marker(marker)), marker
    assert pyproject()["project"]["requires-python"] == ">=3.11"


def npm_lock() -> dict[str, dict[str, Any]]:
    """Give npm's packages by place; the one at "" is what asks for the others."""
    packages: dict[str, dict[str, Any]] = json.loads(lock_text("package-lock.json"))["packages"]
    return packages


def test_npm_finds_all_it_is_asked_for() -> None:
    wanted = json.loads((tree.ROOT / "package.json").read_text())
    locked = npm_lock()
    kinds = ("dependencies", "devDependencies")
    assert [locked[""][kind] for kind in kinds] == [wanted[kind] for kind in kinds]
    # A package with a binary for each system names all of them as optional.
    asking = (*kinds, "optionalDependencies")
    asked = {name for package in locked.values() for kind in asking for name in package.get(kind, {})}
    assert {f"node_modules/{name}" for name in asked} == set(locked) - {""}


def test_every_package_of_npm_has_a_hash_and_no_address() -> None:
    packages = [package for place, package in npm_lock().items() if place]
    assert packages
    assert [package for package in packages if not package["integrity"].startswith("sha512-")] == []
    # "resolved" would be the registry of whoever made the lock.
    assert [package for package in packages if "resolved" in package or "link" in package] == []
