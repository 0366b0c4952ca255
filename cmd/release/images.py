"""Both images for both processors, as OCI archives, by the engine that there is.

docker builds them with buildx, podman and buildah with a manifest list, and skopeo pushes them. A processor
that is not this machine's is emulated: the kernel has to know how (Debian: qemu-user-static,
binfmt-support).
"""

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from contents import OPERATOR, ROOT, SERVER, BuildFailed, NotBuilt, Release, run

# By image: the Dockerfile's target.
TARGETS = {SERVER: "server", OPERATOR: "operator"}
PLATFORMS = "linux/amd64,linux/arm64"
ANSWER_SECONDS = 30
# One index of all platforms, as docker writes it.
PUSH = ("manifest", "push", "--all", "--format", "oci")


def build(release: Release, engine: str, platforms: str, arguments: list[str]) -> list[Path]:
    """Build both into `images/`; return the archives.

    Args:
        release: Which.
        engine: `docker`, or the name of a program with podman's commands.
        platforms: Systems and processors with commas between them, as engines write them.
        arguments: More for each build.

    Raises:
        NotBuilt: There is no engine.
        BuildFailed: It failed.
    """
    _expect(engine)
    release.folder("images")
    archives = []
    for image, target in TARGETS.items():
        name = f"{release.repository(image)}:{release.version}"
        archive = _archive(release, image)
        common = [*_common(release, target, platforms), *arguments]
        if _is_docker(engine):
            output = ["--output", f"type=oci,dest={archive}"]
            run([engine, "buildx", "build", *common, "--tag", name, *output, "."])
        else:
            _build_list(engine, name, common)
            run([engine, *PUSH, name, f"oci-archive:{archive}"])
        if not archive.exists():
            raise BuildFailed(f"{archive.name}: {engine} has written none")
        archives.append(archive)
    return archives


def push(release: Release, *, plain_http: bool = False) -> dict[str, str]:
    """Push the archives that were built, as they are; return the digest of each by its name.

    Raises:
        NotBuilt: There is none, or nothing to push it with.
        BuildFailed: The registry has refused.
    """
    archives = {image: _archive(release, image) for image in TARGETS}
    missing = [archive.name for archive in archives.values() if not archive.exists()]
    if missing:
        raise NotBuilt(f"{', '.join(missing)} was not built")
    if shutil.which("skopeo") is None:
        raise NotBuilt("there is no skopeo, which copies archives to a registry; Debian has it")
    digests = {}
    tls = f"--dest-tls-verify={'false' if plain_http else 'true'}"
    with tempfile.TemporaryDirectory() as folder:
        for image, archive in archives.items():
            name, said = f"{release.repository(image)}:{release.version}", Path(folder, image)
            options = ["--all", "--preserve-digests", tls, "--digestfile", str(said)]
            run(["skopeo", "copy", *options, f"oci-archive:{archive}", f"docker://{name}"])
            digests[name] = said.read_text().strip()
            built = digest_of(archive)
            if digests[name] != built:
                raise BuildFailed(f"{name}: expected {built} in the registry, got {digests[name]!r}")
    return digests


def digests_of(release: Release) -> dict[str, str]:
    """Return the digests of the archives that were built, by image."""
    return {path.name: digest_of(path) for path in sorted((release.output / "images").glob("*.oci.tar"))}


def digest_of(archive: Path) -> str:
    """Return the digest by which a registry will know an archive's image."""
    with tarfile.open(archive) as packed:
        index = packed.extractfile("index.json")
        manifests = json.load(index)["manifests"] if index else []
    if len(manifests) != 1:
        raise BuildFailed(f"{archive.name}: expected one image of all platforms, got {len(manifests)}")
    return str(manifests[0]["digest"])


def _archive(release: Release, image: str) -> Path:
    return release.output / "images" / f"{image}-{release.version}.oci.tar"


def _common(release: Release, target: str, platforms: str) -> list[str]:
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    arguments = [f"VERSION={release.version}", f"REVISION={revision}"]
    return ["--platform", platforms, "--target", target, *(f"--build-arg={each}" for each in arguments)]


def _build_list(engine: str, name: str, common: list[str]) -> None:
    # A list that an earlier build has left would have the images of both.
    subprocess.run([engine, "manifest", "rm", name], cwd=ROOT, capture_output=True, check=False)
    run([engine, "build", *common, "--manifest", name, "."])


def _is_docker(engine: str) -> bool:
    return Path(engine).name == "docker"


def _expect(engine: str) -> None:
    """Raise `NotBuilt` unless there is an engine."""
    try:
        subprocess.run([engine, "version"], capture_output=True, timeout=ANSWER_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        raise NotBuilt(
            f"no container engine answers `{engine} version`; ENGINE names another, as in ENGINE=podman"
        ) from None
