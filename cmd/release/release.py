"""`make release` builds what is published of a version into a folder, `make publish` pushes it.

    python cmd/release/release.py build [--registry HOST/PATH] [--home-url URL] [--engine docker] [--need-all]
    python cmd/release/release.py push --registry HOST/PATH

What cannot be built on this machine is said in a line each, and the rest is built all the same; with
`--need-all` that is a failure. In the folder are SHA256SUMS of all else, which `sha256sum --check` reads,
and DIGESTS, by which a registry knows the images and, once they are pushed, the charts.
"""

import argparse
import hashlib
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import bills
import charts
import compose
import debian
import images
import wheels
from contents import ROOT, BuildFailed, NotBuilt, Release, committed_at, version_of

SUMS, DIGESTS = "SHA256SUMS", "DIGESTS"


def main() -> int:
    """Build or push; return the exit code."""
    options = _options().parse_args()
    # Files in packages are for everybody to read, whatever the builder's own files are.
    os.umask(0o022)
    version = version_of(ROOT)
    if options.tag not in ("", f"v{version}"):
        print(f"release: expected the tag v{version}, which is the version of the sources, got {options.tag}")
        return 1
    release = Release(version, options.output.resolve(), options.registry.strip("/"), committed_at(ROOT))
    try:
        return _push(release, options) if options.command == "push" else _build(release, options)
    except BuildFailed as error:
        print(f"release: {error}", file=sys.stderr)
        return 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("command", choices=["build", "push"])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder (%(default)s)")
    parser.add_argument("--registry", default="", help="where images will be pulled from, as HOST/PATH")
    parser.add_argument("--home-url", default="", help="address of the sources, for the index's page")
    parser.add_argument("--engine", default="docker", help="docker, podman or buildah")
    parser.add_argument("--image-args", default="", help="more for each build of an image")
    parser.add_argument("--platforms", default=images.PLATFORMS, help="of the images (%(default)s)")
    parser.add_argument("--debian", default="bookworm", choices=debian.RELEASES, help="of the .debs")
    parser.add_argument("--architectures", default="amd64,arm64", help="of the .debs (%(default)s)")
    parser.add_argument("--compression", default=debian.COMPRESSION, help="of the .debs (%(default)s)")
    parser.add_argument("--skip", default="", help="parts to leave out, with commas between them")
    parser.add_argument("--tag", default="", help="fail unless the version has this tag")
    parser.add_argument("--need-all", action="store_true", help="fail when a part cannot be built here")
    parser.add_argument("--plain-http", action="store_true", help="push to a registry without TLS")
    return parser


def _build(release: Release, options: argparse.Namespace) -> int:
    wheel: list[Path] = []

    def packages() -> list[Path]:
        wheel.extend(built := wheels.build(release, options.home_url))
        return built

    def debs() -> list[Path]:
        if not wheel:
            raise NotBuilt("there is no wheel to put into them")
        architectures = options.architectures.split(",")
        return debian.build(release, wheel[0], options.debian, architectures, compression=options.compression)

    parts: dict[str, Callable[[], list[Path]]] = {
        "python": packages,
        "debian": debs,
        "charts": lambda: charts.build(release),
        "sbom": lambda: bills.build(release),
        "compose": lambda: compose.build(release),
        "images": lambda: images.build(
            release, options.engine, options.platforms, shlex.split(options.image_args)
        ),
    }
    missing = 0
    for name, build in parts.items():
        if name in options.skip.split(","):
            continue
        try:
            built = build()
        except NotBuilt as error:
            missing += 1
            print(f"{name}: not built: {error}", flush=True)
            continue
        for path in built:
            print(f"{name}: {path.name} ({path.stat().st_size / 1e6:.1f} MB)", flush=True)
    _write_digests(release, images.digests_of(release))
    print(f"{_write_sums(release)} files in {release.output}, with {SUMS}")
    if not release.registry:
        print("No REGISTRY was set: charts and compose file name images without a registry.")
    return 1 if missing and options.need_all else 0


def _push(release: Release, options: argparse.Namespace) -> int:
    if not release.registry:
        print("make publish: expected REGISTRY=HOST/PATH, got none: this repository names none")
        return 2
    if not compose.is_of(release):
        print(f"make publish: expected a release for {release.registry}, got one for another REGISTRY")
        return 2
    try:
        digests = images.push(release, plain_http=options.plain_http)
    except NotBuilt as error:
        if options.need_all:
            raise BuildFailed(str(error)) from error
        digests = {}
        print(f"images: not pushed: {error}")
    digests |= charts.push(release, plain_http=options.plain_http)
    _write_digests(release, digests)
    for name, digest in digests.items():
        print(f"{name}@{digest}")
    return 0


def _write_digests(release: Release, digests: dict[str, str]) -> None:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
    (release.output / DIGESTS).write_text("".join(lines))


def _write_sums(release: Release) -> int:
    """Write the sums of all files there; return how many these are."""
    paths = [
        path
        for path in sorted(release.output.rglob("*"))
        if path.is_file() and path.name not in (SUMS, DIGESTS)
    ]
    lines = []
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(release.output).as_posix()}\n")
    (release.output / SUMS).write_text("".join(lines))
    return len(lines)


if __name__ == "__main__":
    sys.exit(main())
