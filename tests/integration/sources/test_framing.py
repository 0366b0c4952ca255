"""Sources whose HTTP is right and unusual, and sources whose HTTP breaks in the middle of a broadcast."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import connect, read_answer
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer, Started

AUDIO = numbered_audio(seconds=3)
AUDIO_SECONDS = 3.0
CHUNK_BYTES = 700
LOG_SECONDS = 10.0

BREAKS = [b"xyz\r\n", b"5\r\nhelloworld\r\n", b"5;" + b"a" * 9000, b"5;a=\rb\r\nhello\r\n", b"-1\r\n"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    log: Path = tmp_path_factory.mktemp("framing") / "server.log"
    with AudiocastServer(log, SOURCE_GRACE_SECONDS=60) as server:
        yield server


def head(started: Started, *fields: str, method: str = "POST") -> bytes:
    lines = [f"{method} /ingest/{started.stream_id}?key={started.ingest_key} HTTP/1.1", "Host: x", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


def chunks(extension: bytes) -> bytes:
    """Return the audio in chunks that each have an extension."""
    pieces = [AUDIO[at : at + CHUNK_BYTES] for at in range(0, len(AUDIO), CHUNK_BYTES)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)


def is_refusal(event: dict[str, Any], started: Started) -> bool:
    return (event["event"], event.get("stream_id")) == ("source_refused", started.stream_id)


def check_heard(server: AudiocastServer, started: Started) -> None:
    with Listener(server.port, f"/stream/{started.stream_id}?preroll=20") as listener:
        listener.wait_for_audio(AUDIO_SECONDS - 0.1).check_one_stream()


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0;x\r\n\r\n", b"0\r\nChecksum: abc\r\nSigned: yes\r\n\r\n"])
@pytest.mark.parametrize("extension", [b";a=b", b' ; chunk-signature="a;b"', b"  ", b";" + b"a" * 85])
def test_extensions_and_trailers_are_read_over(server: AudiocastServer, extension: bytes, end: bytes) -> None:
    started = server.start_stream()
    with connect(server.port) as connection:
        connection.sendall(head(started, "Transfer-Encoding: chunked") + chunks(extension))
        check_heard(server, started)
        connection.sendall(end)
        answer = read_answer(connection)
    said = {"stream_id": started.stream_id, "received_bytes": len(AUDIO)}
    assert (answer.status, json.loads(answer.body)) == (200, said)


@pytest.mark.parametrize("value", ["100-continue", "100-Continue", "100-CONTINUE"])
@pytest.mark.parametrize("framing", [["Transfer-Encoding: chunked"], []])
def test_expect_is_answered_in_any_case(server: AudiocastServer, value: str, framing: list[str]) -> None:
    started = server.start_stream()
    with connect(server.port) as connection:
        connection.sendall(head(started, f"Expect: {value}", *framing, method="PUT"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(chunks(b"") if framing else AUDIO)
        check_heard(server, started)


@pytest.mark.parametrize("length", [2**31 - 1, 2**32 - 1, 2**63 - 1])
def test_a_length_that_means_until_close(server: AudiocastServer, length: int) -> None:
    started = server.start_stream()
    with connect(server.port) as connection:
        connection.sendall(head(started, f"Content-Length: {length}", method="PUT") + AUDIO)
        check_heard(server, started)
        assert server.state(started.stream_id)["state"] == "live"


@pytest.mark.parametrize("broken", BREAKS)
def test_chunks_that_break_are_told_counted_and_logged_and_listeners_are_held(
    server: AudiocastServer, broken: bytes
) -> None:
    started = server.start_stream()
    errors = server.metric("audiocast_source_errors_total", '{code="bad_chunk"}')
    with connect(server.port) as connection:
        connection.sendall(head(started, "Transfer-Encoding: chunked") + chunks(b""))
        with Listener(server.port, f"/stream/{started.stream_id}") as listener:
            listener.wait_for_audio(AUDIO_SECONDS - 0.1)
            connection.sendall(broken)
            answer = read_answer(connection)
            assert (answer.status, answer.error) == (400, "bad_chunk")
            assert answer.headers["server"] == "audiocast"
            assert listener.end is None
    assert server.metric("audiocast_source_errors_total", '{code="bad_chunk"}') == errors + 1
    # Lines are written a moment later, by another thread.
    deadline = time.monotonic() + LOG_SECONDS
    while not (found := [event for event in server.events() if is_refusal(event, started)]):
        assert time.monotonic() < deadline, "expected a line in the log"
        time.sleep(0.02)
    [refused] = found
    assert (refused["error"], refused["stream_id"]) == ("bad_chunk", started.stream_id)
    assert refused["message"].startswith("expected ")
    # When the audio in hand is used up.
    server.wait_for_state(started.stream_id, "held")


def test_after_the_welcome_the_error_is_the_body(server: AudiocastServer) -> None:
    started = server.start_stream()
    with connect(server.port) as connection:
        connection.sendall(head(started, "Transfer-Encoding: chunked"))
        data = connection.recv(10_000)
        assert data.startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(b"xyz\r\n")
        body = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b'{"error": "bad_chunk"' in body


def test_a_broken_source_that_goes_on_sending_can_read_why(server: AudiocastServer) -> None:
    started = server.start_stream()
    with connect(server.port) as connection:
        connection.sendall(head(started, "Transfer-Encoding: chunked") + b"xyz\r\n")
        for _ in range(20):
            connection.sendall(AUDIO[:4096])
            time.sleep(0.02)
        assert read_answer(connection).error == "bad_chunk"
    # The key and the connection's place are free again.
    with connect(server.port) as connection:
        connection.sendall(head(started, "Transfer-Encoding: chunked") + chunks(b""))
        check_heard(server, started)


def test_a_body_that_belongs_to_no_source_is_read_over(server: AudiocastServer) -> None:
    started = server.start_stream()
    with connect(server.port) as connection:
        for _ in range(2):
            connection.sendall(head(started, "Content-Length: 5", method="OPTIONS") + b"hello")
            assert connection.recv(4096).startswith(b"HTTP/1.1 204 ")


def test_a_connection_goes_on_behind_a_broadcast_with_a_length(server: AudiocastServer) -> None:
    """And what is sent ahead, behind the length, is the next request."""
    started = server.start_stream()
    body = head(started, f"Content-Length: {len(AUDIO)}") + AUDIO
    with connect(server.port) as connection:
        connection.sendall(body + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = b""
        while answers.count(b"HTTP/1.1 ") < 2:
            data = connection.recv(4096)
            assert data, f"closed after {answers!r}"
            answers += data
    assert answers.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"received_bytes": %d' % len(AUDIO) in answers
