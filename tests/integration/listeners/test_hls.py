"""A stream as HLS from a real server: the rules over time, what is said to caches, and what is refused."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.support.audio import media
from tests.support.audio.mp4_boxes import opus_specific
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.hls_reader import HlsReader
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

GRACE_SECONDS = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("hls") / "server.log"
    with AudiocastServer(log, HEADER_WAIT_TIMEOUT=0.2, SOURCE_GRACE_SECONDS=GRACE_SECONDS) as server:
        yield server


@pytest.fixture(scope="module")
def started(server: AudiocastServer) -> Iterator[Started]:
    """A stream that goes on for as long as there are tests."""
    started = server.start_stream()
    with PacedSource(started.keyed_url, numbered_audio(seconds=100), lead_seconds=6):
        server.wait_for_state(started.stream_id, "live")
        yield started


def get(server: AudiocastServer, stream_id: str, path: str = "index.m3u8", **query: Any) -> requests.Response:
    url = f"{server.base}/stream/{stream_id}/hls/{path}"
    return requests.get(url, params={f"_HLS_{name}": value for name, value in query.items()}, timeout=10)


def test_through_losses_and_changes_it_keeps_the_rules_and_loses_nothing(
    server: AudiocastServer, tmp_path: Path
) -> None:
    started = server.start_stream()
    stereo = media.opus_file(tmp_path, seconds=30).read_bytes()
    with PacedSource(started.keyed_url, numbered_audio(seconds=30, first_number=1)):
        server.wait_for_state(started.stream_id, "live")
        reader = HlsReader(server.base, started.stream_id)
        reader.read(3)
    numbers = [number_of(packet) for packet in reader.packets]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 140
    reader.read(3)
    server.wait_for_state(started.stream_id, "held")
    assert {segment.init for segment in reader.playlist.segments} == {reader.playlist.segments[0].init}
    silent = [number_of(packet) for packet in reader.packets].count(0)
    assert 100 <= silent <= 160
    with PacedSource(started.keyed_url, stereo):
        server.wait_for_state(started.stream_id, "live")
        reader.read(3)
        first, last = reader.playlist.segments[0], reader.playlist.segments[-1]
        assert last.discontinuity == first.discontinuity + 1
        assert [opus_specific(reader.fetch(segment.init))[1] for segment in (first, last)] == [1, 2]
        requests.delete(f"{server.base}/api/streams/{started.stream_id}?key={started.ingest_key}", timeout=5)
        reader.read(3)
    assert reader.playlist.is_ended
    for segment in reader.playlist.whole:
        parts = [data for uri, data in reader.media.items() if f"/{segment.number}." in uri]
        assert reader.fetch(segment.uri) in (b"".join(parts), reader.media[segment.uri])


def test_a_segment_is_its_parts_and_a_name_keeps_its_meaning(
    server: AudiocastServer, started: Started
) -> None:
    with HlsReader(server.base, started.stream_id) as reader:
        reader.read(2.2)
        segment = reader.playlist.whole[-1]
        parts = [reader.media[uri] for uri, _ in segment.parts]
        assert reader.fetch(segment.uri) == b"".join(parts)
        time.sleep(0.5)
        assert reader.fetch(segment.uri) == b"".join(parts)


def test_what_caches_may_keep_is_said(server: AudiocastServer, started: Started) -> None:
    with HlsReader(server.base, started.stream_id) as reader:
        number, part = reader.playlist.next_position
        kept = {
            "": "public, max-age=1",
            f"?_HLS_msn={number}&_HLS_part={part}": "public, max-age=12",
            f"?_HLS_msn={number - 1}": "public, max-age=12",
        }
        for query, cache_control in kept.items():
            response = requests.get(reader.url + query, timeout=10)
            assert response.headers["Cache-Control"] == cache_control
            assert response.headers["Access-Control-Allow-Origin"] == "*"
        for uri in reader.playlist.uris:
            response = requests.get(urljoin(reader.url, uri), timeout=10)
            assert response.headers["Cache-Control"] == "public, max-age=86400, immutable"
            assert response.headers["Content-Type"] == 'audio/mp4; codecs="Opus"'
            assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_a_hinted_part_is_waited_for(server: AudiocastServer, started: Started) -> None:
    with HlsReader(server.base, started.stream_id) as reader:
        reader.reload()
        hint = reader.playlist.hint
        data = reader.fetch(hint)
        reader.reload()
        assert hint in reader.playlist.uris
        assert reader.fetch(hint) == data


def test_a_playlist_that_is_asked_for_in_advance_has_it(server: AudiocastServer, started: Started) -> None:
    with HlsReader(server.base, started.stream_id) as reader:
        number, _ = reader.playlist.next_position
        response = get(server, started.stream_id, msn=number)
        assert f"/{number}.m4s" in response.text
        assert f"/{number - 1}.m4s" in get(server, started.stream_id, msn=number - 1, part=5).text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"part": 1}, "bad_hls_part"),
        ({"msn": "x"}, "bad_hls_msn"),
        ({"msn": "-1"}, "bad_hls_msn"),
        ({"msn": "9" * 5000}, "bad_hls_msn"),
        ({"msn": 2**40}, "bad_hls_msn"),
        ({"msn": 1, "part": "1.5"}, "bad_hls_part"),
        ({"msn": 1, "part": 100}, "bad_hls_part"),
    ],
)
def test_directives_that_mean_nothing_are_refused(
    server: AudiocastServer, started: Started, query: dict[str, Any], code: str
) -> None:
    response = get(server, started.stream_id, **query)
    assert (response.status_code, response.json()["error"]) == (400, code)


@pytest.mark.parametrize("path", ["", "nope", "x/1.m4s", "x/init0.mp4", "../..", "a" * 1000, "index.m3u"])
def test_what_no_playlist_lists_is_not_there(server: AudiocastServer, started: Started, path: str) -> None:
    get(server, started.stream_id)
    response = requests.Request("GET", f"{server.base}/stream/{started.stream_id}/hls/{path}").prepare()
    response.url = f"{server.base}/stream/{started.stream_id}/hls/{path}"
    answer = requests.Session().send(response, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (404, "media_not_found")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*", "else a page cannot see what is wrong"


def test_a_stream_that_is_not_on_is_not_there(server: AudiocastServer) -> None:
    for stream_id, code in (("nobody-knows-it", "stream_not_live"), ("-", "bad_stream_id")):
        response = get(server, stream_id)
        assert (response.status_code, response.json()["error"]) == (404, code)


def test_one_that_was_ended_is_gone(server: AudiocastServer) -> None:
    started = server.start_stream()
    requests.delete(f"{server.base}/api/streams/{started.stream_id}?key={started.ingest_key}", timeout=5)
    response = get(server, started.stream_id)
    assert (response.status_code, response.json()["error"]) == (410, "stream_ended")


def test_pages_of_other_sites_may_ask(server: AudiocastServer, started: Started) -> None:
    response = requests.options(f"{server.base}/stream/{started.stream_id}/hls/index.m3u8", timeout=5)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in response.headers["Access-Control-Allow-Methods"]


def test_a_head_says_what_a_get_would(server: AudiocastServer, started: Started) -> None:
    with HlsReader(server.base, started.stream_id) as reader:
        response = requests.head(urljoin(reader.url, reader.playlist.segments[0].init), timeout=5)
        data = reader.fetch(reader.playlist.segments[0].init)
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(len(data)))


def test_what_is_given_is_counted(server: AudiocastServer, started: Started) -> None:
    def counted() -> dict[str, float]:
        kinds = ("playlist", "init", "segment", "part")
        name = "audiocast_hls_answers_total"
        return {kind: server.metric(name, f'{{kind="{kind}"}}') for kind in kinds}

    before, sent_before = counted(), server.metric("audiocast_sent_bytes_total")
    with HlsReader(server.base, started.stream_id) as reader:
        for uri in (reader.playlist.segments[0].init, reader.playlist.whole[0].uri):
            reader.fetch(uri)
        reader.fetch_parts()
    assert server.metric("audiocast_hls_packagers") >= 1
    after = counted()
    assert {kind: after[kind] - before[kind] for kind in after} == {
        "playlist": 1,
        "init": 1,
        "segment": 1,
        "part": len(reader.media) - 2,
    }
    sent = sum(map(len, reader.media.values()))
    assert server.metric("audiocast_sent_bytes_total") - sent_before >= sent


def test_a_server_that_is_full_lets_nobody_wait(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", MAX_LISTENERS=2) as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, numbered_audio(seconds=60), lead_seconds=6):
            server.wait_for_state(started.stream_id, "live")
            with (
                HlsReader(server.base, started.stream_id),
                Listener(server.port, f"/stream/{started.stream_id}"),
            ):
                deadline = time.monotonic() + 10
                # The player of HLS is one of them.
                while server.metric("audiocast_listeners") < 2:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                # Of now, and not of the time before the listeners.
                with HlsReader(server.base, started.stream_id) as reader:
                    number, _ = reader.playlist.next_position
                stranger = f"{server.base}/stream/{started.stream_id}/hls/index.m3u8"
                for query in ({}, {"_HLS_msn": number + 1}):
                    refused = requests.get(stranger, query, headers={"User-Agent": "other"}, timeout=10)
                    assert (refused.status_code, refused.json()["error"]) == (503, "server_full")
                assert get(server, started.stream_id, msn=number + 1).status_code == 200, "it has its place"


def test_a_crowd_is_woken_together(server: AudiocastServer, started: Started) -> None:
    with HlsReader(server.base, started.stream_id) as reader:
        number, part = reader.reload().next_position
    bodies: list[bytes] = []
    query = {"_HLS_msn": number, "_HLS_part": part}
    threads = [
        threading.Thread(target=lambda: bodies.append(requests.get(reader.url, query, timeout=10).content))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 20
    assert len(set(bodies)) == 1
