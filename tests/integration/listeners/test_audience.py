"""The audience of a real server: its log, its metrics and its API, for each way to listen."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.hls_reader import HlsReader
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.certificates import make_pair
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

AGENT = "User-Agent: VLC/3.0.21 LibVLC/3.0.21\r\n"
PLAYED = {"artist": "Artist", "title": "Title"}


def records(folder: Path, event: str = "listen") -> list[dict[str, Any]]:
    """Return the lines of all logs of a folder, of one kind."""
    lines = [line for path in sorted(folder.glob("audience-*.log")) for line in path.read_text().splitlines()]
    return [record for line in lines if (record := json.loads(line))["event"] == event]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(
        tmp_path / "server.log",
        AUDIENCE_LOG=str(tmp_path / "audience.log"),
        AUDIENCE_FLUSH_SECONDS=1,
        NODE_NAME="alone",
    ) as server:
        yield server


@pytest.fixture
def on_air(server: AudiocastServer) -> Iterator[Started]:
    started = server.start_stream()
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        yield started


def test_each_way_leaves_its_record(server: AudiocastServer, on_air: Started, tmp_path: Path) -> None:
    path = f"/stream/{on_air.stream_id}"
    began_at = time.time()
    queries = {"stream": "", "live": "?latency=low", "player": "?latency=250"}
    url = f"{server.base}/api/streams/{on_air.stream_id}/metadata?key={on_air.ingest_key}"
    with ExitStack() as stack:
        listeners = {
            way: stack.enter_context(Listener(server.port, path + query, headers=AGENT))
            for way, query in queries.items()
        }
        requests.put(url, json=PLAYED, timeout=10).raise_for_status()
        with HlsReader(server.base, on_air.stream_id) as player:
            player.read(3)
            assert server.state(on_air.stream_id)["listeners"] == 4
            assert server.status()["listeners"] == server.metric("audiocast_listeners") == 4
            assert server.metric("audiocast_hls_sessions") == 1
        for listener in listeners.values():
            listener.wait_for_audio(2)
        seconds_heard = server.metric("audiocast_listener_seconds_total", '{way="live"}')
        assert 2 <= seconds_heard <= time.time() - began_at
        audience = ask(server, on_air).json()
        assert (audience["now"], audience["peak"]) == (4, 4)
        assert audience["listening_hours"] * 3600 == pytest.approx(4 * (time.time() - began_at), abs=8)
        assert [member["name"] for member in audience["members"]] == ["alone"]
        assert [sorted(line)[:2] for line in records(tmp_path, "open")]
        got = {way: listener for way, listener in listeners.items() if way != "player"}
        for listener in got.values():
            listener.close()
        deadline = time.monotonic() + 10
        while len(records(tmp_path)) < 2:
            assert time.monotonic() < deadline, "no record of those who have left"
            time.sleep(0.05)
        sent_at_least = {way: listener.size_bytes for way, listener in listeners.items()}
        assert server.stop(signal.SIGTERM) == 0
    by_way = {record["way"]: record for record in records(tmp_path)}
    assert {way: record["end"] for way, record in by_way.items()} == {
        "stream": "left",
        "live": "left",
        "player": "server_stopped",
        "hls": "server_stopped",
    }
    assert {way: record["aim_ms"] for way, record in by_way.items()} == {
        "stream": None,
        "live": 80,
        "player": 250,
        "hls": None,
    }
    assert {record["agent"] for way, record in by_way.items() if way != "hls"} == {"VLC"}
    assert by_way["hls"]["agent"] == "Python"
    # All four came from one address.
    assert len({record["client"] for record in by_way.values()}) == 1
    for way, size_bytes in sent_at_least.items():
        # What the kernel had taken, and nobody has read, is sent too.
        assert size_bytes <= by_way[way]["bytes"] <= size_bytes + 300_000
    assert [(each["title"], each["artist"]) for each in records(tmp_path, "track")] == [("Title", "Artist")]
    assert [each["event"] for event in ("started", "stopped") for each in records(tmp_path, event)] == [
        "started",
        "stopped",
    ]


def ask(server: AudiocastServer, started: Started, **headers: str) -> requests.Response:
    """Ask for a stream's audience with its key, or with other headers."""
    url = f"{server.base}/api/streams/{started.stream_id}/audience"
    return requests.get(url, headers=headers or {"Authorization": f"Bearer {started.ingest_key}"}, timeout=10)


def test_only_the_broadcaster_may_ask(server: AudiocastServer, on_air: Started) -> None:
    other = server.start_stream()
    assert ask(server, on_air).status_code == 200
    for authorization in ("", f"Bearer {other.ingest_key}", "Bearer wrong"):
        refused = ask(server, on_air, Authorization=authorization)
        assert refused.status_code == 401, refused.text
        assert "curve" not in refused.text


