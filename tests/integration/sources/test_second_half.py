"""What a broadcaster changes during a show, and what is said of it after the end."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started


@pytest.fixture(scope="module", params=[1, 2], ids=["alone", "workers"])
def server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[AudiocastServer]:
    folder = tmp_path_factory.mktemp("show")
    with AudiocastServer(folder / "server.log", WORKERS=request.param) as server:
        yield server


def edit(server: AudiocastServer, started: Started, body: object, key: str = "") -> requests.Response:
    url = f"{server.base}/api/streams/{started.stream_id}"
    headers = {"Authorization": f"Bearer {key or started.ingest_key}"}
    return requests.patch(url, data=json.dumps(body), headers=headers, timeout=10)


def wait_for(
    server: AudiocastServer, started: Started, holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Wait until every worker says so: each question may go to another one."""
    deadline, in_a_row = time.monotonic() + 10, 0
    while True:
        state = server.state(started.stream_id)
        in_a_row = in_a_row + 1 if holds(state) else 0
        if in_a_row == 6:
            return state
        assert time.monotonic() < deadline, state
        time.sleep(0.05)


def test_title_and_mute_are_shown_and_the_recap_comes_after_the_end(server: AudiocastServer) -> None:
    started = server.start_stream(title="First")
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}?preroll=0&latency=low"
        with Listener(server.port, path) as one, Listener(server.port, path) as other:
            one.wait_for_audio(0.5)
            other.wait_for_audio(0.5)
            assert edit(server, started, {"title": " Second\nhalf ", "muted": True}).status_code == 204
            shown = wait_for(server, started, lambda state: state["muted"] and state["listeners"] == 2)
            assert (shown["state"], shown["title"], shown["listener_peak"]) == ("live", "Second half", 2)
            assert shown["last_broadcast"] is None
            muted_from = one.capture().seconds
            heard = one.wait_for_audio(muted_from + 1)
            assert {number_of(packet) for packet in heard.packets[-30:]} == {0}
            assert edit(server, started, {"muted": False}).status_code == 204
            shown = wait_for(server, started, lambda state: not state["muted"])
            assert shown["title"] == "Second half"
            heard = one.wait_for_audio(one.capture().seconds + 1)
            assert 0 not in {number_of(packet) for packet in heard.packets[-20:]}
            for listener in (one, other):
                listener.capture().check_one_stream()
        wait_for(server, started, lambda state: state["listeners"] == 0)
        wait_for(server, started, lambda state: state["listener_peak"] == 2)
    url = f"{server.base}/api/streams/{started.stream_id}"
    key = {"key": started.ingest_key}
    assert requests.delete(f"{url}?for_good=false", params=key, timeout=10).status_code == 204
    last = wait_for(server, started, lambda state: state["state"] == "ended")["last_broadcast"]
    assert last["listener_peak"] == 2
    assert 0 < last["ended_at"] - last["started_at"] < 30
    assert last["started_at"] == pytest.approx(shown["started_at"], abs=1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 204),
        ({"title": "x" * 201}, 400),
        ({"muted": "yes"}, 400),
        ({"mute": True}, 400),
        ([], 400),
    ],
)
def test_what_is_no_edit_changes_nothing(server: AudiocastServer, body: object, status: int) -> None:
    started = server.start_stream(title="As it was")
    assert edit(server, started, body).status_code == status
    assert server.state(started.stream_id)["title"] == "As it was"


def test_who_has_no_key_changes_nothing(server: AudiocastServer) -> None:
    started, other = server.start_stream(title="As it was"), server.start_stream()
    assert edit(server, started, {"title": "Mine"}, key=other.ingest_key).status_code == 401
    url = f"{server.base}/api/streams/{started.stream_id}"
    assert requests.patch(url, json={"title": "Mine"}, timeout=10).status_code == 401
    assert server.state(started.stream_id)["title"] == "As it was"


def test_events_say_it_at_once(server: AudiocastServer) -> None:
    started = server.start_stream(title="First")
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        url = f"{server.base}/api/streams/{started.stream_id}/events"
        with requests.get(url, stream=True, timeout=10) as events:
            lines = events.iter_lines(chunk_size=1)
            edit(server, started, {"muted": True})
            began_at = time.monotonic()
            for line in lines:
                if line.startswith(b"data: ") and json.loads(line[6:])["muted"]:
                    break
            assert time.monotonic() - began_at < 6
