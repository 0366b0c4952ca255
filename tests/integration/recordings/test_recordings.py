"""A server that records: what its API says of shows, and who gets them."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.processes.server import AudiocastServer, Started
from tests.unit.recordings.memory_store import file_packets

SECONDS = 32
PACKETS = SECONDS * 50
READY_SECONDS = 30.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(folder / "log", RECORDINGS_URL=str(folder / "store"), MAX_INGEST_KBPS=0) as running:
        yield running


def start(server: AudiocastServer, **asked: Any) -> Started:
    response = requests.post(f"{server.base}/api/start", json=asked, timeout=10)
    assert response.status_code == 201, response.text
    return Started(**response.json())


def broadcast(server: AudiocastServer, started: Started, *, ends: bool = True, first_number: int = 0) -> None:
    """Send a broadcast at once, and end it."""
    audio = numbered_audio(seconds=SECONDS, first_number=first_number)
    assert requests.post(started.keyed_url, data=audio, timeout=30).status_code == 200
    if ends:
        url = f"{server.base}/api/streams/{started.stream_id}"
        params = {"key": started.ingest_key, "for_good": "false"}
        assert requests.delete(url, params=params, timeout=10).status_code == 204


def shows(server: AudiocastServer, stream_id: str, **params: str) -> list[dict[str, Any]]:
    response = requests.get(f"{server.base}/api/streams/{stream_id}/recordings", params=params, timeout=10)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["recordings"]
    return found


def ready(
    server: AudiocastServer, stream_id: str, state: str = "ready", **params: str
) -> list[dict[str, Any]]:
    """Wait until a stream has one show that is ready, or in another state."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        found = shows(server, stream_id, **params)
        if [show["state"] for show in found] == [state]:
            return found
        assert time.monotonic() < deadline, f"expected a show that is {state}, got {found}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def show(server: AudiocastServer) -> tuple[Started, dict[str, Any]]:
    started = start(server, title="Evening", record=True)
    broadcast(server, started)
    [found] = ready(server, started.stream_id)
    return started, found


def test_a_show_is_listed_and_its_file_has_what_was_sent(
    server: AudiocastServer, show: tuple[Started, dict[str, Any]]
) -> None:
    started, found = show
    assert found["show_id"].startswith(f"{started.stream_id}-")
    assert found["url"] == f"{server.base}/recordings/{found['show_id']}.opus"
    assert (found["title"], found["seconds"], found["missing"], found["kept"]) == (
        "Evening",
        SECONDS,
        [],
        False,
    )
    response = requests.get(found["url"], timeout=10)
    assert response.headers["Content-Type"] == "audio/ogg"
    assert len(response.content) == found["bytes"] == int(response.headers["Content-Length"])
    assert [number_of(each) for each in file_packets(response.content)] == list(range(PACKETS))
    index = requests.get(found["url"].replace(".opus", ".json"), timeout=10).json()
    assert index["titles"] == []
    assert index["channels"] == 1
    assert [each["at"] for each in index["sources"]] == [0.0]


def test_programs_find_the_file_clean(
    tmp_path: Path, server: AudiocastServer, show: tuple[Started, dict[str, Any]]
) -> None:
    path = tmp_path / "show.opus"
    path.write_bytes(requests.get(show[1]["url"], timeout=10).content)
    said = subprocess.run(["opusinfo", path], capture_output=True, text=True, check=True, timeout=30)
    assert "WARNING" not in said.stdout + said.stderr
    assert "TITLE=Evening" in said.stdout
    command = ["ffprobe", "-v", "warning", "-show_entries", "format=duration", "-of", "json"]
    probe = subprocess.run([*command, path], capture_output=True, text=True, check=True, timeout=30)
    assert probe.stderr == ""
    assert float(json.loads(probe.stdout)["format"]["duration"]) == pytest.approx(SECONDS, abs=0.02)


def test_ranges_as_curl_asks_for_them(
    tmp_path: Path, server: AudiocastServer, show: tuple[Started, dict[str, Any]]
) -> None:
    url, size = show[1]["url"], show[1]["bytes"]
    whole = requests.get(url, timeout=10)
    for asked, start_at, end_at in (
        ("100-199", 100, 200),
        ("-50", size - 50, size),
        (f"{size - 1}-", size - 1, size),
    ):
        target = tmp_path / "part"
        subprocess.run(["curl", "-sSf", "-r", asked, "-o", target, url], check=True, timeout=30)
        assert target.read_bytes() == whole.content[start_at:end_at]
    etag = whole.headers["Etag"]
    part = requests.get(url, headers={"Range": "bytes=5-9"}, timeout=10)
    assert (part.status_code, part.headers["Content-Range"]) == (206, f"bytes 5-9/{size}")
    assert part.headers["Etag"] == etag
    old = requests.get(url, headers={"Range": "bytes=5-9", "If-Range": '"another"'}, timeout=10)
    assert (old.status_code, len(old.content)) == (200, size)
    behind = requests.get(url, headers={"Range": f"bytes={size}-"}, timeout=10)
    assert (behind.status_code, behind.json()["error"]) == (416, "range_not_there")
    assert behind.headers["Content-Range"] == f"bytes */{size}"
    same = requests.get(url, headers={"If-None-Match": etag}, timeout=10)
    assert (same.status_code, same.content) == (304, b"")
    head = requests.head(url, timeout=10)
    assert (head.status_code, int(head.headers["Content-Length"]), head.headers["Etag"]) == (200, size, etag)