@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
def test_when_somebody_has_left_is_known_though_it_is_noticed_late(tmp_path: Path, is_tls: bool) -> None:
    pair = make_pair(tmp_path)
    with AudiocastServer(
        tmp_path / "server.log",
        AUDIENCE_LOG=str(tmp_path / "audience.log"),
        FLUSH_INTERVAL_MS=1000,
        **pair.settings,
    ) as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(started.stream_id, "live")
            port, tls = (server.tls_port, pair.trusting()) if is_tls else (server.port, None)
            with Listener(port, f"/stream/{started.stream_id}", tls=tls) as listener:
                listener.wait_for_audio(3)
            left_at = time.monotonic()
            deadline = left_at + 15
            while not (found := records(tmp_path)):
                assert time.monotonic() < deadline, "no record"
                time.sleep(0.05)
            # A send or two after that it was noticed, and they are a second apart.
            assert time.monotonic() - left_at > 0.5
    (record,) = found
    assert record["end"] == "left"
    assert record["seconds"] == pytest.approx(left_at - listener.arrivals[0][0], abs=0.3)


def test_who_came_by_a_link_has_its_label(server: AudiocastServer, tmp_path: Path) -> None:
    started = server.start_stream(visibility="private")
    links = f"{server.base}/api/streams/{started.stream_id}/listen-links?key={started.ingest_key}"
    answer = requests.post(links, json={"label": "press"}, timeout=10)
    assert answer.status_code in (200, 201), answer.text
    token = answer.json()["links"][0]["token"]
    path = f"/stream/{started.stream_id}"
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        deadline = time.monotonic() + 10
        playlist = f"{server.base}{path}/hls/index.m3u8"
        while (got := requests.get(playlist, {"token": token}, timeout=10)).status_code != 200:
            assert time.monotonic() < deadline, got.text
            time.sleep(0.1)
        assert requests.get(playlist, timeout=10).status_code == 404
        with Listener(server.port, f"{path}?token={token}") as listener:
            listener.wait_for_audio(1)
            # Who is shut out is no listener.
            assert server.status()["listeners"] == 2
        assert server.stop(signal.SIGTERM) == 0
    assert sorted((record["way"], record["label"]) for record in records(tmp_path)) == [
        ("hls", "press"),
        ("stream", "press"),
    ]
    assert token not in "".join(each.read_text() for each in tmp_path.glob("*.log"))


def test_hls_takes_a_place_of_its_own(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", MAX_LISTENERS=2) as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(started.stream_id, "live")
            with (
                Listener(server.port, f"/stream/{started.stream_id}"),
                HlsReader(server.base, started.stream_id) as player,
            ):
                # Who has a place goes on; nobody else is let in, whichever way.
                player.read(2)
                playlist = f"{server.base}/stream/{started.stream_id}/hls/index.m3u8"
                other = requests.get(playlist, headers={"User-Agent": "Another"}, timeout=10)
                assert (other.status_code, other.json()["error"]) == (503, "server_full")
                stream = requests.get(f"{server.base}/stream/{started.stream_id}", timeout=10)
                assert (stream.status_code, stream.json()["error"]) == (503, "server_full")
                player.read(1)


def test_workers_have_files_of_their_own(tmp_path: Path) -> None:
    with AudiocastServer(
        tmp_path / "server.log", AUDIENCE_LOG=str(tmp_path / "audience.log"), NODE_NAME="n", WORKERS=2
    ) as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(started.stream_id, "live")
            with ExitStack() as stack:
                for _ in range(8):
                    listener = Listener(server.port, f"/stream/{started.stream_id}")
                    stack.enter_context(listener).wait_for_audio(1)
                audience = ask(server, started).json()
                assert audience["now"] == sum(member["now"] for member in audience["members"]) == 8
            assert server.stop(signal.SIGTERM) == 0
    names = {path.name[: len("audience-n-1")] for path in tmp_path.glob("audience-*.log")}
    assert names == {"audience-n-1", "audience-n-2"}
    assert len(records(tmp_path)) == 8


def test_a_log_that_cannot_be_written_touches_no_audio(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", AUDIENCE_LOG="/proc/none/audience.log") as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(started.stream_id, "live")
            for _ in range(2):
                with Listener(server.port, f"/stream/{started.stream_id}") as listener:
                    listener.wait_for_audio(1)
            deadline = time.monotonic() + 10
            name = "audiocast_audience_log_lines_lost_total"
            while server.metric(name, '{reason="write_failed"}') < 3:
                assert time.monotonic() < deadline, "expected lost lines to be counted"
                time.sleep(0.05)
            told = [event["event"] for event in server.events() if event["event"].startswith("audience_log")]
            assert told == ["audience_log_failed"]
