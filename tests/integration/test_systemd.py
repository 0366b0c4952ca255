"""The shipped systemd unit: without a warning, with little exposed, and of a command that exists."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "audiocast.service"
# In tenths, as systemd-analyze counts: 0 is a service shut off from everything, 100 one that may do all.
# What is left is the network, which is what the server is for.
MOST_EXPOSURE = 15


def exec_start() -> list[str]:
    found = re.findall(r"^ExecStart=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert len(found) == 1, f"expected one ExecStart, got {found}"
    return str(found[0]).split()


def test_it_starts_a_command_of_the_package() -> None:
    program, *arguments = exec_start()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert Path(program).name in project["scripts"]
    assert arguments == ["serve"]


def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    program = tmp_path / "audiocast"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(exec_start()[0], str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_little_is_exposed() -> None:
    done = subprocess.run(
        [
            *("systemd-analyze", "security", "--no-pager", "--offline=true"),
            *(f"--threshold={MOST_EXPOSURE}", "--json=short", str(UNIT)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    exposed = [row["name"] for row in json.loads(done.stdout) if row["exposure"] and not row["set"]]
    assert done.returncode == 0, f"over {MOST_EXPOSURE} tenths; open: {exposed} {done.stderr}"
