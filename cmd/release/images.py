"""Both images for both processors, as OCI archives or into a registry, by the engine that there is.

docker builds them with buildx, podman and buildah with a manifest list. A processor that is not this
machine's is emulated: the kernel has to know how (Debian: qemu-user-static, binfmt-support).
"""

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

from contents import OPERATOR, ROOT, SERVER, BuildFailed, NotBuilt, Release, run

# By image: the Dockerfile's target.
TARGETS = {SERVER: "server", OPERATOR: "operator"}
PLATFORMS = "linux/amd64,linux/arm64"
ANSWER_SECONDS = 30


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
    folder = release.folder("images")
    archives = []
    for image, target in TARGETS.items():
        name = f"{release.repository(image)}:{release.version}"
        archive = folder / f"{image}-{release.version}.oci.tar"
        common = [*_common(release, target, platforms), *arguments]
        if _is_docker(engine):
            output = ["--output", f"type=oci,dest={archive}"]
            run([engine, "buildx", "build", *common, "--tag", name, *output, "."])
        else:
            _build_list(engine, name, common)
            run([engine, "manifest", "push", "--all", name, f"oci-archive:{archive}"])
        archives.append(archive)
    return archives


def push(release: Release, engine: str, platforms: str, arguments: list[str]) -> dict[str, str]:
    """Push both into the registry; return the digest of each by its name. The engine keeps what it has built.

    Raises:
        NotBuilt: There is no engine.
        BuildFailed: It failed, or the registry has refused.
    """
    _expect(engine)
    digests = {}
    with tempfile.TemporaryDirectory() as folder:
        for image, target in TARGETS.items():
            name = f"{release.repository(image)}:{release.version}"
            common = [*_common(release, target, platforms), *arguments]
            said = Path(folder, image)
            if _is_docker(engine):
                output = ["--push", "--metadata-file", str(said)]
                run([engine, "buildx", "build", *common, "--tag", name, *output, "."])
                digests[name] = str(json.loads(said.read_text())["containerimage.digest"])
            else:
                # A list that is not there any more is built again, from the engine's own store.
                _build_list(engine, name, common)
                run(
                    [engine, "manifest", "push", "--all", "--digestfile", str(said), name, f"docker://{name}"]
                )
                digests[name] = said.read_text().strip()
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
