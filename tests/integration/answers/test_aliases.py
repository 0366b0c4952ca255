"""Aliases: an Icecast server's mounts go on, for listeners, source clients and panels."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import requests
from requests.auth import HTTPBasicAuth

from tests.support.audio.media import mp3_file
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

PASSWORD = "señal-2009"
TOKEN = "a-token-of-the-station"
MOUNT = "/live.ogg"

FILE = f"""
["{MOUNT}"]
stream = "live"
password = "{PASSWORD}"
title = "Radio Example"
visibility = "public"

["/old"]
stream = "live"

["/news"]
stream = "news"
password = "another one"

["/gone.ogg"]
redirect = "http://elsewhere.example.org:8000/gone.ogg"
"""
AUDIO = numbered_audio(seconds=3)
# Of another address than this machine, which has no budgets.
STRANGER = {"X-Forwarded-For": "192.0.2.7"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("aliases") / "aliases.toml"
    path.write_text(FILE)
    return path


@pytest.fixture(scope="module")
def server(file: Path) -> Iterator[AudiocastServer]:
    settings: dict[str, str | int] = {
        "ALIASES_FILE": str(file),
        "API_TOKENS": TOKEN,
        "HEADER_WAIT_TIMEOUT": 0,
        "INGEST_FORMATS": "none",
        "MAX_WRONG_PASSWORDS_PER_CLIENT": 2,
    }
    with AudiocastServer(file.parent / "server.log", **settings) as server:
        yield server


def url(server: AudiocastServer) -> str:
    return f"{server.base}{MOUNT}?key={quote(PASSWORD)}"


@pytest.fixture
def on_air(server: AudiocastServer) -> Iterator[None]:
    with PacedSource(url(server), numbered_audio(seconds=300), lead_seconds=5):
        server.wait_for_state("live", "live")
        yield


@pytest.mark.usefixtures("on_air")
def test_listeners_of_the_old_address_get_the_stream_and_no_redirect(server: AudiocastServer) -> None:
    for path in (MOUNT, "/old", "/live%2eogg?user=x", "/live.ogg/;", "/stream/live"):
        with Listener(server.port, path, version="HTTP/1.0") as listener:
            listener.wait_for_audio(1)
            assert (listener.answer.status, listener.answer.headers["content-type"]) == (200, "audio/ogg")
    head = requests.head(server.base + MOUNT, timeout=10)
    assert (head.status_code, head.headers["Content-Type"]) == (200, "audio/ogg")


def test_where_others_are_redirected_to_https_an_alias_is_answered(file: Path, tmp_path: Path) -> None:
    settings: dict[str, str | int] = {"ALIASES_FILE": str(file), "HTTPS_REDIRECT_PORT": 443}
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        with PacedSource(url(server), AUDIO, lead_seconds=5), Listener(server.port, MOUNT) as listener:
            listener.wait_for_audio(1)
        answer = requests.get(f"{server.base}/stream/live", timeout=10, allow_redirects=False)
    assert answer.status_code == 302


@pytest.mark.usefixtures("on_air")
def test_programs_of_icecast_find_the_mount(server: AudiocastServer) -> None:
    # The list has the mount, since its visibility is public.
    source = requests.get(f"{server.base}/status-json.xsl", timeout=10).json()["icestats"]["source"]
    named = requests.get(f"{server.base}/status-json.xsl?mount={MOUNT}", timeout=10).json()
    assert named["icestats"]["source"]["listenurl"] == source["listenurl"]
    assert (source["listenurl"], source["server_name"]) == (
        f"http://127.0.0.1:{server.port}{MOUNT}",
        "Radio Example",
    )
    for path in ("stats", "listmounts", f"listclients?mount={MOUNT}"):
        answer = requests.get(f"{server.base}/admin/{path}", auth=("admin", TOKEN), timeout=10)
        assert [each.get("mount") for each in ElementTree.fromstring(answer.content).iter("source")] == [
            MOUNT
        ]
    lines = requests.get(f"{server.base}{MOUNT}.m3u", timeout=10).text.splitlines()
    assert lines[1:] == ["#EXTINF:-1,Radio Example", f"http://127.0.0.1:{server.port}/stream/live"]


@pytest.mark.usefixtures("on_air")
def test_titles_come_with_the_password_at_their_own_mount(server: AudiocastServer) -> None:
    for mount in (MOUNT, "live.ogg"):
        query = {"mode": "updinfo", "mount": mount, "song": f"Song {mount}"}
        answer = requests.get(
            f"{server.base}/admin/metadata",
            params=query,
            auth=HTTPBasicAuth("source", PASSWORD.encode()),
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        assert server.state("live")["now_playing"]["title"] == f"Song {mount}"
    for mount in ("/old", "/stream/live", "/news"):
        query = {"mode": "updinfo", "mount": mount, "song": "no"}
        answer = requests.get(
            f"{server.base}/admin/metadata",
            params=query,
            auth=HTTPBasicAuth("source", PASSWORD.encode()),
            timeout=10,
        )
        assert answer.status_code == 401, mount


@pytest.mark.parametrize("method", ["PUT", "POST", "SOURCE"])
@pytest.mark.parametrize("password", [PASSWORD.encode(), PASSWORD.encode("latin-1")])
def test_a_source_client_goes_on_with_mount_and_password(
    server: AudiocastServer, method: str, password: bytes
) -> None:
    answer = requests.request(
        method, server.base + MOUNT, data=AUDIO, auth=HTTPBasicAuth("source", password), timeout=10
    )
    assert (answer.status_code, answer.json()["stream_id"]) == (200, "live")


def test_a_key_of_the_stream_is_good_at_its_alias(server: AudiocastServer) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    started = requests.post(
        f"{server.base}/api/start", json={"id": "news", "title": "News"}, headers=headers, timeout=10
    ).json()
    for key, status in ((started["ingest_key"], 200), (started["ingest_key"][:-1], 401)):
        answer = requests.put(f"{server.base}/news", data=AUDIO, auth=("source", key), timeout=10)
        assert answer.status_code == status


def test_a_password_is_good_for_nothing_else(server: AudiocastServer) -> None:
    auth = HTTPBasicAuth("source", PASSWORD.encode())
    for method, path in (
        ("PUT", "/ingest/live"),
        ("PUT", "/old"),
        ("DELETE", "/api/streams/live"),
        ("GET", f"/admin/killsource?mount={MOUNT}"),
        ("GET", f"/admin/stats?mount={MOUNT}"),
    ):
        answer = requests.request(
            method, server.base + path, data=AUDIO if method == "PUT" else None, auth=auth, timeout=10
        )
        assert answer.status_code == 401, path


def test_passwords_are_guessed_a_few_times_only(server: AudiocastServer) -> None:
    def put(password: str, headers: dict[str, str]) -> int:
        auth = HTTPBasicAuth("source", password.encode())
        return requests.put(
            server.base + MOUNT, data=AUDIO, auth=auth, headers=headers, timeout=10
        ).status_code

    # A right one costs nothing.
    assert [put(PASSWORD, STRANGER) for _ in range(4)] == [200] * 4
    assert [put("wrong", STRANGER) for _ in range(2)] == [401] * 2
    assert [put(password, STRANGER) for password in ("wrong", PASSWORD)] == [429] * 2
    assert put(PASSWORD, {"X-Forwarded-For": "192.0.2.8"}) == 200
    assert server.metric("audiocast_client_refusals_total", '{kind="wrong_passwords"}') == 2


def test_what_is_no_opus_is_told(server: AudiocastServer, tmp_path: Path) -> None:
    audio = mp3_file(tmp_path).read_bytes()
    answer = requests.put(
        server.base + MOUNT, data=audio, auth=HTTPBasicAuth("source", PASSWORD.encode()), timeout=10
    )
    assert (answer.status_code, answer.json()["error"]) == (415, "not_ogg_opus")


def test_a_path_may_lead_elsewhere_and_takes_no_source(server: AudiocastServer) -> None:
    answer = requests.get(f"{server.base}/gone.ogg", timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "http://elsewhere.example.org:8000/gone.ogg",
    )
    answer = requests.put(f"{server.base}/gone.ogg", data=AUDIO, auth=("source", "x"), timeout=10)
    assert answer.status_code == 405


def test_a_stream_that_is_not_on_has_its_title_and_other_paths_are_nothing(server: AudiocastServer) -> None:
    answer = requests.get(f"{server.base}/api/streams/news", timeout=10)
    assert answer.status_code == 200
    assert requests.get(f"{server.base}/live.mp3", timeout=10).status_code == 404


def test_no_password_is_logged(server: AudiocastServer) -> None:
    text = json.dumps(server.events(), ensure_ascii=False)
    assert MOUNT in text
    assert PASSWORD not in text
