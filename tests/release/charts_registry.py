"""Both charts, pushed as `make publish` does into a real registry on loopback, and pulled again."""

import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

import helm_python
import requests

from tests.repo import tree
from tests.support.network.ports import free_ports

START_SECONDS = 60.0
CONFIGURATION = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def check(dist: Path, folder: Path) -> None:
    """Push the charts of a release and look at what is there; say so where there is no registry to be had.

    Args:
        dist: The release.
        folder: For the registry's files.
    """
    program = shutil.which("docker-registry")
    if program is None:
        print("charts: not pushed: there is no docker-registry (a package of Debian)")
        return
    copy = folder / "dist"
    (copy / "charts").mkdir(parents=True)
    for package in (dist / "charts").glob("*.tgz"):
        shutil.copyfile(package, copy / "charts" / package.name)
    (port,) = free_ports(1)
    (folder / "registry.yml").write_text(CONFIGURATION.format(folder=folder / "registry", port=port))
    with (folder / "registry.log").open("wb") as log:
        registry = subprocess.Popen([program, "serve", str(folder / "registry.yml")], stdout=log, stderr=log)
    try:
        _push_and_pull(copy, f"127.0.0.1:{port}", registry)
    finally:
        registry.terminate()
        registry.wait()


def _push_and_pull(dist: Path, registry: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(f"http://{registry}/v2/", timeout=1)
            break
        except requests.RequestException:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
    script = tree.ROOT / "cmd" / "release" / "release.py"
    command = [sys.executable, str(script), "push", "--registry", registry, "--output", str(dist)]
    done = subprocess.run([*command, "--plain-http", "--engine", "none"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in (dist / "DIGESTS").read_text().splitlines()]
    digests = {reference: digest for digest, reference in lines}
    assert len(digests) == 2, digests
    for reference, digest in digests.items():
        name, _, version = reference.removeprefix(f"{registry}/").rpartition(":")
        manifest = requests.get(
            f"http://{registry}/v2/{name}/manifests/{version}",
            headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
            timeout=10,
        )
        assert f"sha256:{hashlib.sha256(manifest.content).hexdigest()}" == digest, reference
        pulled = dist / "pulled"
        pulled.mkdir(exist_ok=True)
        helm_python.pull(f"oci://{registry}/{name}", version=version, destination=pulled, plain_http=True)
        package = f"{name.rpartition('/')[2]}-{version}.tgz"
        assert (pulled / package).read_bytes() == (dist / "charts" / package).read_bytes()
        print(f"  {reference}@{digest} pushed and pulled")
