"""A file of rules holds from the first request on, and when it changes; one that cannot be used is told."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import requests

from audiocast.stream.access.listen_tokens import ListenClaims, ListenTokens
from tests.support.processes.server import AudiocastServer, Started

SECRET = "a-secret-for-tests-1"


def write(path: Path, *rules: str) -> Path:
    """Put another file in its place, as the kubelet does."""
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(["audiocast-rules 1", *rules, ""]))
    fresh.replace(path)
    return path


def refusal(server: AudiocastServer, started: Started) -> str:
    """Send no audio at all; what is refused says whether it would have been taken."""
    place = f"{server.base}/ingest/{started.stream_id}"
    answer = requests.post(place, params={"key": started.ingest_key}, data=b"", timeout=10)
    return str(answer.json()["error"])


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_rules_hold_from_the_first_request_and_when_the_file_changes(tmp_path: Path) -> None:
    file = write(tmp_path / "streams")
    with AudiocastServer(tmp_path / "before.log", SECRET_KEYS=SECRET, STREAM_RULES_FILE=str(file)) as server:
        first, second, third = (server.start_stream() for _ in range(3))
        assert {refusal(server, each) for each in (first, second, third)} == {"no_audio"}
    ids = [each.stream_id for each in (first, second, third)]
    write(file, f"{ids[0]} 0 suspended", f"{ids[1]} 0 ended", f"{ids[2]} 9")
    with AudiocastServer(tmp_path / "after.log", SECRET_KEYS=SECRET, STREAM_RULES_FILE=str(file)) as server:
        assert [refusal(server, each) for each in (first, second, third)] == [
            "stream_suspended",
            "stream_ended",
            "bad_key",
        ]
        assert server.metric("audiocast_stream_rules") == 3
        # A file that cannot be used changes nothing, and is told.
        file.write_text("audiocast-rules 1\nnonsense\n")
        until(lambda: server.metric("audiocast_stream_rules_refused") == 1)
        assert server.metric("audiocast_stream_rules") == 3
        assert refusal(server, first) == "stream_suspended"
        assert "line 2: expected ID GENERATION" in server.log.read_text()
        write(file, "another 0 ended")
        until(lambda: server.metric("audiocast_stream_rules_refused") == 0)
        # A newer key is for good; all else holds for as long as the file says so.
        assert [refusal(server, each) for each in (first, second, third)] == [
            "no_audio",
            "no_audio",
            "bad_key",
        ]


def test_links_that_are_revoked_in_the_file_beside_it_open_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "streams")
    beside = tmp_path / "streams.links"
    made_at_ms = int(time.time() * 1000)
    settings = {
        "SECRET_KEYS": SECRET,
        "STREAM_RULES_FILE": str(file),
        "MAX_UNKNOWN_IDS_PER_CLIENT": "0",
    }

    def status(server: AudiocastServer, stream_id: str, token: str) -> int:
        url = f"{server.base}/api/streams/{stream_id}"
        return requests.get(url, params={"token": token}, timeout=10).status_code

    with AudiocastServer(tmp_path / "before.log", **settings) as server:
        started = server.start_stream(visibility="private")
        token = ListenTokens([SECRET]).make(started.stream_id, ListenClaims(made_at_ms))
        assert status(server, started.stream_id, token) == 200
        assert status(server, started.stream_id, "") == 404
        beside.write_text(f"audiocast-revoked-links 1\n{started.stream_id} {made_at_ms + 1}\n")
        until(lambda: status(server, started.stream_id, token) == 404)
        newer = ListenTokens([SECRET]).make(started.stream_id, ListenClaims(made_at_ms + 1))
        assert status(server, started.stream_id, newer) == 200
        beside.unlink()
        until(lambda: status(server, started.stream_id, token) == 200)
    beside.write_text("nonsense\n")
    done = subprocess.run(
        [sys.executable, "-m", "audiocast", "serve"],
        env={"STREAM_RULES_FILE": str(file), "PORT": "0", "INTERNAL_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert "expected the first line 'audiocast-revoked-links 1', got 'nonsense'" in done.stderr


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "streams"
    threading.Timer(1.0, write, (file, "news 3")).start()
    with AudiocastServer(tmp_path / "server.log", STREAM_RULES_FILE=str(file)) as server:
        assert server.metric("audiocast_stream_rules") == 1


def test_a_bad_file_is_told_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "streams"
    file.write_text("news: 3\n")
    done = subprocess.run(
        [sys.executable, "-m", "audiocast", "serve"],
        env={"STREAM_RULES_FILE": str(file), "PORT": "0", "INTERNAL_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("audiocast: STREAM_RULES_FILE: ")
    assert "expected the first line 'audiocast-rules 1', got 'news: 3'" in done.stderr
