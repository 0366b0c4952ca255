"""A station's own program decides who may listen and who may broadcast."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.auth_program import AuthProgram
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

CLIENT = {"X-Forwarded-For": "192.0.2.7", "User-Agent": "Radio/1"}


@contextmanager
def on_air(
    folder: Path, *, visibility: str = "unlisted", **settings: str | float
) -> Iterator[tuple[AuthProgram, AudiocastServer, Started]]:
    """Run a program, a server that asks it about listeners, and a stream that is on."""
    with ExitStack() as stack:
        program = stack.enter_context(AuthProgram())
        server = stack.enter_context(
            AudiocastServer(
                folder / "server.log",
                LISTEN_AUTH_URL=program.url,
                HEADER_WAIT_TIMEOUT=0.5,
                AUTH_HOOK_TOKEN="a-token-of-the-program",
                **settings,
            )
        )
        started = server.start_stream(title="Ours", visibility=visibility)
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        server.wait_until_live(started)
        yield program, server, started


def listen(server: AudiocastServer, started: Started, **query: str) -> tuple[int, str]:
    """Ask for audio; give the status, and the error or the type of what came."""
    url = f"{server.base}/stream/{started.stream_id}"
    with requests.get(url, params=query, headers=CLIENT, timeout=15, stream=True) as answer:
        if answer.status_code == 200:
            return 200, answer.headers["Content-Type"]
        return answer.status_code, str(answer.json()["error"])


def test_each_listener_is_asked_about_once(tmp_path: Path) -> None:
    with on_air(tmp_path) as (program, server, started):
        assert listen(server, started, token="theirs", latency="low") == (200, "audio/ogg")
        assert program.questions == [
            {
                "action": "listen",
                "stream_id": started.stream_id,
                "token": "theirs",
                "address": "192.0.2.7",
                "agent": "Radio/1",
                "way": "stream",
                "bearer": "a-token-of-the-program",
            }
        ]
        # The answer is good for a while, for the same question.
        assert listen(server, started, token="theirs") == (200, "audio/ogg")
        assert len(program.questions) == 1
        program.answer = {"allowed": False}
        assert listen(server, started, token="another") == (403, "listening_refused")
        program.status = 401
        assert listen(server, started, token="a third") == (403, "listening_refused")
        log = server.log.read_text()
        assert "theirs" not in log
        assert "a-token-of-the-program" not in log


def test_its_word_counts_for_as_long_as_it_says(tmp_path: Path) -> None:
    with on_air(tmp_path) as (program, server, started):
        program.answer = {"allowed": True, "session_seconds": 1, "label": "Anna"}
        with Listener(server.port, f"/stream/{started.stream_id}?preroll=0") as listener:
            capture = listener.wait_for_end(15)
            assert capture.pages[-1].is_eos
            assert capture.seconds < 5


def test_it_opens_a_private_stream(tmp_path: Path) -> None:
    with on_air(tmp_path, visibility="private") as (program, server, started):
        assert listen(server, started, token="theirs") == (200, "audio/ogg")
        playlist = requests.get(
            f"{server.base}/stream/{started.stream_id}/hls/index.m3u8?token=theirs", timeout=15
        )
        assert playlist.status_code == 200
        assert "/hls/al1." in playlist.url
        browser = requests.Session()
        page = browser.get(f"{started.listen_url}?token=theirs", timeout=15)
        assert (page.status_code, page.url) == (200, started.listen_url)
        assert "Ours" in page.text
        assert [each["way"] for each in program.questions] == ["stream", "hls", "page"]
        program.answer = {"allowed": False}
        assert listen(server, started, token="another") == (404, "stream_not_live")
        assert listen(server, started) == (404, "stream_not_live")
        assert requests.get(started.listen_url, timeout=15).status_code == 401


@pytest.mark.parametrize(
    ("failure", "expected"), [("closed", (403, "listening_refused")), ("open", (200, "audio/ogg"))]
)
@pytest.mark.parametrize(
    "trouble", ["slow", "away", "status", "redirect", "no json", "wrong json", "long", "bad seconds"]
)
def test_without_an_answer_the_setting_holds(
    tmp_path: Path, trouble: str, failure: str, expected: tuple[int, str]
) -> None:
    settings: dict[str, Any] = {"AUTH_HOOK_FAILURE": failure, "AUTH_HOOK_TIMEOUT_SECONDS": 0.5}
    with on_air(tmp_path, **settings) as (program, server, started):
        match trouble:
            case "slow":
                program.delay_seconds = 2
            case "away":
                program.stop()
            case "status":
                program.status = 500
            case "redirect":
                program.status, program.headers = 302, {"Location": program.url}
            case "no json":
                program.answer = "yes"
            case "wrong json":
                program.answer = {"allowed": "yes"}
            case "long":
                program.answer = {"allowed": True, "label": "x" * 100_000}
            case "bad seconds":
                program.answer = {"allowed": True, "session_seconds": "soon"}
        assert listen(server, started, token="theirs") == expected
        metrics = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=10).text
        assert 'audiocast_auth_hook_failures_total{hook="listen"} 1.0' in metrics
        # The log is written by a thread of its own.
        deadline = time.monotonic() + 15
        while '"event": "auth_hook_failed"' not in server.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_many_who_ask_the_same_are_one_question(tmp_path: Path) -> None:
    with on_air(tmp_path) as (program, server, started):
        program.delay_seconds = 0.5
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: listen(server, started, token="theirs"), range(20)))
        assert answers == [(200, "audio/ogg")] * 20
        assert len(program.questions) == 1


def test_icecasts_form_of_the_question(tmp_path: Path) -> None:
    with on_air(tmp_path, AUTH_HOOK_FORMAT="icecast") as (program, server, started):
        program.headers = {"icecast-auth-user": "1", "icecast-auth-timelimit": "3600"}
        assert listen(server, started, token="theirs") == (200, "audio/ogg")
        question = program.questions[0]
        assert question.pop("bearer")
        assert question == {
            "action": "listener_add",
            "mount": f"/stream/{started.stream_id}",
            "pass": "theirs",
            "ip": "192.0.2.7",
            "agent": "Radio/1",
        }
        program.headers = {"icecast-auth-message": "no"}
        assert listen(server, started, token="another") == (403, "listening_refused")


@contextmanager
def sources_asked(folder: Path, **settings: str) -> Iterator[tuple[AuthProgram, AudiocastServer]]:
    """Run a program, and a server that asks it about sources."""
    with (
        AuthProgram() as program,
        AudiocastServer(folder / "server.log", SOURCE_AUTH_URL=program.url, **settings) as server,
    ):
        yield program, server


def send(server: AudiocastServer, path: str, **options: Any) -> requests.Response:
    """Send half a second of audio as a source."""
    audio = numbered_audio(seconds=0.5)
    return requests.put(f"{server.base}{path}", data=audio, timeout=15, **options)


def test_a_source_comes_by_the_stations_own_password(tmp_path: Path) -> None:
    with sources_asked(tmp_path) as (program, server):
        program.answer = {"allowed": True, "title": "Morning show"}
        sent = send(server, "/ingest/morning", auth=("dj", "her password"), headers=CLIENT)
        assert sent.status_code == 200
        assert program.questions == [
            {
                "action": "source",
                "stream_id": "morning",
                "token": "her password",
                "user": "dj",
                "address": "192.0.2.7",
                "agent": "Radio/1",
            }
        ]
        assert server.state("morning")["title"] == "Morning show"
        song = requests.put(
            f"{server.base}/api/streams/morning/metadata",
            json={"title": "Song"},
            auth=("dj", "her password"),
            headers=CLIENT,
            timeout=15,
        )
        assert song.status_code == 204
        assert len(program.questions) == 1
        assert "her password" not in server.log.read_text()


def test_a_source_that_the_station_does_not_know_is_refused(tmp_path: Path) -> None:
    with sources_asked(tmp_path) as (program, server):
        program.answer = {"allowed": False}
        refused = send(server, "/ingest/morning", auth=("dj", "guess"))
        assert (refused.status_code, refused.json()["error"]) == (401, "bad_key")
        without = send(server, "/ingest/morning")
        assert (without.status_code, without.json()["error"]) == (401, "key_missing")
        # Who has a key of the server is nobody's question.
        asked = len(program.questions)
        assert asked == 1
        started = server.start_stream()
        assert send(server, f"/ingest/{started.stream_id}?key={started.ingest_key}").status_code == 200
        assert len(program.questions) == asked


def test_guesses_of_sources_are_bounded(tmp_path: Path) -> None:
    with sources_asked(tmp_path, MAX_WRONG_PASSWORDS_PER_CLIENT="3") as (program, server):
        program.answer = {"allowed": False}
        tried = [
            send(server, "/ingest/morning", auth=("dj", f"guess {number}"), headers=CLIENT).status_code
            for number in range(5)
        ]
        assert tried == [401, 401, 401, 429, 429]
        assert len(program.questions) == 3
