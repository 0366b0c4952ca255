"""Of several processes that collect the tests, one is through before the others begin."""

import os
import subprocess
import sys
from pathlib import Path

from tests.repo import tree

SETTINGS = "[pytest]\naddopts = -p xdist"
# Notes which process imports it, before and after.
MODULE = """
import os, time
from pathlib import Path
def note():
    with Path(__file__).with_suffix(".notes").open("a") as notes:
        print(os.environ["PYTEST_XDIST_WORKER"], file=notes)
note()
time.sleep(0.5)
note()
def test_nothing(): pass
"""


def test_one_collects_before_the_others(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.support.run.first_collection"]')
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "test_example.py").write_text(MODULE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tree.ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    first, then, *others = (tmp_path / "test_example.notes").read_text().split()
    assert first == then
    assert len(others) == 2
    assert first not in others
