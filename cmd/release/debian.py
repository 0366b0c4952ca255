"""Debian packages of server and client: a virtual environment of locked wheels, packed by dpkg-deb.

A package holds a virtual environment below /usr/lib, made file by file: pip unpacks wheels for the target's
Python and processor, and nothing of the target's is run. Compiled wheels tie it to one Python, so to one
release of Debian, and to one processor. What the packages run on their own is in deploy/debian.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from contents import ROOT, NotBuilt, Release, run

ASSETS = ROOT / "deploy" / "debian"
# Of Debian, by what stands in front of them in the names of wheels.
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
UNIT = "audiocast.service"
# Where deploy/systemd has the command, and where it is with the package.
COMMAND_BY_PIP, COMMAND = "/opt/audiocast/bin/audiocast", "/usr/bin/audiocast"
ICONS = ROOT / "clients" / "tk_streamer" / "window" / "icons"
# What dpkg-deb packs with, unless it is told otherwise: the smallest.
COMPRESSION = "xz"


@dataclass(frozen=True)
class DebianRelease:
    """A release of Debian.

    Attributes:
        suffix: Of versions of packages that are for it.
        python: Version of its Python, as in `3.11`.
        glibc: Minor version of its libc: wheels that ask for a newer one are not taken.
    """

    suffix: str
    python: str
    glibc: int


RELEASES = {"bookworm": DebianRelease("deb12", "3.11", 36), "trixie": DebianRelease("deb13", "3.13", 41)}

# By package: its lock, its commands with the functions behind them.
PACKAGES = {
    "audiocast": ("requirements-server.lock", {"audiocast": "audiocast.cli"}),
    "audiocast-client": (
        "requirements-client.lock",
        {"audiocast-stream": "tk_streamer.command.cli", "audiocast-tk": "tk_streamer.window.app"},
    ),
}

SCRIPT = """#!{python}
import sys

from {module} import main

