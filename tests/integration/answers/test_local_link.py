"""Links of a page that was opened as localhost: they work where they are shown, on a phone too."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.network.home_network import COMPUTER
from tests.support.processes.server import AudiocastServer


def test_the_qr_code_of_a_page_opened_as_localhost_opens_on_a_phone_nearby(tmp_path: Path) -> None:
    alone = [
        "unshare",
        "--map-root-user",
        "--net",
        sys.executable,
        "-m",
        "tests.support.network.home_network",
    ]
    made = subprocess.run([*alone, tmp_path / "server.log"], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    seen = json.loads(made.stdout)
    started = seen["start"]
    link = f"http://{COMPUTER}:{seen['port']}/listen/{started['stream_id']}"
    assert (seen["link"], seen["local_url"], started["local_url"]) == (link, link, link)
    assert started["listen_url"] == f"http://localhost:{seen['port']}/listen/{started['stream_id']}"
    assert seen["has_page"]


def test_only_an_answer_to_a_loopback_host_has_the_field(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        started = server.start_stream()
        paths = ["/api/start", f"/api/streams/{started.stream_id}"]
        for host, expected in [("127.0.0.1", None), ("radio.example", "missing"), ("192.168.1.9", "missing")]:
            headers = {"Host": f"{host}:{server.port}"}
            answers = [
                requests.request(method, server.base + path, headers=headers, timeout=10).json()
                for method, path in zip(["POST", "GET"], paths, strict=True)
            ]
            # This server listens on the loopback address alone: there is nothing to offer.
            assert [each.get("local_url", "missing") for each in answers] == [expected] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.5"},
        {"X-Forwarded-Proto": "http"},
        {"Forwarded": "for=203.0.113.5"},
        {"Via": "1.1 proxy"},
        {"Host": "localhost"},
        {"Host": "localhost:1"},
    ],
)
def test_nobody_behind_a_proxy_is_told_an_address_of_this_machine(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    with AudiocastServer(tmp_path / "server.log", HOST="0.0.0.0") as server:
        headers = {"Host": f"localhost:{server.port}"} | headers
        answer = requests.post(f"http://127.0.0.1:{server.port}/api/start", headers=headers, timeout=10)
        assert answer.json()["local_url"] is None
