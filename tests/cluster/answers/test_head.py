"""HEAD is GET at workers and members that do not carry the stream: speakers ask by HEAD before they play."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.cluster.members import SETTLE_SECONDS, Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import exchange
from tests.support.http.head_and_get import PATHS, check, questions
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

# The kernel deals out connections by hashing: that all of them come to one worker of two does not happen.
CONNECTIONS = 24

# Every other stream is at both workers: where its source has connected, and at its owner.
STREAMS = 6

JSON = "application/json; charset=UTF-8"

SETTINGS = {
    "HEADER_WAIT_TIMEOUT": 1,
    "MAX_UNKNOWN_IDS_PER_CLIENT": 0,
    "MAX_QR_CODES_PER_CLIENT": 0,
    "MAX_COVERS_PER_CLIENT": 0,
}


@contextmanager
def on_air(server: AudiocastServer, live: Started) -> Iterator[None]:
    with PacedSource(live.keyed_url, numbered_audio(seconds=180), lead_seconds=5):
        server.wait_for_state(live.stream_id, "live")
        yield


def wait_for_all_workers(server: AudiocastServer, path: str) -> None:
    """Wait until each worker knows of the others: at its start one may not, for a moment."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while {head(server.port, path) for _ in range(CONNECTIONS)} != {(200, JSON)}:
        assert time.monotonic() < deadline, f"not every worker answers {path}"
        time.sleep(0.05)


def head(port: int, path: str) -> tuple[int, str]:
    """Return the status and the media type of a response to HEAD."""
    request = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = exchange(port, request.encode())
    assert answer.body == b""
    return answer.status, answer.headers["content-type"]


def test_every_worker_answers_head_as_get(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", WORKERS=2, **SETTINGS) as server:
        streams, waiting = [server.start_stream(title="On") for _ in range(STREAMS)], server.start_stream()
        with ExitStack() as stack:
            for started in streams:
                stack.enter_context(on_air(server, started))
            for started in (*streams, waiting):
                wait_for_all_workers(server, f"/api/streams/{started.stream_id}")
            for started in streams:
                path = f"/stream/{started.stream_id}"
                answers = {head(server.port, path) for _ in range(CONNECTIONS)}
                assert answers == {(200, "audio/ogg")}
            # Nobody has fetched the stream from the other worker.
            assert server.metric("audiocast_relays") == 0
            for question in questions(PATHS, streams[0], waiting, fields=[""]):
                # The page of a stream that nobody knows names the worker that made it.
                check(server.port, question, differing={"etag"})


def test_every_member_answers_head_as_get(tmp_path: Path) -> None:
    with Members(tmp_path, 3, start=None, is_partitionable=False, **SETTINGS) as members:
        live = members.start_stream(owner="m0", at="m0")
        waiting = members["m0"].start_stream()
        with on_air(members["m0"], live):
            path = f"/stream/{live.stream_id}"
            for name in members.names:
                members[name].wait_for_state(live.stream_id, "live")
                assert head(members[name].port, path) == (200, "audio/ogg")
                assert head(members[name].port, f"{path}.opus") == (200, "audio/ogg")
                assert head(members[name].port, f"{path}/none")[0] == 404
                assert head(members[name].port, "/stream/made-up")[0] == 404
            assert [members[name].status()["relays"] for name in members.names] == [0, 0, 0]
            for name in members.names:
                for question in questions(PATHS, live, waiting, fields=[""]):
                    check(members[name].port, question)
        assert members.complaints() == []
