"""The .debs, unpacked where they were built: what is in them, who may read it, and what their scripts do."""

import re
import subprocess
from pathlib import Path

import pytest
from packaging.markers import Marker

from audiocast import __version__
from tests.release.building import build_or_fail
from tests.repo import tree

ASSETS = tree.ROOT / "deploy" / "debian"
PACKAGES = ["audiocast", "audiocast-client"]
LOCKS = ["requirements-server.lock", "requirements-client.lock"]
# The first test of the file waits for the build, on a machine that others use, too.
pytestmark = pytest.mark.timeout(1500)

RUN_SECONDS = 300
# A marker may tell systems and interpreters apart. pip asks its own Python, not the target's, for the rest.
TARGETS_OWN = re.compile(r"python_version|python_full_version|platform_machine")
# Programs of Debian that the scripts call; each notes that it was called.
STAND_IN = '#!/bin/sh\necho "$(basename "$0") $*" >> "{calls}"\n'
CALLED = (
    "systemd-sysusers",
    "py3compile",
    "py3clean",
    "deb-systemd-helper",
    "deb-systemd-invoke",
    "systemctl",
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release that has wheel and .debs alone."""
    return build_or_fail(tmp_path_factory.mktemp("release"), "charts,sbom,compose,images")


def deb(release: Path, package: str) -> Path:
    return release / "debian" / f"{package}_{__version__}~deb12_amd64.deb"


@pytest.fixture(scope="module")
def trees(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each package, with its files and, in DEBIAN, its scripts."""
    folders = {package: tmp_path_factory.mktemp(package) for package in PACKAGES}
    for package, folder in folders.items():
        subprocess.run(["dpkg-deb", "--raw-extract", str(deb(release, package)), str(folder)], check=True)
    return folders


def field(folder: Path, name: str) -> str:
    found = re.search(rf"^{name}: (.+)$", (folder / "DEBIAN" / "control").read_text(), re.MULTILINE)
    assert found, f"expected a field {name}"
    return found[1]


@pytest.mark.parametrize("package", PACKAGES)
def test_it_is_for_one_debian_and_one_processor(package: str, trees: dict[str, Path]) -> None:
    folder = trees[package]
    assert (field(folder, "Package"), field(folder, "Architecture")) == (package, "amd64")
    assert field(folder, "Version") == f"{__version__}~deb12"
    assert {"python3 (>= 3.11~)", "python3 (<< 3.12~)", "libc6 (>= 2.36)"} <= set(
        field(folder, "Depends").split(", ")
    )
    assert "@" not in (folder / "DEBIAN" / "control").read_text()
    compiled = [path.name for path in (folder / "usr/lib").rglob("*.so")]
    assert compiled
    assert [name for name in compiled if not re.search(r"cpython-311-x86_64|abi3|\.libs|^lib", name)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_all_may_read_what_is_no_secret_and_nobody_may_write(package: str, trees: dict[str, Path]) -> None:
    folder = trees[package]
    modes = {
        f"/{path.relative_to(folder)}": path.stat().st_mode & 0o7777
        for path in folder.rglob("*")
        if not path.is_symlink() and "DEBIAN" not in path.parts
    }
    secret = {"/etc/audiocast/audiocast.env": 0o600} if package == "audiocast" else {}
    assert {name: mode for name, mode in modes.items() if mode not in (0o755, 0o644)} == secret
    where = str(folder)
    notes = [path for path in folder.rglob("*.dist-info/*") if path.suffix in (".json", ".txt")]
    assert [path for path in notes if "file:" in path.read_text() or where in path.read_text()] == []


@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("audiocast", "audiocast"),
        ("audiocast-client", "audiocast-stream"),
        ("audiocast-client", "audiocast-tk"),
    ],
)
def test_its_commands_are_run_by_debians_python_with_its_own_packages(
    package: str, command: str, trees: dict[str, Path]
) -> None:
    folder = trees[package]
    link = folder / "usr/bin" / command
    home = f"/usr/lib/{package}"
    assert (link.parent / link.readlink()).resolve() == (
        folder / f"usr/lib/{package}/bin/{command}"
    ).resolve()
    python = folder / f"usr/lib/{package}/bin/python3"
    assert str(python.readlink()) == "/usr/bin/python3"
    script = link.resolve()
    assert script.read_text().startswith(f"#!{home}/bin/python3\n")
    asked = "version" if command == "audiocast" else "--help"
    done = subprocess.run(
        [python, "-B", script, asked], env={}, capture_output=True, text=True, timeout=RUN_SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{__version__}\n" if asked == "version" else f"usage: {command}")


def test_the_service_starts_the_packages_command_with_both_files_of_settings(
    trees: dict[str, Path], tmp_path: Path
) -> None:
    folder = trees["audiocast"]
    shipped = (folder / "usr/lib/systemd/system/audiocast.service").read_text()
    assert re.findall(r"^ExecStart=(.+)$", shipped, re.MULTILINE) == ["/usr/bin/audiocast serve"]
    # What an administrator has written comes last, and so counts.
    assert re.findall(r"^EnvironmentFile=-(.+)$", shipped, re.MULTILINE) == [
        "/etc/audiocast/secret-keys.env",
        "/etc/audiocast/audiocast.env",
    ]
    program = tmp_path / "audiocast"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "audiocast.service"
    unit.write_text(shipped.replace("/usr/bin/audiocast", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=180
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    drop_ins = list((folder / "usr/share/doc/audiocast/examples").glob("*.conf"))
    assert len(drop_ins) == 2
    assert [path for path in (*drop_ins, unit) if "/opt/" in path.read_text()] == []
    sysusers = folder / "usr/lib/sysusers.d/audiocast.conf"
    command = ["systemd-sysusers", f"--root={tmp_path}", "--dry-run", str(sysusers)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr


def test_the_desktop_gets_an_entry_with_icons(trees: dict[str, Path]) -> None:
    share = trees["audiocast-client"] / "usr/share"
    entry = share / "applications/audiocast.desktop"
    assert subprocess.run(["desktop-file-validate", str(entry)]).returncode == 0
    icons = {path.parent.parent.name for path in share.glob("icons/hicolor/*/apps/audiocast.*")}
    assert {"scalable", "16x16", "48x48", "256x256"} <= icons


@pytest.mark.parametrize("lock", LOCKS)
def test_a_package_for_another_python_has_what_its_lock_names(lock: str) -> None:
    markers = re.findall(r"^[\w.-]+==\S+ ; (.+?) \\$", (tree.ROOT / lock).read_text(), re.MULTILINE)
    assert [each for each in markers if TARGETS_OWN.search(str(Marker(each)))] == []


class Machine:
    """A folder in the place of /etc/audiocast, and stand-ins for the programs that the scripts call."""

    def __init__(self, folder: Path) -> None:
        self.etc = folder / "etc"
        self.etc.mkdir()
        self.calls = folder / "calls"
        self._programs = folder / "bin"
        self._programs.mkdir()
        for name in CALLED:
            (self._programs / name).write_text(STAND_IN.format(calls=self.calls))
            (self._programs / name).chmod(0o755)

    def run(self, script: str, *arguments: str) -> list[str]:
        """Run a script of the server's package; return what it has called."""
        text = (ASSETS / "audiocast" / script).read_text()
        text = text.replace("/etc/audiocast", str(self.etc)).replace("/run/systemd/system", str(self.etc))
        text = text.replace("/usr/bin/deb-systemd-helper", str(self._programs / "deb-systemd-helper"))
        self.calls.write_text("")
        path = f"{self._programs}:/usr/bin:/bin"
        done = subprocess.run(
            ["sh", "-c", text, script, *arguments], env={"PATH": path}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return self.calls.read_text().splitlines()


def test_the_secret_is_made_once_and_only_root_may_read_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    called = machine.run("postinst", "configure", "")
    secret = machine.etc / "secret-keys.env"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert re.search(r"^SECRET_KEYS=[0-9a-f]{48}$", secret.read_text(), re.MULTILINE)
    assert called[:2] == ["systemd-sysusers audiocast.conf", "py3compile -p audiocast /usr/lib/audiocast"]
    assert called[-1] == "deb-systemd-invoke start audiocast.service"
    before = secret.read_text()
    assert machine.run("postinst", "configure", "0.0.9")[-1] == "deb-systemd-invoke restart audiocast.service"
    assert secret.read_text() == before
    assert [path.name for path in machine.etc.iterdir()] == ["secret-keys.env"]


def test_purging_takes_away_what_the_package_has_made_and_no_more(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.run("postinst", "configure", "")
    aliases = machine.etc / "aliases.toml"
    aliases.write_text("")
    assert "deb-systemd-invoke stop audiocast.service" in machine.run("prerm", "remove")
    machine.run("postrm", "remove")
    assert (machine.etc / "secret-keys.env").exists()
    assert "deb-systemd-helper purge audiocast.service" in machine.run("postrm", "purge")
    assert [path.name for path in machine.etc.iterdir()] == ["aliases.toml"]
    aliases.unlink()
    machine.run("postrm", "purge")
    assert not machine.etc.exists()
