"""The shipped systemd unit: without a warning, with little exposed, and of a command that exists."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

from audiocast.settings import Settings
from audiocast.web.http.tls.certificate_files import CertificateFiles
from tests.support.network.certificates import make_pair

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "audiocast.service"
HOOK = ROOT / "deploy" / "certbot" / "audiocast.sh"
# In tenths, as systemd-analyze counts: 0 is a service shut off from everything, 100 one that may do all.
# What is left is the network, which is what the server is for.
MOST_EXPOSURE = 15


def exec_start() -> list[str]:
    found = re.findall(r"^ExecStart=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert len(found) == 1, f"expected one ExecStart, got {found}"
    return str(found[0]).split()


def test_it_starts_a_command_of_the_package() -> None:
    program, *arguments = exec_start()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert Path(program).name in project["scripts"]
    assert arguments == ["serve"]


def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    program = tmp_path / "audiocast"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(exec_start()[0], str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_little_is_exposed() -> None:
    done = subprocess.run(
        [
            *("systemd-analyze", "security", "--no-pager", "--offline=true"),
            *(f"--threshold={MOST_EXPOSURE}", "--json=short", str(UNIT)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    exposed = [row["name"] for row in json.loads(done.stdout) if row["exposure"] and not row["set"]]
    assert done.returncode == 0, f"over {MOST_EXPOSURE} tenths; open: {exposed} {done.stderr}"


def verify_with(name: str, drop_in: str, folder: Path) -> None:
    """Have systemd read the unit with a drop-in, where its command is a program that is there."""
    program = folder / "audiocast"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for place, content in ((UNIT.name, UNIT.read_text()), (f"{UNIT.name}.d/{name}", drop_in)):
        path = folder / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(content.replace(exec_start()[0], str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(folder / UNIT.name)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_drop_in_for_https_is_of_the_server_s_settings(tmp_path: Path) -> None:
    text = (UNIT.parent / "tls.conf").read_text()
    settings = dict(re.findall(r"\b([A-Z_]+)=(\S+)", " ".join(re.findall(r"(?m)^Environment=(.+)$", text))))
    assert {name.lower() for name in settings} <= set(Settings.model_fields)
    credentials = re.findall(r"^LoadCredential=(\S+?):", text, re.MULTILINE)
    assert [settings["TLS_CERTIFICATE"], settings["TLS_KEY"]] == [f"%d/{each}" for each in credentials]
    verify_with("tls.conf", text, tmp_path)


def test_the_drop_in_for_aliases_starts_the_same_command_with_an_option(tmp_path: Path) -> None:
    text = (UNIT.parent / "aliases.conf").read_text()
    started = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    assert [each.split() for each in started] == [[*exec_start(), "--aliases-file", "%d/aliases.toml"]]
    verify_with("aliases.conf", text, tmp_path)


def test_the_unit_that_tells_people_is_as_closed(tmp_path: Path) -> None:
    unit = UNIT.parent / "audiocast-notify.service"
    program = tmp_path / "audiocast"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(exec_start()[0], str(program)))
    for command in (
        ["verify", "--man=no", str(copy)],
        ["security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(unit)],
    ):
        done = subprocess.run(["systemd-analyze", *command], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    started = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
    assert started == [f"{exec_start()[0]} notify"]
    credentials = re.findall(r"^LoadCredential=(\S+?):", unit.read_text(), re.MULTILINE)
    named = re.findall(r"^Environment=NOTIFY_\w+_FILE=%d/(\S+)$", unit.read_text(), re.MULTILINE)
    assert credentials == named


async def test_certbot_s_hook_swaps_both_files_at_once(tmp_path: Path) -> None:
    lineage, folder = tmp_path / "live", tmp_path / "tls"
    lineage.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "RENEWED_LINEAGE": str(lineage),
        "AUDIOCAST_TLS": str(folder),
        "AUDIOCAST_TLS_GROUP": str(os.getgid()),
    }
    files = None
    expires = []
    for days in (2, 9):
        pair = make_pair(tmp_path, f"pair-{days}", days=days)
        shutil.copy(pair.certificate, lineage / "fullchain.pem")
        shutil.copy(pair.key, lineage / "privkey.pem")
        subprocess.run(["sh", str(HOOK)], env=environment, check=True, timeout=20)
        current = folder / "current"
        files = files or CertificateFiles(current / "tls.crt", current / "tls.key")
        await files.look()
        assert not files.is_refused
        expires.append(files.current.expires_at)
        assert oct((current / "tls.key").stat().st_mode)[-3:] == "640"
        # The link, and what it points to; nothing of before.
        assert len(list(folder.iterdir())) == 2
    assert expires[1] - expires[0] > 6 * 86_400
