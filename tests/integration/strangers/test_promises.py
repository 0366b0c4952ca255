"""What a server promises to the keys of its streams holds whatever strangers do."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from audiocast.stream.keys import Claims, Keys
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import connect, read_answer
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource, framed, ingest_head, timed_pages
from tests.support.processes.server import AudiocastServer

SECRET = "a secret of sixteen characters or more"
MAX_STREAMS = 20
TOKENS = ("the-token-of-a-1", "the-token-of-b-2")
SECONDS = 15.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log", SECRET_KEYS=SECRET, MAX_STREAMS=MAX_STREAMS) as server:
        yield server


@pytest.fixture
def token_server(tmp_path: Path) -> Iterator[AudiocastServer]:
    tokens = ",".join(TOKENS)
    with AudiocastServer(tmp_path / "server.log", SECRET_KEYS=SECRET, API_TOKENS=tokens) as server:
        yield server


def key_of(stream_id: str, *, generation: int = 0, expires_at: int = 0) -> str:
    return Keys([SECRET]).make(stream_id, Claims(generation=generation, expires_at=expires_at))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def flood(server: AudiocastServer) -> None:
    """Start more streams than the server remembers, and ask for as many that are not there."""
    with requests.Session() as session:
        for number in range(5 * MAX_STREAMS):
            assert session.post(f"{server.base}/api/start", timeout=10).status_code == 201
            assert session.get(f"{server.base}/api/streams/nobody{number}", timeout=10).status_code == 404
            key = key_of(f"named{number}")
            url = f"{server.base}/api/streams/named{number}/metadata"
            assert session.put(url, json={"title": "x"}, headers=bearer(key), timeout=10).status_code == 204


def start(server: AudiocastServer, token: str, stream_id: str, title: str) -> requests.Response:
    body = {"id": stream_id, "title": title}
    return requests.post(f"{server.base}/api/start", json=body, headers=bearer(token), timeout=10)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ingest(server: AudiocastServer, stream_id: str, key: str) -> tuple[int, str]:
    answer = requests.post(
        f"{server.base}/ingest/{stream_id}", data=b"no audio", headers=bearer(key), timeout=10
    )
    return answer.status_code, answer.json()["error"]


def test_a_start_makes_no_hub_and_is_known(server: AudiocastServer) -> None:
    started = server.start_stream(title="Jazz")
    assert server.metric("audiocast_streams", '{state="waiting"}') == 0
    state = server.state(started.stream_id)
    assert (state["title"], state["state"]) == ("Jazz", "waiting")


def test_ended_stays_ended_and_replaced_stays_replaced(server: AudiocastServer) -> None:
    ended = server.start_stream()
    url = f"{server.base}/api/streams/{ended.stream_id}"
    assert requests.delete(url, headers=bearer(ended.ingest_key), timeout=10).status_code == 204
    new = f"{server.base}/ingest/replaced?key={key_of('replaced', generation=2)}"
    with PacedSource(new, numbered_audio(seconds=1)) as source:
        source.wait_until_sent()
        assert source.finish().status == 200
    flood(server)
    assert ingest(server, ended.stream_id, ended.ingest_key) == (410, "stream_ended")
    assert server.state(ended.stream_id)["state"] == "ended"
    old = key_of("replaced", generation=1)
    assert ingest(server, "replaced", old) == (401, "bad_key")


def test_a_replaced_key_sets_no_title_and_ends_nothing(server: AudiocastServer) -> None:
    old, new = key_of("news", generation=1), key_of("news", generation=2)
    api = f"{server.base}/api/streams/news"
    with PacedSource(f"{server.base}/ingest/news?key={new}", numbered_audio(seconds=60)):
        server.wait_for_state("news", "live")
        icecast = f"{server.base}/admin/metadata?mode=updinfo&mount=/ingest/news&song=old"
        for answer in (
            requests.put(f"{api}/metadata", json={"title": "old"}, headers=bearer(old), timeout=10),
            requests.get(icecast, headers=bearer(old), timeout=10),
            requests.delete(api, headers=bearer(old), timeout=10),
        ):
            assert (answer.status_code, answer.json()["error"]) == (401, "bad_key")
        state = server.state("news")
        assert (state["state"], state["now_playing"]) == ("live", None)
        answer = requests.put(f"{api}/metadata", json={"title": "new"}, headers=bearer(new), timeout=10)
        assert answer.status_code == 204


def test_a_source_without_audio_is_not_forgotten(server: AudiocastServer) -> None:
    started = server.start_stream()
    pages = [page for page, _ in timed_pages(numbered_audio(seconds=5))]
    with connect(server.port) as source:
        source.sendall(ingest_head(started.keyed_url.removeprefix(server.base), "chunked") + framed(pages[0]))
        wait_for(lambda: server.metric("audiocast_streams", '{state="waiting"}') == 1)
        flood(server)
        for page in pages[1:]:
            source.sendall(framed(page))
        server.wait_for_state(started.stream_id, "live")


def test_a_page_that_waits_is_not_forgotten(server: AudiocastServer) -> None:
    started = server.start_stream()
    with Listener(server.port, f"/api/streams/{started.stream_id}/events") as page:
        wait_for(lambda: b"waiting" in page.body)
        flood(server)
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            wait_for(lambda: re.search(rb'"state": ?"live"', page.body) is not None)


def test_a_source_ends_when_its_key_expires(server: AudiocastServer) -> None:
    key = key_of("show", expires_at=int(time.time()) + 3)
    with PacedSource(f"{server.base}/ingest/show?key={key}", numbered_audio(seconds=60)) as source:
        server.wait_for_state("show", "live")
        assert source._connection is not None
        answer = read_answer(source._connection, SECONDS)
        assert (answer.status, answer.error) == (401, "bad_key")
        server.wait_for_state("show", "held")
    assert ingest(server, "show", key) == (401, "bad_key")


def test_streams_without_audio_make_room_for_one_with_audio(server: AudiocastServer) -> None:
    honest = server.start_stream()
    silent = [server.start_stream() for _ in range(MAX_STREAMS)]
    burst = numbered_audio(seconds=0.1)
    sources = [PacedSource(each.keyed_url, burst, framing="raw", lead_seconds=1) for each in silent]
    for source in sources:
        source.__enter__()
    try:
        for each in silent:
            server.wait_for_state(each.stream_id, "held")
        with PacedSource(honest.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(honest.stream_id, "live")
        assert server.metric("audiocast_source_errors_total", '{code="source_stalled"}') == 1
    finally:
        for source in sources:
            source.kill()


def test_another_token_takes_no_stream_that_is_on_the_air(token_server: AudiocastServer) -> None:
    server = token_server
    a, b = TOKENS
    key = start(server, a, "station", "Station A").json()["ingest_key"]
    # Nothing is on: the id is free, and a key of it is no claim to it.
    assert start(server, b, "station", "Station B").status_code == 201
    with PacedSource(f"{server.base}/ingest/station?key={key}", numbered_audio(seconds=60)):
        server.wait_for_state("station", "live")
        refused = start(server, b, "station", "Hijacked")
        assert (refused.status_code, refused.json()["error"]) == (409, "stream_live")
        assert server.state("station")["title"] != "Hijacked"
        assert start(server, a, "station", "Station A, anew").status_code == 201
        assert server.state("station")["title"] == "Station A, anew"