def test_who_has_the_key_names_keeps_and_deletes(server: AudiocastServer, folder: Path) -> None:
    started, other = start(server, record=True), start(server)
    broadcast(server, started)
    [found] = ready(server, started.stream_id)
    url = f"{server.base}/recordings/{found['show_id']}"
    for key in ("", other.ingest_key):
        assert requests.patch(url, json={"title": "x"}, params={"key": key}, timeout=10).status_code == 401
        assert requests.delete(url, params={"key": key}, timeout=10).status_code == 401
    mine = {"key": started.ingest_key}
    assert (
        requests.patch(url, json={"title": "Gala", "kept": True}, params=mine, timeout=10).status_code == 204
    )
    [changed] = shows(server, started.stream_id)
    assert (changed["title"], changed["kept"]) == ("Gala", True)
    assert requests.patch(url, json={"kept": 3}, params=mine, timeout=10).json()["error"] == "bad_request"
    assert requests.delete(url, params=mine, timeout=10).status_code == 204
    assert requests.delete(url, params=mine, timeout=10).status_code == 404
    assert requests.get(f"{url}.opus", timeout=10).json()["error"] == "recording_not_found"
    assert shows(server, started.stream_id) == []
    assert not [path for path in (folder / "store").rglob(f"{started.stream_id}/*") if path.is_file()]


def test_what_is_not_asked_for_is_not_recorded(server: AudiocastServer) -> None:
    started = start(server)
    broadcast(server, started, ends=False)
    assert server.state(started.stream_id)["recorded"] is False
    assert shows(server, started.stream_id) == []


def test_the_switch(server: AudiocastServer) -> None:
    started = start(server)
    url = f"{server.base}/api/streams/{started.stream_id}/recording"
    mine = {"key": started.ingest_key}
    broadcast(server, started, ends=False)
    assert requests.put(url, json={"on": True}, timeout=10).status_code == 401
    assert requests.put(url, json={"on": True}, params=mine, timeout=10).status_code == 204
    assert server.state(started.stream_id)["recorded"] is True
    broadcast(server, started, ends=False, first_number=PACKETS)
    [live] = ready(server, started.stream_id, "live")
    assert (live["url"], live["seconds"]) == (None, None)
    early = requests.get(f"{server.base}/recordings/{live['show_id']}.opus", timeout=10)
    assert (early.status_code, early.json()["error"]) == (409, "recording_not_ready")
    refused = requests.delete(f"{server.base}/recordings/{live['show_id']}", params=mine, timeout=10)
    assert refused.json()["error"] == "recording_not_ready"
    assert requests.put(url, json={"on": False}, params=mine, timeout=10).status_code == 204
    assert server.state(started.stream_id)["recorded"] is False
    [found] = ready(server, started.stream_id)
    numbers = [number_of(each) for each in file_packets(requests.get(found["url"], timeout=10).content)]
    assert numbers == list(range(PACKETS, 2 * PACKETS))


def test_a_private_show_is_given_to_nobody_without_a_token(server: AudiocastServer) -> None:
    started = start(server, record=True, visibility="private", access_code="correct-horse")
    broadcast(server, started)
    mine = {"key": started.ingest_key}
    [found] = ready(server, started.stream_id, key=started.ingest_key)
    url = found["url"]
    none = requests.get(f"{server.base}/recordings/none-20260101T000000Z.opus", timeout=10)
    for asked in (url, url.replace(".opus", ".json")):
        refused = requests.get(asked, timeout=10)
        assert (refused.status_code, refused.content) == (404, none.content)
        assert requests.get(asked, params={"token": "al1.e30.AAAA"}, timeout=10).status_code == 404
    assert shows(server, started.stream_id) == []
    links = requests.post(
        f"{server.base}/api/streams/{started.stream_id}/listen-links", params=mine, timeout=10
    ).json()
    token = str(links["links"][0]["url"]).partition("token=")[2]
    let_in = requests.get(url, params={"token": token}, timeout=10)
    assert (let_in.status_code, len(let_in.content)) == (200, found["bytes"])
    assert let_in.headers["Cache-Control"] == "private, no-cache"
    assert len(shows(server, started.stream_id, token=token)) == 1


def test_after_a_restart_a_private_show_is_private_still(server: AudiocastServer, folder: Path) -> None:
    started = start(server, record=True, visibility="private")
    broadcast(server, started)
    [found] = ready(server, started.stream_id, key=started.ingest_key)
    with AudiocastServer(folder / "log2", RECORDINGS_URL=str(folder / "store")) as other:
        assert shows(other, started.stream_id) == []
        assert requests.get(f"{other.base}/recordings/{found['show_id']}.opus", timeout=10).status_code == 404


@pytest.mark.parametrize("show_id", ["-", "..%2f..%2fetc", "abc-20260101T000000Z", "a" * 200])
def test_what_is_no_show(server: AudiocastServer, show_id: str) -> None:
    for end in (".opus", ".json"):
        assert requests.get(f"{server.base}/recordings/{show_id}{end}", timeout=10).status_code == 404


def test_a_server_without_recordings_loads_nothing_of_them(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log", program="tests.integration.recordings.loaded_modules") as off:
        started = off.start_stream()
        response = requests.post(f"{off.base}/api/start", json={"record": True}, timeout=10)
        assert (response.status_code, response.json()["error"]) == (409, "recording_off")
        url = f"{off.base}/api/streams/{started.stream_id}/recording"
        refused = requests.put(url, json={"on": True}, params={"key": started.ingest_key}, timeout=10)
        assert refused.json()["error"] == "recording_off"
        assert shows(off, started.stream_id) == []
        assert requests.get(f"{off.base}/recordings/abc-20260101T000000Z.opus", timeout=10).status_code == 404
        off.stop()
    loaded = (tmp_path / "log").read_text().splitlines()[-1]
    assert loaded == "loaded: none"
