"""Files that listen in real time begin first, at the usual priority; all others run lower, beside them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.repo import tree
from tests.support.run.priority import LOWER_BY

SETTINGS = (
    "[pytest]\nmarkers = realtime: see the plugin\naddopts = -p xdist --dist=loadfile --no-loadscope-reorder"
)
# The tests of a process run one by one: what a file notes tells when, where, and at what priority it ran. A
# program that the test starts has the priority of the test. realtime_1 and other_1 wait for each other, so
# that a slow process still finds its next file.
NOTES = """
import json, os, subprocess, sys, time
from pathlib import Path
import pytest
def note():
    own = Path(__file__)
    own.with_suffix(".begun").touch()
    there, here = ("other", "realtime") if "other" in own.name else ("realtime", "other")
    twin, deadline = own.with_name(own.name.replace(there, here)), time.monotonic() + 30
    while twin.exists() and not twin.with_suffix(".begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    code = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
    priority = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
    note = {"at": time.time(), "worker": os.environ["PYTEST_XDIST_WORKER"], "priority": priority}
    Path(__file__).with_suffix(".json").write_text(json.dumps(note))
"""
# A process asks for its next file when it has two tests left.
THREE = "".join(f"def test_{number}(): {{}}\n" for number in range(3))
OTHER = NOTES + THREE.format("note()", "pass", "pass")
REALTIME = NOTES + "pytestmark = pytest.mark.realtime\n" + THREE.format("note()", "pass", "pass")


def run(folder: Path, names: list[str]) -> dict[str, dict[str, object]]:
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.support.run.priority"]')
    (folder / "pytest.ini").write_text(SETTINGS)
    for name in names:
        (folder / f"test_{name}.py").write_text(REALTIME if name.startswith("realtime") else OTHER)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"]
    environment = {**os.environ, "PYTHONPATH": str(tree.ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, "--realtime-processes=1", *[f"test_{name}.py" for name in names]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return {name: json.loads((folder / f"test_{name}.json").read_text()) for name in names}


def test_each_process_begins_with_its_kind(tmp_path: Path) -> None:
    names = ["other_1", "other_2", "other_3", "realtime_1", "realtime_2", "realtime_3"]
    notes = run(tmp_path, names)
    kinds = {name: note["worker"] for name, note in notes.items()}
    assert kinds["realtime_1"] == kinds["realtime_2"] != kinds["other_1"] == kinds["other_2"]


def test_who_has_nothing_of_its_kind_left_takes_the_other(tmp_path: Path) -> None:
    names = ["other_1", "other_2", "other_3", "other_4", "other_5"]
    assert len({note["worker"] for note in run(tmp_path, names).values()}) == 2


def test_others_run_lower_with_all_that_they_start(tmp_path: Path) -> None:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    notes = run(tmp_path, ["realtime_1", "other_1"])
    assert notes["realtime_1"]["priority"] == usual
    assert notes["other_1"]["priority"] == min(19, usual + LOWER_BY)
