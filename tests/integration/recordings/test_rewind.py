"""A server gives what is recorded of a show that is on, part by part and as HLS, to those who may listen."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.integration.recordings.test_recordings import broadcast, ready, start
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started
from tests.unit.recordings.memory_store import file_packets

SECONDS = 32
RATE = 48_000
THERE_SECONDS = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    folder = tmp_path_factory.mktemp("rewind")
    settings: dict[str, str | int] = {"RECORDING_CHUNK_SECONDS": 2, "RECORDINGS_URL": str(folder / "store")}
    with AudiocastServer(folder / "log", MAX_INGEST_KBPS=0, **settings) as running:
        yield running


def running_show(
    server: AudiocastServer, started: Started, seconds: float = SECONDS - 2, **params: str
) -> dict[str, Any]:
    """Wait until so much of a show is recorded."""
    url = f"{server.base}/api/streams/{started.stream_id}/rewind"
    deadline = time.monotonic() + THERE_SECONDS
    while True:
        answer = requests.get(url, params=params, timeout=10)
        if answer.ok and answer.json()["seconds"] >= seconds:
            found: dict[str, Any] = answer.json()
            return found
        assert time.monotonic() < deadline, f"expected {seconds} s, got {answer.text}"
        time.sleep(0.2)


def part(server: AudiocastServer, show: str, sample: int, **params: str) -> requests.Response:
    return requests.get(f"{server.base}/recordings/{show}/parts/{sample}.opus", params=params, timeout=10)


@pytest.fixture(scope="module")
def on(server: AudiocastServer) -> Started:
    started = start(server, title="On", record=True)
    broadcast(server, started, ends=False)
    return started


def test_parts_are_heard_from_anywhere_to_the_end(server: AudiocastServer, on: Started) -> None:
    show = running_show(server, on)
    assert (show["begins"], show["missing"], show["titles"], show["token"]) == (0, [], [], None)
    assert show["seconds"] <= show["live"] <= show["seconds"] + 60
    numbers: list[int] = []
    answer = part(server, show["show_id"], 7 * RATE + 5)
    begin = int(re.findall(r"parts/(\d+)", answer.url)[0])
    assert [each.status_code for each in answer.history] == [302]
    assert begin <= 7 * RATE < begin + 3 * RATE
    first, at = begin // 960, begin
    while answer.ok:
        assert answer.headers["Cache-Control"] == "public, max-age=86400, immutable"
        assert answer.headers["Content-Type"] == "audio/ogg"
        packets = file_packets(answer.content)
        numbers += map(number_of, packets)
        at += 960 * len(packets)
        answer = part(server, show["show_id"], at)
        assert not answer.history
    assert (answer.status_code, answer.json()["error"]) == (404, "part_not_there")
    assert numbers == list(range(first, round(show["seconds"] * 50)))


def test_hls_has_the_show_from_its_beginning(server: AudiocastServer, on: Started, tmp_path: Path) -> None:
    show = running_show(server, on)
    url = f"{server.base}/stream/{on.stream_id}/hls/index.m3u8?dvr=1"
    answer = requests.get(url, timeout=10)
    assert [each.status_code for each in answer.history] == [302]
    playlist = answer.text
    assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in playlist
    lengths = [float(each) for each in re.findall(r"#EXTINF:([\d.]+)", playlist)]
    assert sum(lengths) == pytest.approx(show["seconds"], abs=0.01)
    [init] = re.findall(r'#EXT-X-MAP:URI="([^"]+)"', playlist)
    names = [line for line in playlist.splitlines() if line.endswith(".m4s")]
    made = [requests.get(urljoin(answer.url, each), timeout=10) for each in (init, *names)]
    assert {each.headers["Content-Type"] for each in made} == {'audio/mp4; codecs="Opus"'}
    path = tmp_path / "show.mp4"
    path.write_bytes(b"".join(each.content for each in made))
    command = ["ffprobe", "-v", "warning", "-show_entries", "packet=pts,size", "-of", "json", str(path)]
    probe = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    packets = json.loads(probe.stdout)["packets"]
    assert [each["pts"] for each in packets] == [960 * index for index in range(round(show["seconds"] * 50))]
    for wrong in (
        "0.m4s",
        f"{show['show_id'][-16:]}/1.m4s",
        f"{show['show_id'][-16:]}/init-000000000000.mp4",
    ):
        gone = requests.get(urljoin(answer.url, wrong), timeout=10)
        assert (gone.status_code, gone.json()["error"]) == (404, "media_not_found")


def test_what_ends_is_heard_to_its_end(server: AudiocastServer, tmp_path: Path) -> None:
    started = start(server, title="Ends", record=True)
    broadcast(server, started, ends=False)
    show = running_show(server, started)
    url = f"{server.base}/stream/{started.stream_id}/hls/index.m3u8?dvr=1"
    playlist_url = requests.get(url, timeout=10).url
    params = {"key": started.ingest_key, "for_good": "false"}
    ended = requests.delete(f"{server.base}/api/streams/{started.stream_id}", params=params, timeout=10)
    assert ended.status_code == 204
    ready(server, started.stream_id)
    over = running_show(server, started, SECONDS)
    assert (over["show_id"], over["live"]) == (show["show_id"], None)
    playlist = requests.get(playlist_url, timeout=10).text
    assert playlist.endswith("#EXT-X-ENDLIST\n")
    # The chunks are gone; ffmpeg plays the show from its beginning to its end.
    path = tmp_path / "out.opus"
    command = ["ffmpeg", "-v", "warning", "-i", playlist_url, "-c", "copy", str(path)]
    played = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "non monoton" not in played.stderr.lower()
    assert [number_of(each) for each in file_packets(path.read_bytes())] == list(range(SECONDS * 50))


def test_a_private_show_is_there_for_nobody_else(server: AudiocastServer) -> None:
    started = start(server, record=True, visibility="private")
    broadcast(server, started, ends=False)
    show = running_show(server, started, key=started.ingest_key)
    paths = (
        f"/api/streams/{started.stream_id}/rewind",
        f"/recordings/{show['show_id']}/parts/0.opus",
        f"/stream/{started.stream_id}/hls/index.m3u8?dvr=1",
        f"/stream/{started.stream_id}/hls/dvr/{show['show_id'][-16:]}.m3u8",
        f"/stream/{started.stream_id}/hls/dvr/{show['show_id'][-16:]}/0.m4s",
    )
    for path in paths:
        refused = requests.get(server.base + path, timeout=10)
        assert (refused.status_code, refused.json()["error"]) == (404, "recording_not_found"), path
    links = requests.post(
        f"{server.base}/api/streams/{started.stream_id}/listen-links",
        headers={"Authorization": f"Bearer {started.ingest_key}"},
        json={},
        timeout=10,
    ).json()
    token = links["links"][0]["token"]
    for path in paths:
        let_in = requests.get(server.base + path, params={"token": token}, timeout=10)
        assert let_in.status_code == 200, path
        assert not let_in.headers["Cache-Control"].startswith("public"), path
    # What the playlist lists has the session's token in its path.
    answer = requests.get(server.base + paths[2], params={"token": token}, timeout=10)
    name = next(line for line in answer.text.splitlines() if line.endswith("/0.m4s"))
    assert requests.get(urljoin(answer.url, name), timeout=10).status_code == 200


def test_what_is_not_recorded_cannot_be_gone_back_in(server: AudiocastServer) -> None:
    started = start(server, record=False)
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_until_live(started)
        for path in ("api/streams/ID/rewind", "stream/ID/hls/index.m3u8?dvr=1", "recordings/ID/parts/0.opus"):
            answer = requests.get(f"{server.base}/{path.replace('ID', started.stream_id)}", timeout=10)
            assert (answer.status_code, answer.json()["error"]) == (404, "recording_not_found")
