"""What may be tried again is tried again, and nothing else: the verdict of a run is right in each case."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo import tree

# A run of pytest for each case, and up to three more for its second tries.
pytestmark = pytest.mark.timeout(1200)

HEAD = """
from pathlib import Path
import pytest
def runs(name):
    count = Path(__file__).with_name(name + ".runs")
    count.write_text(str(int(count.read_text() if count.exists() else 0) + 1))
    return int(count.read_text())
"""
SETTINGS = "[pytest]\nmarkers = realtime: see the plugin\naddopts = -p xdist"
REALTIME = "@pytest.mark.realtime\n"
GOOD = "def test_good(): pass\n"


def fails(name: str, *, times: int) -> str:
    return f"def test_{name}(): assert runs('{name}') > {times}, 'too early'\n"


FIXTURE = """
@pytest.fixture(scope="module")
def fresh(): assert runs("fresh") > 1, "not there yet"
@pytest.mark.realtime
def test_one(fresh): pass
@pytest.mark.realtime
def test_two(fresh): pass
"""
TEARDOWN = """
@pytest.fixture
def left():
    yield
    assert runs("left") > 1, "not left"
@pytest.mark.realtime
def test_left(left): pass
"""


def outcome(folder: Path, text: str, *options: str) -> tuple[int, str]:
    """Run a file of tests; return the exit code and what was printed."""
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.support.run.second_tries"]')
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_example.py").write_text(HEAD + text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "PYTHONPATH": str(tree.ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


def runs(folder: Path, name: str) -> int:
    return int((folder / f"{name}.runs").read_text())


def test_all_is_well(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, GOOD, "--realtime-tries=3")
    assert code == 0
    assert "none needed a second try" in text
    assert re.match(r"1 passed in ", text.splitlines()[-1])


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_marked_test_that_fails_once_passes(tmp_path: Path, processes: str) -> None:
    text = GOOD + REALTIME + fails("once", times=1)
    code, text = outcome(tmp_path, text, "--realtime-tries=3", "-n", processes)
    assert code == 0
    assert "too early" in text
    assert "passed at the second try   test_example.py::test_once" in text
    assert re.match(r"2 passed in ", text.splitlines()[-1])


def test_a_marked_test_has_three_tries_and_no_more(tmp_path: Path) -> None:
    text = GOOD + REALTIME + fails("twice", times=2) + REALTIME + fails("always", times=99)
    code, text = outcome(tmp_path, text, "--realtime-tries=3")
    assert code == 1
    assert "passed at the third try    test_example.py::test_twice" in text
    assert "failed 3 of 3 times        test_example.py::test_always" in text
    assert (runs(tmp_path, "twice"), runs(tmp_path, "always")) == (3, 3)
    assert re.match(r"1 failed, 2 passed in ", text.splitlines()[-1])


@pytest.mark.parametrize("processes", ["0", "2"])
def test_an_unmarked_test_that_fails_is_not_tried_again(tmp_path: Path, processes: str) -> None:
    text = GOOD + fails("once", times=1) + REALTIME + fails("marked", times=1)
    code, text = outcome(tmp_path, text, "--realtime-tries=3", "-n", processes)
    assert code == 1
    # A marked one beside it neither: the verdict stands.
    assert (runs(tmp_path, "once"), runs(tmp_path, "marked")) == (1, 1)
    assert re.match(r"2 failed, 1 passed in ", text.splitlines()[-1])
    assert "nothing was tried again: something else failed too" in text
    assert re.search(r"^failed 1 of 1 times +test_example.py::test_marked$", text, re.MULTILINE)


def test_an_error_of_collection_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import no_such_module")
    options = ["--realtime-tries=3", "--continue-on-collection-errors"]
    code, _ = outcome(tmp_path, REALTIME + fails("once", times=1), *options)
    assert (code, runs(tmp_path, "once")) == (1, 1)


def test_fixtures_are_made_anew_once_for_a_file(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, FIXTURE, "--realtime-tries=3")
    assert code == 0
    assert runs(tmp_path, "fresh") == 2
    assert re.match(r"2 passed in ", text.splitlines()[-1])


def test_what_a_fixture_finds_at_the_end_counts(tmp_path: Path) -> None:
    code, text = outcome(tmp_path, TEARDOWN, "--realtime-tries=3")
    assert code == 0
    assert re.match(r"1 passed in ", text.splitlines()[-1])


def test_without_the_option_nothing_is_tried_again(tmp_path: Path) -> None:
    code, _ = outcome(tmp_path, REALTIME + fails("once", times=1))
    assert (code, runs(tmp_path, "once")) == (1, 1)
