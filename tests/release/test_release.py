"""What `make release` builds, looked at and tried: wheel, charts, lists of contents, sums."""

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import helm_python
import pytest
import requests
from packaging.utils import canonicalize_name
from trove_classifiers import classifiers

from audiocast import __version__
from tests.helm.chart import Chart, containers_of, pod_of
from tests.release.building import HOME_URL, REGISTRY, build, build_or_fail
from tests.release.first_sound import wait_until_serving
from tests.release.package_index import download, serving_wheels
from tests.release.ways import WAYS, lines_of_readme
from tests.repo import tree
from tests.support.network.ports import free_ports

# The product's parts by their locks; requirements-run.lock and requirements.lock are for the sources.
BILLS = {
    "audiocast": "requirements-server.lock",
    "audiocast-client": "requirements-client.lock",
    "audiocast-operator": "requirements-operator.lock",
}
PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
# The first test of the file waits for the build, on a machine that others use, too.
pytestmark = pytest.mark.timeout(1500)
# Installing is bound by processors that others use, too.
RUN_SECONDS = 300


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release."""
    return build_or_fail(tmp_path_factory.mktemp("release"), "debian,images")


def wheel_of(release: Path) -> Path:
    (found,) = (release / "python").glob("*.whl")
    return found


def test_an_index_gets_classifiers_links_and_a_page_that_leads_to_the_sources(release: Path) -> None:
    with zipfile.ZipFile(wheel_of(release)) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(packed.read(name).decode())
    assert set(metadata.get_all("Classifier", [])) <= classifiers
    assert "Programming Language :: Python :: 3.11" in metadata.get_all("Classifier", [])
    links = dict(line.split(", ", 1) for line in metadata.get_all("Project-URL", []))
    assert {"Homepage", "Documentation", "Changelog", "Issues", "Source"} == set(links)
    assert all(link.startswith(HOME_URL) for link in links.values())
    page = metadata.get_payload()
    assert isinstance(page, str)
    targets = re.findall(r"\]\(([^)]+)\)|<img src=\"([^\"]+)", page)
    assert [each for pair in targets for each in pair if each and not re.match("https:|#", each)] == []
    assert f"{HOME_URL}/blob/v{__version__}/docs/install.md" in page


@pytest.fixture(scope="module")
def commands(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands that `pip install audiocast` has made, from an index on loopback alone."""
    folder = tmp_path_factory.mktemp("installed")
    download(folder / "wheels", "--require-hashes", "-r", str(tree.ROOT / "requirements-server.lock"))
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    wheels = [wheel_of(release), *(folder / "wheels").glob("*.whl")]
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "venv"), "install", "--quiet"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    with serving_wheels(folder / "index", wheels) as index:
        done = subprocess.run(
            [*pip, "--no-cache-dir", "--disable-pip-version-check", "--index-url", index, "audiocast"],
            env=environment | {"PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "venv" / "bin"


def test_what_pip_installs_from_an_index_is_heard(commands: Path, tmp_path: Path) -> None:
    port, internal_port = free_ports(2)
    settings = {"PORT": str(port), "INTERNAL_PORT": str(internal_port), "HOST": "127.0.0.1"}
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [commands / "audiocast", "serve"],
            env=settings | {"INTERNAL_HOST": "127.0.0.1"},
            stdout=log,
            stderr=log,
            text=True,
        )
    try:
        wait_until_serving(f"http://127.0.0.1:{internal_port}/readyz", server)
        base = f"http://127.0.0.1:{port}"
        # The wheel has all that the pages need, the WebAssembly decoder too.
        assert "data-wasm-decoder" in requests.get(f"{base}/listen/abc", timeout=60).text
        check = [str(commands / "audiocast"), "check", base]
        done = subprocess.run(check, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "2 s of audio heard" in done.stdout
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("name", BILLS)
def test_a_list_of_contents_names_each_locked_package(release: Path, name: str) -> None:
    text = (release / "sbom" / f"{name}-{__version__}.cdx.json").read_text()
    bill = json.loads(text)
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == (
        name,
        __version__,
    )
    listed = {(canonicalize_name(each["name"]), each["version"]): each for each in bill["components"]}
    locked = PIN.findall((tree.ROOT / BILLS[name]).read_text())
    npm = json.loads((tree.ROOT / "package-lock.json").read_text())["packages"]["node_modules/opus-decoder"]
    decoder = set() if name == "audiocast-operator" else {("opus-decoder", npm["version"])}
    assert set(listed) == {(canonicalize_name(each), version) for each, version in locked} | decoder
    assert [each["name"] for each in bill["components"] if not each.get("purl")] == []


def test_the_sums_are_those_of_all_files(release: Path) -> None:
    lines = (release / "SHA256SUMS").read_text().splitlines()
    files = {
        path.relative_to(release).as_posix()
        for path in release.rglob("*")
        if path.is_file() and path.name not in ("SHA256SUMS", "DIGESTS")
    }
    assert {line.partition("  ")[2] for line in lines} == files
    assert len(lines) == len(files) > 8
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    done = subprocess.run(command, cwd=release, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", ["audiocast", "audiocast-operator"])
def test_a_chart_is_of_the_release_and_names_its_image(release: Path, name: str, tmp_path: Path) -> None:
    helm_python.expand(tmp_path, release / "charts" / f"{name}-{__version__}.tgz")
    chart = Chart(tmp_path / name)
    images = {
        container["image"]
        for manifest in chart.manifests()
        if (pod := pod_of(manifest))
        for container in containers_of(pod)
    }
    assert images == {f"{REGISTRY}/{name}:{__version__}"}
    assert f'"{REGISTRY}/{name}"' in (tmp_path / name / "README.md").read_text()


def test_a_tag_of_another_version_is_refused(tmp_path: Path) -> None:
    done = build(tmp_path, "--tag", "v9.9.9")
    assert done.returncode == 1
    assert f"expected the tag v{__version__}" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_each_line_of_readme_is_tried_in_a_bare_debian_or_checked_by_its_own_program() -> None:
    # Compose's file and the chart have tests of their own (test_compose.py, tests/helm).
    checked = {"docker compose up --detach", "helm install live helm/audiocast"}
    assert set(lines_of_readme()) == {line for way in WAYS.values() for line in way.lines} | checked
    # The same lines are explained.
    explained = (tree.ROOT / "docs" / "install.md").read_text()
    assert [line for line in lines_of_readme() if line not in explained] == []