sys.exit(main())
"""


def build(
    release: Release,
    wheel: Path,
    debian: str,
    architectures: list[str],
    *,
    compression: str = COMPRESSION,
    packages: tuple[str, ...] = tuple(PACKAGES),
) -> list[Path]:
    """Build the packages into `debian/`; return their paths.

    Args:
        release: Which.
        wheel: Of audiocast itself.
        debian: Name of the release of Debian.
        architectures: Debian's names of processors.
        compression: As dpkg-deb's `-Z`.
        packages: Which of `PACKAGES`.

    Raises:
        NotBuilt: There is no dpkg-deb.
        BuildFailed: A program that was needed has failed.
    """
    if shutil.which("dpkg-deb") is None:
        raise NotBuilt("there is no dpkg-deb; Debian and its relatives have it")
    folder = release.folder("debian")
    built = []
    for architecture in architectures:
        for package in packages:
            with tempfile.TemporaryDirectory() as root:
                _Tree(Path(root), package, RELEASES[debian], architecture, release).fill(wheel)
                version = f"{release.version}~{RELEASES[debian].suffix}"
                path = folder / f"{package}_{version}_{architecture}.deb"
                run(
                    ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", root, str(path)],
                    environment={**os.environ, "SOURCE_DATE_EPOCH": str(release.built_at)},
                )
                built.append(path)
    return built


class _Tree:
    """The files of one package, as they will be below `/`.

    Args:
        root: Empty folder for them.
        package: One of `PACKAGES`.
        target: Release of Debian.
        architecture: Debian's name of the processor.
        release: Of audiocast.
    """

    def __init__(
        self, root: Path, package: str, target: DebianRelease, architecture: str, release: Release
    ) -> None:
        # A temporary folder is its owner's alone, and would be / of the package.
        root.chmod(0o755)
        self._root, self._package, self._target = root, package, target
        self._architecture, self._release = architecture, release
        self._home = f"/usr/lib/{package}"

    def fill(self, wheel: Path) -> None:
        """Write all files; `wheel` is audiocast's own."""
        self._add_environment(wheel)
        documents = f"usr/share/doc/{self._package}"
        self._add(ROOT / "LICENSE", f"{documents}/copyright")
        self._add(ROOT / "CHANGELOG.md", f"{documents}/CHANGELOG.md")
        if self._package == "audiocast":
            self._add_service(documents)
        else:
            self._add_window()
        self._add_scripts()

    def _add_environment(self, wheel: Path) -> None:
        lock, commands = PACKAGES[self._package]
        site = self._root / self._home.lstrip("/") / "lib" / f"python{self._target.python}" / "site-packages"
        site.mkdir(parents=True)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as own:
            own.write(f"{wheel} --hash=sha256:{digest}\n")
            own.flush()
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
            command += ["--python-version", self._target.python, "--implementation", "cp", *self._platforms()]
            run([*command, "--target", str(site), "-r", str(ROOT / lock), "-r", own.name])
        # pip's own scripts would start the Python that has built this, and its notes tell where that was.
        shutil.rmtree(site / "bin", ignore_errors=True)
        for note in site.glob("*.dist-info/direct_url.json"):
            note.unlink()
        binaries = self._root / self._home.lstrip("/") / "bin"
        binaries.mkdir()
        (binaries / "python3").symlink_to("/usr/bin/python3")
        self._write(f"{self._home}/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n")
        for name, module in commands.items():
            text = SCRIPT.format(python=f"{self._home}/bin/python3", module=module)
            self._write(f"{self._home}/bin/{name}", text, mode=0o755)
            link = self._root / "usr" / "bin" / name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(f"../lib/{self._package}/bin/{name}")

    def _platforms(self) -> list[str]:
        """Return pip's options for all wheels that run on the target, the nearest first."""
        machine = ARCHITECTURES[self._architecture]
        names = [f"manylinux_2_{minor}_{machine}" for minor in range(self._target.glibc, 16, -1)]
        return [f"--platform={name}" for name in [*names, f"manylinux2014_{machine}", f"linux_{machine}"]]

    def _add_service(self, documents: str) -> None:
        assets, systemd = ASSETS / self._package, ROOT / "deploy" / "systemd"
        unit = (systemd / UNIT).read_text().replace(COMMAND_BY_PIP, COMMAND)
        # How to install it by hand, in its head, is not for this one.
        unit = unit[unit.index("[Unit]") :].replace(
            "EnvironmentFile=-/etc/audiocast/audiocast.env",
            "EnvironmentFile=-/etc/audiocast/secret-keys.env\nEnvironmentFile=-/etc/audiocast/audiocast.env",
        )
        self._write(f"usr/lib/systemd/system/{UNIT}", unit)
        for drop_in in sorted(systemd.glob("*.conf")):
            text = drop_in.read_text().replace(COMMAND_BY_PIP, COMMAND)
            self._write(f"{documents}/examples/{drop_in.name}", text)
        self._add(assets / "audiocast.sysusers", "usr/lib/sysusers.d/audiocast.conf")
        self._add(assets / "audiocast.env", "etc/audiocast/audiocast.env", mode=0o600)

    def _add_window(self) -> None:
        self._add(
            ROOT / "deploy" / "desktop" / "audiocast.desktop", "usr/share/applications/audiocast.desktop"
        )
        icons = "usr/share/icons/hicolor"
        self._add(ICONS / "audiocast.svg", f"{icons}/scalable/apps/audiocast.svg")
        for icon in sorted(ICONS.glob("audiocast-*.png")):
            side = re.sub(r"\D", "", icon.stem)
            self._add(icon, f"{icons}/{side}x{side}/apps/audiocast.png")

    def _add_scripts(self) -> None:
        major, minor = self._target.python.split(".")
        words = {
            "@VERSION@": f"{self._release.version}~{self._target.suffix}",
            "@ARCHITECTURE@": self._architecture,
            "@SIZE@": str(_kilobytes(self._root)),
            "@PYTHON@": f"{self._target.python}~",
            "@NEXT_PYTHON@": f"{major}.{int(minor) + 1}~",
            "@LIBC@": f"2.{self._target.glibc}",
        }
        for name in ("control", "conffiles", "postinst", "prerm", "postrm"):
            source = ASSETS / self._package / name
            if source.exists():
                text = source.read_text()
                for word, value in words.items():
                    text = text.replace(word, value)
                is_script = text.startswith("#!")
                self._write(f"DEBIAN/{name}", text, mode=0o755 if is_script else 0o644)

    def _add(self, source: Path, place: str, *, mode: int = 0o644) -> None:
        target = self._root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(mode)

    def _write(self, place: str, text: str, *, mode: int = 0o644) -> None:
        target = self._root / place.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)


def _kilobytes(root: Path) -> int:
    """Return how much a tree takes when it is installed, as Debian counts."""
    done = subprocess.run(["du", "-sk", "--apparent-size", root], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])
