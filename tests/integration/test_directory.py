"""What directories and players read of a stream: Icecast's status, playlists, and how long its pages are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import audiocast
from tests.support.audio.media import opus_file
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import exchange
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

SERVER_FIELDS = {"admin", "host", "location", "server_id", "server_start", "server_start_iso8601"}
SOURCE_FIELDS = {
    "bitrate",
    "channels",
    "dummy",
    "listener_peak",
    "listeners",
    "listenurl",
    "samplerate",
    "server_name",
    "server_type",
    "stream_start",
    "stream_start_iso8601",
    "subtype",
}
DATE = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"
DATE_ISO8601 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000"
FROM_OUTSIDE = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "live.example"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    """A server where no stream outlives its source."""
    log = tmp_path_factory.mktemp("directory") / "server.log"
    with AudiocastServer(log, SOURCE_GRACE_SECONDS=0) as server:
        yield server


def icestats(server: AudiocastServer, **query: str) -> dict[str, Any]:
    """Read the status as a directory does, through a proxy."""
    url = f"{server.base}/status-json.xsl"
    answer = requests.get(url, params=query, headers=FROM_OUTSIDE, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    said: dict[str, Any] = answer.json()
    assert list(said) == ["icestats"]
    status: dict[str, Any] = said["icestats"]
    return status


class TestStatus:
    def test_without_a_stream_there_is_no_source(self, server: AudiocastServer) -> None:
        status = icestats(server)
        assert set(status) == SERVER_FIELDS
        assert (status["host"], status["server_id"]) == ("live.example", f"audiocast {audiocast.__version__}")
        assert re.fullmatch(DATE, status["server_start"])
        assert re.fullmatch(DATE_ISO8601, status["server_start_iso8601"])

    def test_one_stream_is_an_object_with_all_that_icecast_tells(self, server: AudiocastServer) -> None:
        started = server.start_stream(title="Jazz", visibility="public")
        metadata = f"{server.base}/api/streams/{started.stream_id}/metadata"
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(started.stream_id, "live")
            path = f"/stream/{started.stream_id}"
            with Listener(server.port, path) as one, Listener(server.port, path) as other:
                one.wait_for_audio(0.1)
                other.wait_for_audio(0.1)
            one.wait(lambda: icestats(server)["source"]["listeners"] == 0, "the listeners' leaving")
            source = icestats(server)["source"]
            assert set(source) == SOURCE_FIELDS
            assert list(source)[-1] == "dummy"
            song = {"title": "Song", "artist": "Band"}
            key = {"key": started.ingest_key}
            requests.put(metadata, json=song, params=key, timeout=10).raise_for_status()
            assert icestats(server)["source"].items() >= song.items()
        # Until then it is in the lists that other tests look at.
        server.wait_for_state(started.stream_id, "ended")
        # 240-byte packets, 50 a second, and 28 bytes of Ogg for each.
        assert source.pop("bitrate") == pytest.approx(268 * 50 * 8 / 1000, abs=3)
        assert re.fullmatch(DATE, source.pop("stream_start"))
        assert re.fullmatch(DATE_ISO8601, source.pop("stream_start_iso8601"))
        assert source == {
            "channels": 1,
            "dummy": None,
            "listener_peak": 2,
            "listeners": 0,
            "listenurl": f"https://live.example/stream/{started.stream_id}",
            "samplerate": 48000,
            "server_name": "Jazz",
            "server_type": "audio/ogg",
            "subtype": "Opus",
        }

    def test_two_streams_are_a_list_and_a_mount_chooses_one(self, server: AudiocastServer) -> None:
        streams = [server.start_stream(title=title, visibility="public") for title in ("One", "Two")]
        audio = numbered_audio(seconds=60)
        with PacedSource(streams[0].keyed_url, audio), PacedSource(streams[1].keyed_url, audio):
            for stream in streams:
                server.wait_for_state(stream.stream_id, "live")
            assert {source["server_name"] for source in icestats(server)["source"]} == {"One", "Two"}
            chosen = icestats(server, mount=f"/stream/{streams[1].stream_id}")
            assert chosen["source"]["server_name"] == "Two"
            for mount in ("/stream/nobody", streams[1].stream_id, "/stream/"):
                assert "source" not in icestats(server, mount=mount)
        for stream in streams:
            server.wait_for_state(stream.stream_id, "ended")


class TestPlaylists:
    @pytest.mark.parametrize(
        ("title", "entry"),
        [
            ("Jazz", "Jazz"),
            ("Вечер, джаз", "Вечер, джаз"),
            ("two\nlines\r\nFile2=evil", "two lines File2=evil"),
            ("", "{id}"),
        ],
    )
    def test_are_of_one_entry_with_the_title_as_its_name(
        self, server: AudiocastServer, title: str, entry: str
    ) -> None:
        started = server.start_stream(title=title)
        entry = entry.format(id=started.stream_id)
        # A title is in the key, and here once a source has brought it.
        with PacedSource(started.keyed_url, numbered_audio(seconds=10)):
            server.wait_for_state(started.stream_id, "live")
            answers = {
                form: requests.get(f"{started.stream_url}.{form}", headers=FROM_OUTSIDE, timeout=10)
                for form in ("m3u", "pls")
            }
        address = f"https://live.example/stream/{started.stream_id}"
        assert answers["m3u"].headers["Content-Type"] == "audio/x-mpegurl"
        assert answers["m3u"].content == f"#EXTM3U\n#EXTINF:-1,{entry}\n{address}\n".encode()
        assert answers["pls"].headers["Content-Type"] == "audio/x-scpls"
        assert (
            answers["pls"].content
            == (
                f"[playlist]\nNumberOfEntries=1\nFile1={address}\nTitle1={entry}\nLength1=-1\nVersion=2\n"
            ).encode()
        )
        assert answers["pls"].headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("form", ["m3u", "pls"])
    def test_are_there_for_a_stream_that_is_not_on_yet(self, server: AudiocastServer, form: str) -> None:
        answer = requests.get(f"{server.base}/stream/later.{form}", timeout=10)
        assert (answer.status_code, f"{server.base}/stream/later\n" in answer.text) == (200, True)
        assert requests.get(f"{server.base}/api/streams/later", timeout=10).status_code == 404

    @pytest.mark.parametrize("form", ["m3u", "pls"])
    def test_are_not_for_what_cannot_be_an_id(self, server: AudiocastServer, form: str) -> None:
        request = f"GET /stream/a%0Ab.{form} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = exchange(server.port, request.encode())
        assert (answer.status, answer.error) == (404, "bad_stream_id")


class TestPages:
    @pytest.mark.parametrize(("page_ms", "seconds"), [(20, 10), (1000, 30)])
    def test_the_state_tells_how_long_the_sources_are(
        self, server: AudiocastServer, media: Path, page_ms: int, seconds: int
    ) -> None:
        started = server.start_stream()
        assert server.state(started.stream_id)["page_ms"] is None
        audio = opus_file(media, seconds=seconds, page_ms=page_ms).read_bytes()
        with PacedSource(started.keyed_url, audio, lead_seconds=2.5):
            state = server.wait_for_state(started.stream_id, "live")
            assert state["page_ms"] == page_ms
        state = server.wait_for_state(started.stream_id, "ended")
        assert state["page_ms"] is None
