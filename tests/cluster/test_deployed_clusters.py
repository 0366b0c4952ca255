"""The files for clusters on one machine: what they say is what HAProxy, Compose and the server understand."""

import difflib
import re
import subprocess

import pytest

from audiocast.settings import Settings
from tests.support.processes.proxy_process import DEPLOY, SYSTEM_PATH

pytestmark = pytest.mark.realtime

MEMBERS = ["m1", "m2", "m3"]
SECRET = "a-secret-for-the-test"


def test_haproxys_rules_for_a_cluster_are_those_for_one_server() -> None:
    """Only servers are others, and what is said about them; a rule that is changed in one file is in both."""
    single, cluster = (
        (DEPLOY / "haproxy" / name).read_text().partition("#\n# One port takes everything.")[2].splitlines()
        for name in ("haproxy.cfg", "cluster.cfg")
    )
    changes = [line for line in difflib.ndiff(single, cluster) if line.startswith(("+", "-"))]
    removed = {line[2:].strip() for line in changes if line.startswith("-")}
    added = {line[2:].strip() for line in changes if line.startswith("+")}
    assert removed == {"server audiocast 127.0.0.1:8000"}
    words = {line.split()[0] for line in added if line and not line.startswith("#")}
    assert words == {
        "balance",
        "retries",
        "option",
        "default-server",
        "resolvers",
        "parse-resolv-conf",
        "server",
    }


def test_haproxy_takes_the_rules() -> None:
    command = ["haproxy", "-c", "-f", str(DEPLOY / "haproxy" / "cluster.cfg")]
    done = subprocess.run(command, env={"PATH": SYSTEM_PATH}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Configuration file is valid" in done.stdout


def test_compose_takes_the_file_and_members_are_haproxys_servers() -> None:
    resolved = compose(SECRET_KEYS=SECRET)
    assert resolved.returncode == 0, resolved.stderr
    services = re.findall(r"^  (\w+):$", resolved.stdout.partition("services:\n")[2], re.MULTILINE)
    assert sorted(services) == ["balancer", *MEMBERS]
    assert re.findall(r"NODE_NAME: (\w+)", resolved.stdout) == MEMBERS
    servers = re.findall(
        r"^    server (\w+) (\w+):8000$", (DEPLOY / "haproxy" / "cluster.cfg").read_text(), re.MULTILINE
    )
    assert servers == [(name, name) for name in MEMBERS] * 2


def test_composes_environment_is_good_for_the_server() -> None:
    resolved = compose(SECRET_KEYS=SECRET).stdout
    blocks = re.findall(r"    environment:\n((?:      .*\n)+)", resolved)
    assert len(blocks) == len(MEMBERS)
    for block in blocks:
        given = dict(re.findall(r"^      (\w+): '?(.*?)'?$", block, re.MULTILINE))
        names = {name.lower(): value for name, value in given.items()}
        assert set(names) <= set(Settings.model_fields)
        settings = Settings.model_validate(names)
        assert settings.drain_seconds < float(re.findall(r"stop_grace_period: (\d+)s", resolved)[0])
        assert settings.peers == "dns+members:8001"


def test_compose_wants_a_secret_of_ones_own() -> None:
    refused = compose()
    assert refused.returncode != 0
    assert "expected a secret of 16 characters or more" in refused.stderr


def compose(**environment: str) -> subprocess.CompletedProcess[str]:
    """Resolve the file."""
    return subprocess.run(
        ["docker-compose", "-f", str(DEPLOY / "compose.yaml"), "config"],
        env={"PATH": f"{SYSTEM_PATH}", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
