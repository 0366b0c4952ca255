"""What is in a wheel: the listener's decoder if npm could fetch it, and a whole server if it could not."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.repo import tree
from tests.support.processes.server import AudiocastServer

DECODER = "audiocast/web/static/player/live/opus-decoder.min.js"
LICENSE = "audiocast/web/static/player/live/opus-decoder.LICENSE.txt"
FETCHED = "/* the decoder */"
BUILD_SECONDS = 60.0

NPM_THAT_FETCHES = f"""#!/bin/sh
# Of the packages of the lock, which it insists on.
PATH=/usr/bin:/bin
test "$1" = ci || exit 1
grep -q opus-decoder package.json && grep -q '"integrity": "sha512-' package-lock.json || exit 1
mkdir -p node_modules/opus-decoder/dist
printf '%s' '{FETCHED}' > node_modules/opus-decoder/dist/opus-decoder.min.js
"""
NPM_THAT_FAILS = "#!/bin/sh\necho 'npm error network' >&2\nexit 1\n"


@dataclass
class Checkout:
    """A copy of the sources without the decoder, as git would give it, and an npm of its own.

    Attributes:
        folder: Of the sources.
        programs: Folder that is the whole PATH.
    """

    folder: Path
    programs: Path

    def give_npm(self, script: str) -> None:
        """Put an npm where programs are looked for."""
        npm = self.programs / "npm"
        npm.write_text(script)
        npm.chmod(0o755)

    def run(self, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        """Run a Python program there."""
        environment = {
            "PATH": str(self.programs),
            "PYTHONPATH": sysconfig.get_path("purelib"),
        }
        return subprocess.run(
            [python, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )

    def build(self, target: str) -> tuple[Path, str]:
        """Build a wheel or an sdist; give it, and what the build has said."""
        done = self.run("-m", "hatchling", "build", "-t", target, "-d", "dist")
        assert done.returncode == 0, done.stderr
        suffix = {"wheel": "*.whl", "sdist": "*.tar.gz"}[target]
        (built,) = (self.folder / "dist").glob(suffix)
        return built, done.stdout + done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, programs = tmp_path / "checkout", tmp_path / "programs"
    for path in tree.files():
        name = tree.name(path)
        if not name.startswith(("tests/", "helm/", "docs/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    programs.mkdir()
    assert not (folder / DECODER).exists()
    return Checkout(folder, programs)


def test_a_wheel_has_what_npm_has_fetched_and_its_licence(checkout: Checkout) -> None:
    checkout.give_npm(NPM_THAT_FETCHES)
    wheel, _ = checkout.build("wheel")
    with zipfile.ZipFile(wheel) as packed:
        assert packed.read(DECODER).decode() == FETCHED
        licence = (tree.ROOT / LICENSE).read_text()
        assert packed.read(LICENSE).decode() == licence
        licences = [name for name in packed.namelist() if ".dist-info/licenses/" in name]
        assert {Path(name).name for name in licences} == {"LICENSE", Path(LICENSE).name}
    assert "node_modules" not in os.listdir(checkout.folder)


def test_a_wheel_is_built_of_an_sdist_without_npm(checkout: Checkout, tmp_path: Path) -> None:
    checkout.give_npm(NPM_THAT_FETCHES)
    sdist, _ = checkout.build("sdist")
    checkout.give_npm(NPM_THAT_FAILS)
    with tarfile.open(sdist) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (folder,) = (tmp_path / "unpacked").iterdir()
    wheel, said = Checkout(folder, checkout.programs).build("wheel")
    with zipfile.ZipFile(wheel) as built:
        assert built.read(DECODER).decode() == FETCHED
    assert "npm" not in said


def test_a_wheel_that_was_built_without_npm_serves_all_the_rest(checkout: Checkout, tmp_path: Path) -> None:
    checkout.give_npm(NPM_THAT_FAILS)
    wheel, said = checkout.build("wheel")
    assert "no WebAssembly decoder: npm could not fetch it: npm error network" in said
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as built:
        assert DECODER not in built.namelist()
        built.extractall(installed)
    paths = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    with AudiocastServer(tmp_path / "server.log", **paths) as server:
        page = requests.get(f"{server.base}/listen/abc", timeout=10)
        decoder = requests.get(f"{server.base}/static/player/live/opus-decoder.min.js", timeout=10)
    assert page.status_code == 200
    assert "data-wasm-decoder" not in page.text
    assert decoder.status_code == 404


def test_without_npm_it_says_so_in_one_line(checkout: Checkout, tmp_path: Path) -> None:
    # The npm of .venv is found by the place of its Python.
    lonely = tmp_path / "lonely"
    lonely.mkdir()
    python = lonely / "python3"
    python.symlink_to(sys.executable)
    done = checkout.run("cmd/decoder.py", python=str(python))
    assert done.returncode == 1
    assert done.stderr == "no WebAssembly decoder: expected npm, which fetches it, found none\n"


def test_what_was_fetched_is_kept_until_the_lock_changes(checkout: Checkout) -> None:
    checkout.give_npm(NPM_THAT_FETCHES)
    assert checkout.run("cmd/decoder.py").returncode == 0
    checkout.give_npm(NPM_THAT_FAILS)
    assert checkout.run("cmd/decoder.py").returncode == 0
    decoder = checkout.folder / DECODER
    later = decoder.stat().st_mtime + 60
    os.utime(checkout.folder / "package-lock.json", (later, later))
    assert checkout.run("cmd/decoder.py").returncode == 1
    assert decoder.read_text() == FETCHED
