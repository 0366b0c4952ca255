"""The modules of the pages that know no browser, tried by Node.js: an hour of audio in seconds."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STATIC = "audiocast/web/static"
TESTS = "tests/browser"
# What a player does with a live stream, and what is done to a broadcaster's sound.
FOLDERS = ("live", "sound")
# An hour of samples is work for a processor that may have other work at the same time.
SECONDS = 900.0

pytestmark = pytest.mark.timeout(SECONDS + 20)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules and their tests where Node.js takes `.js` for modules, as browsers do."""
    folder = tmp_path_factory.mktemp("node")
    for name in (STATIC, *(f"{TESTS}/{each}" for each in FOLDERS)):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


@pytest.mark.parametrize(
    "name",
    sorted(f"{each}/{path.name}" for each in FOLDERS for path in (HERE / each).glob("*.test.js")),
)
def test_node_finds_nothing(copy: Path, name: str) -> None:
    command = ["node", "--test", f"{TESTS}/{name}"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "# fail 0" in done.stdout or "ℹ fail 0" in done.stdout
