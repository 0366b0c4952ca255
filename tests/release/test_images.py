"""Images of a release, with stand-ins for engines: what is asked of them, and what is said without one."""

import json
import shutil
import tarfile
from pathlib import Path

import pytest

from audiocast import __version__
from tests.release.building import REGISTRY, build, run

ALL_BUT_IMAGES = "python,debian,charts,sbom,compose"
BOTH = "linux/amd64,linux/arm64"
IMAGES = ("audiocast", "audiocast-operator")
DIGEST = f"sha256:{'ab' * 32}"

# It writes an archive, as docker does to `--output type=oci,dest=` and the others to `oci-archive:`. For
# skopeo it writes the digest of what a registry has taken.
ENGINE = """#!/bin/sh
echo "$@" >> {calls}
for word; do
    case "$word" in
    *,dest=*) cp {archive} "${{word##*=}}" ;;
    oci-archive:*) test "$1" = copy || cp {archive} "${{word##*:}}" ;;
    esac
    test "$before" = --digestfile && echo {digest} > "$word"
    before="$word"
done
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A file with a line for each call of the engines in `tmp_path`, docker and podman."""
    index, archive = tmp_path / "index.json", tmp_path / "archive"
    index.write_text(json.dumps({"manifests": [{"digest": DIGEST}]}))
    with tarfile.open(archive, "w") as packed:
        packed.add(index, "index.json")
    for name in ("docker", "podman"):
        (tmp_path / name).write_text(ENGINE.format(calls=tmp_path / "calls", archive=archive, digest=DIGEST))
        (tmp_path / name).chmod(0o755)
    return tmp_path / "calls"


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_both_are_built_for_both_processors(engine: str, calls: Path, tmp_path: Path) -> None:
    output = tmp_path / "dist"
    done = build(
        output,
        *("--engine", str(tmp_path / engine), "--registry", REGISTRY, "--need-all"),
        *("--image-args=--network host", "--skip", ALL_BUT_IMAGES),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    built = [line.split() for line in calls.read_text().splitlines() if "--target" in line]
    assert [words[words.index("--target") + 1] for words in built] == ["server", "operator"]
    for words, image in zip(built, IMAGES, strict=True):
        assert words[words.index("--platform") + 1] == BOTH
        assert f"--build-arg=VERSION={__version__}" in words
        assert f"{REGISTRY}/{image}:{__version__}" in words
        assert words[words.index("--network") + 1] == "host"
        assert f"{DIGEST}  {image}-{__version__}.oci.tar" in (output / "DIGESTS").read_text()
        assert f"images/{image}-{__version__}.oci.tar" in (output / "SHA256SUMS").read_text()


@pytest.mark.parametrize("taken", [DIGEST, f"sha256:{'cd' * 32}"])
def test_archives_are_pushed_as_they_are_and_their_digests_kept(
    taken: str, calls: Path, tmp_path: Path
) -> None:
    output, programs = tmp_path / "dist", tmp_path / "programs"
    (output / "images").mkdir(parents=True)
    for image in IMAGES:
        shutil.copyfile(tmp_path / "archive", output / "images" / f"{image}-{__version__}.oci.tar")
    programs.mkdir()
    text = ENGINE.format(calls=calls, archive=tmp_path / "archive", digest=taken)
    (programs / "skopeo").write_text(text)
    (programs / "skopeo").chmod(0o755)
    done = run("push", output, "--registry", REGISTRY, "--need-all", path=programs)
    names = [f"{REGISTRY}/{image}:{__version__}" for image in IMAGES]
    if taken != DIGEST:
        assert done.returncode == 1
        assert f"{names[0]}: expected {DIGEST} in the registry, got '{taken}'" in done.stderr
        return
    assert done.returncode == 0, done.stdout + done.stderr
    assert (output / "DIGESTS").read_text() == "".join(f"{DIGEST}  {name}\n" for name in sorted(names))
    pushed = [line.split() for line in calls.read_text().splitlines()]
    assert [words[-1] for words in pushed] == [f"docker://{name}" for name in names]
    assert all({"--all", "--preserve-digests", "--dest-tls-verify=true"} <= set(words) for words in pushed)


def test_nothing_is_pushed_without_a_registry(tmp_path: Path) -> None:
    done = run("push", tmp_path, "--engine", "none")
    assert done.returncode == 2
    assert "expected REGISTRY=HOST/PATH" in done.stdout


def test_a_release_for_another_registry_is_not_pushed(tmp_path: Path) -> None:
    # Its charts and its compose file would lead to images that are elsewhere.
    assert (
        build(tmp_path, "--registry", REGISTRY, "--skip", "python,debian,charts,sbom,images").returncode == 0
    )
    done = run("push", tmp_path, "--registry", "registry.example.org/others")
    assert done.returncode == 2
    assert "expected a release for registry.example.org/others" in done.stdout
    assert run("push", tmp_path, "--registry", REGISTRY).returncode == 0


def test_without_an_engine_it_says_so_and_builds_the_rest(tmp_path: Path) -> None:
    arguments = ("--engine", str(tmp_path / "none"), "--skip", "python,debian,sbom,compose")
    done = build(tmp_path / "dist", *arguments)
    assert done.returncode == 0, done.stderr
    assert has_line("images: not built: no container engine answers", done.stdout)
    assert has_line("No REGISTRY was set", done.stdout)
    assert len(list((tmp_path / "dist" / "charts").glob("*.tgz"))) == 2
    # A workflow that publishes wants all.
    assert build(tmp_path / "dist", *arguments, "--need-all").returncode == 1


def has_line(beginning: str, text: str) -> bool:
    """Return whether a line begins so."""
    return any(line.startswith(beginning) for line in text.splitlines())
