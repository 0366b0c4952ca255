"""Plain HTTP that leads people to HTTPS, and nobody else."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.network.certificates import Pair
from tests.support.processes.server import AudiocastServer

PORT = 8443


@pytest.fixture(scope="module")
def redirecting(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("redirecting") / "server.log"
    with AudiocastServer(log, **pair.settings, HTTPS_REDIRECT_PORT=PORT) as server:
        yield server


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/listen/abc?x=1%202", "/api/streams", "/stream/abc.opus"])
def test_people_are_led_to_https(redirecting: AudiocastServer, method: str, path: str) -> None:
    answer = requests.request(method, redirecting.base + path, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"https://127.0.0.1:{PORT}{path}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_https_already_is_answered(redirecting: AudiocastServer, pair: Pair) -> None:
    url = f"{redirecting.tls_base}/api/streams"
    assert (
        requests.get(url, verify=str(pair.certificate), allow_redirects=False, timeout=10).status_code == 200
    )
    # A proxy with HTTPS of its own.
    forwarded = requests.get(
        f"{redirecting.base}/api/streams",
        headers={"X-Forwarded-Proto": "https"},
        allow_redirects=False,
        timeout=10,
    )
    assert forwarded.status_code == 200


def test_sources_are_not_redirected(redirecting: AudiocastServer) -> None:
    started = redirecting.start_stream()
    with PacedSource(started.keyed_url, numbered_audio(seconds=3), lead_seconds=2) as source:
        assert source.finish().status == 200
    for path in (
        f"/ingest/{started.stream_id}/ws",
        "/admin/metadata?mode=updinfo",
        "/admin/stats",
        "/nowhere",
    ):
        answer = requests.get(redirecting.base + path, allow_redirects=False, timeout=10)
        assert answer.status_code in (400, 401, 404), path


def test_the_internal_port_answers(redirecting: AudiocastServer) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        url = f"http://127.0.0.1:{redirecting.internal_port}{path}"
        assert requests.get(url, allow_redirects=False, timeout=10).status_code == 200


def test_the_check_is_answered(redirecting: AudiocastServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "audiocast", "check", redirecting.base], capture_output=True, timeout=30
    )
    assert done.returncode == 0, done.stderr


def test_without_the_setting_plain_http_is_answered(server: AudiocastServer) -> None:
    assert requests.get(f"{server.base}/", allow_redirects=False, timeout=10).status_code == 200
