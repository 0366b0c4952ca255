"""The Dockerfile, read without an engine: three targets, nobody's user, only what the locks name."""

import fnmatch
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from audiocast import __version__
from tests.repo import tree

DOCKERFILE = (tree.ROOT / "Dockerfile").read_text()
IGNORED = (tree.ROOT / ".dockerignore").read_text().splitlines()


@dataclass
class Stage:
    """A part of the Dockerfile from one FROM to the next.

    Attributes:
        base: What it is made from.
        steps: Instruction and the rest of each line.
    """

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.steps if name == instruction]


def stages(text: str) -> dict[str, Stage]:
    """Read a Dockerfile; give its stages by name, and what stands before them under ""."""
    found = {"": Stage("")}
    name = ""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = Stage(base)
        else:
            found[name].steps.append((instruction, rest))
    return found


STAGES = stages(DOCKERFILE)


def test_all_comes_from_one_python_that_can_be_chosen() -> None:
    assert STAGES[""].all("ARG") == ["PYTHON_IMAGE=python:3.12-slim-bookworm"]
    bases = {stage.base for name, stage in STAGES.items() if name}
    assert bases == {"${PYTHON_IMAGE}", "build", "run"}
    assert "latest" not in DOCKERFILE


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("server", '["audiocast", "serve"]'),
        ("operator", '["python3", "-m", "audiocast_operator"]'),
        ("notify", '["audiocast", "notify", "--host", "0.0.0.0"]'),
    ],
)
def test_a_target_runs_its_command_as_nobody(target: str, command: str) -> None:
    stage = STAGES[target]
    assert stage.all("CMD") == [command]
    assert stage.base == "run"
    assert STAGES["run"].all("USER") == ["10001:10001"]
    # Nothing is run on top, and nothing changes the user again.
    assert not {"RUN", "USER", "ADD", "VOLUME", "HEALTHCHECK"} & {name for name, _ in stage.steps}
    labels = " ".join(stage.all("LABEL") + STAGES["run"].all("LABEL"))
    for label in ("title", "description", "version", "revision", "licenses"):
        assert f"org.opencontainers.image.{label}=" in labels


def test_the_server_is_built_without_the_operator() -> None:
    # Engines without BuildKit build every stage up to the target.
    names = list(STAGES)
    assert names.index("server") < names.index("operator-build")


def test_only_locked_wheels_are_installed() -> None:
    runs = [run for stage in STAGES.values() for run in stage.all("RUN")]
    installs = [run for run in runs if " install " in run]
    assert len(installs) == 3
    for run in installs:
        assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(run.split())
    # No shell tricks: a command a step, and none that fetches.
    assert [run for run in runs if not re.fullmatch(r"python3 -m (pip|compileall) [\w ./:-]+", run)] == []
    assert not [rest for stage in STAGES.values() for rest in stage.all("ADD")]


def test_what_is_copied_is_here_and_is_not_ignored() -> None:
    copied = [
        source
        for stage in STAGES.values()
        for rest in stage.all("COPY")
        if not rest.startswith("--from=")
        for source in rest.split()[:-1]
    ]
    assert copied
    assert [source for source in copied if not (tree.ROOT / source).exists()] == []
    assert IGNORED[1] == "*"
    kept = [line.removeprefix("!") for line in IGNORED if line.startswith("!")]
    assert [source for source in copied if not any(_is_in(source, each) for each in kept)] == []
    assert [each for each in kept if not any(_is_in(source, each) for source in copied)] == []
    assert "**/__pycache__" in IGNORED


def test_the_command_is_a_program() -> None:
    command = tree.ROOT / "deploy" / "image" / "audiocast"
    assert os.access(command, os.X_OK)
    environment = {**os.environ, "PYTHONPATH": str(tree.ROOT)}
    done = subprocess.run(
        [sys.executable, command, "version"], env=environment, capture_output=True, text=True, timeout=180
    )
    assert done.stdout == f"{__version__}\n"


def test_make_image_builds_both(tmp_path: Path) -> None:
    engine, calls = tmp_path / "engine", tmp_path / "calls"
    engine.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    engine.chmod(0o755)
    assert make_image(str(engine), "IMAGE_ARGS=--network host").returncode == 0
    version = f"--build-arg VERSION={__version__}"
    assert calls.read_text().splitlines() == [
        "version",
        f"build --network host --target server {version} --tag audiocast:{__version__} .",
        f"build --network host --target operator {version} --tag audiocast-operator:{__version__} .",
    ]


def test_compose_runs_what_make_image_builds() -> None:
    compose = (tree.ROOT / "deploy" / "compose.yaml").read_text()
    assert re.findall(r"^  image: (audiocast.*)$", compose, re.MULTILINE) == [f"audiocast:{__version__}"]


def test_make_image_says_when_there_is_no_engine(tmp_path: Path) -> None:
    done = make_image(str(tmp_path / "none"))
    assert done.returncode != 0
    assert done.stderr.startswith("make image: expected a container engine that answers")


def make_image(engine: str, *variables: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--silent", "image", f"ENGINE={engine}", *variables]
    return subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, timeout=180)


def _is_in(source: str, pattern: str) -> bool:
    return fnmatch.fnmatch(source, pattern) or source.startswith(f"{pattern}/")
