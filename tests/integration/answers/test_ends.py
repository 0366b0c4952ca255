"""The two ends of a broadcast: for now, after which the same key is good, and for good."""

from collections.abc import Iterator

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("ends") / "server.log") as server:
        yield server


def end(server: AudiocastServer, started: Started, key: str = "", **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {key or started.ingest_key}"}
    url = f"{server.base}/api/streams/{started.stream_id}"
    return requests.delete(url, params=query, headers=headers, timeout=10)


def test_after_an_end_for_now_the_same_key_is_good(server: AudiocastServer) -> None:
    started = server.start_stream()
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)) as source:
        server.wait_for_state(started.stream_id, "live")
        with Listener(server.port, f"/stream/{started.stream_id}") as listener:
            listener.wait_for_audio(0.5)
            assert end(server, started, for_good="false").status_code == 204
            assert listener.wait_for_end().pages[-1].is_eos
        answer = source.answer()
        assert (answer.status, answer.error) == (410, "broadcast_ended")
    assert server.state(started.stream_id)["state"] == "ended"
    # Of what is not on nothing is ended, and nothing forbidden.
    assert end(server, started, for_good="false").status_code == 204
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        assert end(server, started).status_code == 204
    refusal = requests.post(started.keyed_url, data=b"", timeout=10)
    assert (refusal.status_code, refusal.json()["error"]) == (410, "stream_ended")
    assert end(server, started, for_good="false").status_code == 204


def test_only_the_key_ends_and_other_words_are_refused(server: AudiocastServer) -> None:
    started = server.start_stream()
    assert end(server, started, key="ac1..wrong", for_good="false").status_code == 401
    answer = end(server, started, for_good="maybe")
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_for_good")
