"""The folder for `docker compose up` with HTTPS: what Compose, Caddy and the server understand of it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from audiocast import __version__
from audiocast.notify.command import DEFAULT_PORT
from audiocast.setting_groups.webhook_settings import webhook_targets
from audiocast.settings import Settings
from tests.release.building import REGISTRY, build
from tests.support.processes.caddy_process import CADDYFILE, CaddyProcess
from tests.support.processes.proxy_process import DEPLOY, SYSTEM_PATH
from tests.support.processes.server import AudiocastServer

FOLDER = DEPLOY / "https"
SECRET = "a-secret-for-the-test"
SITE = "radio.example.org"
RUN_SECONDS = 180


def compose(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Have Compose resolve the file of a folder."""
    return subprocess.run(
        ["docker-compose", "-f", str(folder / "compose.yaml"), "config"],
        env={"PATH": SYSTEM_PATH, **environment},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )


def services_of(folder: Path) -> dict[str, Any]:
    resolved = compose(folder, SITE=SITE, SECRET_KEYS=SECRET)
    assert resolved.returncode == 0, resolved.stderr
    services: dict[str, Any] = yaml.safe_load(resolved.stdout)["services"]
    return services


def test_compose_takes_the_file_and_the_server_its_settings() -> None:
    services = services_of(FOLDER)
    assert set(services) == {"audiocast", "caddy"}
    given = services["audiocast"]["environment"]
    settings = Settings.model_validate({name.lower(): value for name, value in given.items()})
    assert (settings.stream_domain, settings.stream_scheme) == (SITE, "https")
    # Nothing but Caddy is open, and Caddy has the Caddyfile that stands beside the file.
    assert "ports" not in services["audiocast"]
    assert {port["target"] for port in services["caddy"]["ports"]} == {80, 443}
    assert services["caddy"]["environment"] == {"SITE": SITE}
    assert f"{CADDYFILE}:/etc/caddy/Caddyfile:ro" in services["caddy"]["volumes"]
    assert f"{{$UPSTREAM:audiocast:{Settings().port}}}" in CADDYFILE.read_text()


@pytest.mark.parametrize(
    ("given", "missing"),
    [({"SITE": SITE}, "expected a secret"), ({"SECRET_KEYS": SECRET}, "expected the name of this site")],
)
def test_compose_wants_a_name_and_a_secret(given: dict[str, str], missing: str) -> None:
    refused = compose(FOLDER, **given)
    assert refused.returncode != 0
    assert missing in refused.stderr


def test_a_release_pulls_its_own_image_and_builds_none(tmp_path: Path) -> None:
    assert services_of(FOLDER)["audiocast"]["image"] == f"audiocast:{__version__}"
    done = build(tmp_path, "--registry", REGISTRY, "--skip", "python,debian,charts,sbom,images")
    assert done.returncode == 0, done.stderr
    server = services_of(tmp_path / "compose")["audiocast"]
    assert server["image"] == f"{REGISTRY}/audiocast:{__version__}"
    assert "build" not in server
    assert (tmp_path / "compose" / "Caddyfile").read_bytes() == CADDYFILE.read_bytes()


def test_caddy_finds_nothing_against_the_caddyfile(tmp_path: Path) -> None:
    done = subprocess.run(
        ["caddy", "adapt", "--validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
        env={"PATH": SYSTEM_PATH, "SITE": SITE, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"(?i)warn.*", done.stderr) == []
    assert SITE in done.stdout


def test_what_is_sent_through_caddy_is_heard_through_caddy(tmp_path: Path) -> None:
    with (
        AudiocastServer(tmp_path / "server.log") as server,
        CaddyProcess(tmp_path / "caddy", server.port) as caddy,
    ):
        redirected = requests.get(f"http://localhost:{caddy.plain_port}/", allow_redirects=False, timeout=60)
        assert (redirected.status_code, redirected.headers["Location"][:17]) == (308, "https://localhost")
        started = requests.post(f"{caddy.base}/api/start", verify=str(caddy.authority), timeout=60).json()
        assert started["listen_url"].startswith(f"{caddy.base}/listen/")
        # As "docker compose" has it, with the authority in the place of those that the world trusts.
        done = subprocess.run(
            [sys.executable, "-m", "audiocast", "check", caddy.base],
            env={**os.environ, "SSL_CERT_FILE": str(caddy.authority)},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_people_are_told_by_a_service_beside_the_server() -> None:
    both = ["-f", str(FOLDER / "compose.yaml"), "-f", str(DEPLOY / "notify" / "compose.yaml")]
    secret = "whsec_" + "MDEy" * 8
    resolved = subprocess.run(
        ["docker-compose", *both, "config"],
        env={"PATH": SYSTEM_PATH, "SITE": SITE, "SECRET_KEYS": SECRET, "WEBHOOK_SECRETS": secret},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
    assert resolved.returncode == 0, resolved.stderr
    services = yaml.safe_load(resolved.stdout)["services"]
    assert set(services) == {"audiocast", "caddy", "notify"}
    given = services["audiocast"]["environment"]
    settings = Settings.model_validate({name.lower(): value for name, value in given.items()})
    [target] = webhook_targets(settings)
    notify = services["notify"]
    command = notify["command"]
    assert command[:2] == ["audiocast", "notify"]
    assert target.host == "notify"
    assert target.url.endswith(f":{DEFAULT_PORT}/")
    assert settings.webhook_allow_private == ("notify",)
    assert notify["environment"]["NOTIFY_SECRETS"] == given["WEBHOOK_SECRETS"] == secret
    assert "ports" not in notify
    assert (notify["read_only"], notify["cap_drop"]) == (True, ["ALL"])
    # Without the secret nobody is told, and that is said.
    del given["WEBHOOK_SECRETS"]
    with pytest.raises(ValueError, match="WEBHOOK_URLS needs WEBHOOK_SECRETS"):
        Settings.model_validate({name.lower(): value for name, value in given.items()})
