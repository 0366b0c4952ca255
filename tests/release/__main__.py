"""`make release-check`: README's install lines with what is in dist, in bare Debians, up to the first sound.

For each way a Debian is made that has nothing, and the way's own programs are put there (pipx). Then the
clock runs: from the line that installs until somebody has heard sound. Where the broadcaster is installed
that is a second of its music, decoded; else it is what `audiocast check` sends and hears. A package index
of the release's wheels and of those that the lock names is on loopback; what .debs need besides comes from
Debian's mirror. It needs root, debootstrap, and, for the charts' part, docker-registry.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.release import charts_registry, installed_package
from tests.release.bare_debian import BareDebian, end
from tests.release.first_sound import hear, wait_until_serving
from tests.release.package_index import download, serving_wheels
from tests.release.ways import WAYS, Way, here
from tests.repo import tree
from tests.support.network.ports import free_ports

MOST_SECONDS = 60.0
# What pipx puts into the environment that it installs with.
PIPX_NEEDS = ("pip", "setuptools", "wheel")
CHARTS = "charts"


def main() -> int:
    """Try the ways; return the exit code."""
    parser = argparse.ArgumentParser(prog="make release-check", description=__doc__)
    parser.add_argument("--dist", type=Path, default=tree.ROOT / "dist")
    parser.add_argument("--mirror", default="", help="of Debian; empty: debootstrap's own")
    parser.add_argument("--trees", type=Path, help="folder to keep bare Debians in, for the next run")
    parser.add_argument("--only", default=",".join((*WAYS, CHARTS)), help="ways, with commas between them")
    options = parser.parse_args()
    dist, only = options.dist.resolve(), options.only.split(",")
    missing = [name for name in ("debootstrap", "unshare") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        print(f"make release-check: expected root, debootstrap and unshare; not there: {missing}")
        return 1
    if not (dist / "SHA256SUMS").exists():
        print(f"make release-check: expected what `make release` builds in {dist}, found no SHA256SUMS")
        return 1
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=dist, check=True)
    ways = {name: way for name, way in WAYS.items() if name in only}
    with tempfile.TemporaryDirectory(prefix="audiocast-release-") as folder:
        # Not only root runs programs in it.
        Path(folder).chmod(0o755)
        trees = options.trees.resolve() if options.trees else Path(folder, "trees")
        trees.mkdir(parents=True, exist_ok=True)
        slow = try_ways(ways, dist, Path(folder), trees, options.mirror)
        if CHARTS in only:
            charts_registry.check(dist, Path(folder))
    print("\n".join(slow) or f"Good: {', '.join(only)}.")
    return 1 if slow else 0


def try_ways(ways: dict[str, Way], dist: Path, folder: Path, trees: Path, mirror: str) -> list[str]:
    """Install in each way; return a line for each that took too long.

    Args:
        ways: By name.
        dist: The release.
        folder: For index, log and the Debians that are installed in.
        trees: With bare Debians, or for them.
        mirror: Of Debian.
    """
    slow = []
    wheels = list((dist / "python").glob("*.whl"))
    if any(way.packages for way in ways.values()):
        print("Fetching the wheels of the index ...", flush=True)
        download(folder / "wheels", "--require-hashes", "-r", str(tree.ROOT / "requirements-client.lock"))
        download(folder / "wheels", *PIPX_NEEDS)
        wheels += (folder / "wheels").glob("*.whl")
    with serving_wheels(folder / "index", wheels) as index:
        for packages in sorted({way.packages for way in ways.values()}):
            tree_folder = trees / f"bookworm{f'-{packages}' if packages else ''}"
            if not tree_folder.exists():
                print(f"Making a bare Debian {f'with {packages} ' if packages else ''}...", flush=True)
                BareDebian.make(tree_folder, "bookworm", mirror, packages)
            for name, way in ways.items():
                if way.packages != packages:
                    continue
                with BareDebian(tree_folder).copy(folder / name) as debian:
                    for package in (dist / "debian").glob("*.deb"):
                        shutil.copyfile(package, debian.folder / "tmp" / package.name)
                    seconds = first_sound(way, debian, index, folder / "log")
                    if name == "deb":
                        installed_package.check(debian)
                if seconds > MOST_SECONDS:
                    slow.append(f"{way.lines}: {seconds:.0f} s, expected at most {MOST_SECONDS:.0f} s")
    return slow


def first_sound(way: Way, debian: BareDebian, index: str, log: Path) -> float:
    """Install, start a server, hear; return the seconds from the first line to the sound."""
    port, internal_port = free_ports(2)
    ports = {"PORT": str(port), "INTERNAL_PORT": str(internal_port)}
    began_at, before = time.monotonic(), _processor_seconds()
    for line in map(here, way.lines):
        print(f"  {line}", flush=True)
        debian.run(f"cd /tmp && {line}", PIP_INDEX_URL=index, PIP_DISABLE_PIP_VERSION_CHECK="1")
    installed_at, work = time.monotonic(), _processor_seconds() - before
    loopback = {"HOST": "127.0.0.1", "INTERNAL_HOST": "127.0.0.1"}
    server = debian.start(f"{way.commands}/audiocast serve", ports | loopback, log)
    wait_until_serving(f"http://127.0.0.1:{internal_port}/readyz", server)
    base = f"http://127.0.0.1:{port}"
    if way.has_client:
        client = debian.start(f"{way.commands}/audiocast-stream --server {base} --music", {}, log)
        hear(client, port)
        heard_at = time.monotonic()
        end(client)
    else:
        said = debian.run(f"{way.commands}/audiocast check {base}")
        heard_at = time.monotonic()
        print(f"    {said.strip()}")
    end(server)
    print(
        f"    installed after {installed_at - began_at:.1f} s (with {work:.1f} s of a processor),"
        f" heard after {heard_at - began_at:.1f} s"
    )
    return heard_at - began_at


def _processor_seconds() -> float:
    """Return what programs that have ended had of a processor; the rest of the time others had it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
