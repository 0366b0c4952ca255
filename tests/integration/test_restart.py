"""The server keeps nothing on disk: whoever has the secret knows the keys of yesterday."""

import signal
from pathlib import Path

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import exchange
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource, ingest_head
from tests.support.processes.server import AudiocastServer, Started

SECRET = "a-secret-for-tests-1"
NEXT_SECRET = "a-secret-for-tests-2"
TITLE = "Вечерний эфир"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_after_a_restart_the_old_key_brings_the_stream_back(number: signal.Signals, tmp_path: Path) -> None:
    audio = numbered_audio(seconds=30)
    with AudiocastServer(tmp_path / "before.log", SECRET_KEYS=SECRET) as server:
        port = server.port
        started = server.start_stream(title=TITLE)
        with (
            PacedSource(started.keyed_url, audio) as source,
            Listener(port, f"/stream/{started.stream_id}") as listener,
        ):
            listener.wait_for_audio(0.5)
            assert server.stop(number) == (0 if number is signal.SIGTERM else -signal.SIGKILL)
            capture = listener.wait_for_end()
            if number is signal.SIGTERM:
                assert (listener.end, capture.pages[-1].is_eos) == ("closed", True)
                answer = source.answer()
                assert (answer.status, answer.error) == (503, "shutting_down")
    with AudiocastServer(tmp_path / "after.log", SECRET_KEYS=SECRET, PORT=port) as server:
        assert requests.get(f"{server.base}/api/streams/{started.stream_id}", timeout=10).status_code == 404
        with PacedSource(started.keyed_url, audio):
            assert server.wait_for_state(started.stream_id, "live")["title"] == TITLE
            with Listener(port, f"/stream/{started.stream_id}") as listener:
                listener.wait_for_audio(0.5).check_one_stream()
            page = requests.get(started.listen_url, timeout=10)
            assert page.status_code == 200
            assert TITLE in page.text


def test_a_secret_is_replaced_without_cutting_anyone_off(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "old.log", SECRET_KEYS=SECRET) as server:
        old = server.start_stream()
    with AudiocastServer(tmp_path / "both.log", SECRET_KEYS=f"{NEXT_SECRET},{SECRET}") as server:
        new = server.start_stream()
        assert _status_of_an_empty_source(server, old) == (400, "no_audio")
        assert _status_of_an_empty_source(server, new) == (400, "no_audio")
    with AudiocastServer(tmp_path / "new.log", SECRET_KEYS=NEXT_SECRET) as server:
        assert _status_of_an_empty_source(server, old) == (401, "bad_key")
        assert _status_of_an_empty_source(server, new) == (400, "no_audio")


def test_without_a_secret_keys_end_with_the_process_and_the_log_says_so(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "before.log") as server:
        started = server.start_stream()
        assert "secret_made_up" in [event["event"] for event in server.events()]
    with AudiocastServer(tmp_path / "after.log") as server:
        assert _status_of_an_empty_source(server, started) == (401, "bad_key")


def test_a_stream_that_was_deleted_takes_no_source(server: AudiocastServer) -> None:
    started = server.start_stream()
    url = f"{server.base}/api/streams/{started.stream_id}"
    with (
        PacedSource(started.keyed_url, numbered_audio(seconds=30)) as source,
        Listener(server.port, f"/stream/{started.stream_id}") as listener,
    ):
        listener.wait_for_audio(0.5)
        assert requests.delete(url, timeout=10).status_code == 401
        assert requests.delete(f"{url}?key=ac1..wrong", timeout=10).status_code == 401
        assert server.state(started.stream_id)["state"] == "live"
        bearer = {"Authorization": f"Bearer {started.ingest_key}"}
        assert requests.delete(url, headers=bearer, timeout=10).status_code == 204
        capture = listener.wait_for_end()
        answer = source.answer()
    assert (answer.status, answer.error) == (410, "stream_ended")
    assert listener.end == "closed"
    assert capture.pages[-1].is_eos
    capture.check_one_stream()
    assert server.state(started.stream_id)["state"] == "ended"
    assert requests.delete(url, headers=bearer, timeout=10).status_code == 204
    assert _status_of_an_empty_source(server, started) == (410, "stream_ended")


def _status_of_an_empty_source(server: AudiocastServer, started: Started) -> tuple[int, str]:
    target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
    answer = exchange(server.port, ingest_head(target, "chunked") + b"0\r\n\r\n")
    return answer.status, answer.error
