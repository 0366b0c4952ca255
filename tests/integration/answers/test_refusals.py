"""What is no HTTP is refused as all else is: with the contract's JSON and our fields, counted and logged."""

import asyncio
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.web import Application

from audiocast.web.http import server as server_module
from audiocast.web.http.errors import ApiError
from audiocast.web.http.server import Server
from tests.support.http.exchange import Answer, connect, exchange, read_answer
from tests.support.processes.server import AudiocastServer

HOST = b"Host: localhost\r\n"
START = b"POST /api/start HTTP/1.1\r\n" + HOST
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"

LOG_SECONDS = 10.0

KEY = "ac1.eyJ0IjoxfQ.c2VjcmV0c2VjcmV0c2VjcmV0"


def tls_client_hello() -> bytes:
    """Return what a browser sends first when it is told https://."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


# By the name of the case: what is sent, the status and the error's code.
MALFORMED: dict[str, tuple[bytes, int, str]] = {
    "no words": (b"\r\n\r\n\r\n", 400, "bad_request_line"),
    "one word": (b"GARBAGE\r\n\r\n", 400, "bad_request_line"),
    "HTTP 0.9": (b"GET /\r\n\r\n", 400, "bad_request_line"),
    "HTTP 9.9": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 400, "bad_request_line"),
    "no method": (b"G(T / HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request_line"),
    "a space in the path": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request_line"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 400, "http_2"),
    "TLS": (tls_client_hello(), 400, "tls"),
    "no colon": (b"GET / HTTP/1.1\r\n" + HOST + b"word\r\n\r\n", 400, "bad_header"),
    "a space in a name": (b"GET / HTTP/1.1\r\n" + HOST + b"a b: c\r\n\r\n", 400, "bad_header"),
    "a zero byte": (b"GET / HTTP/1.1\r\n" + HOST + b"a: \0\r\n\r\n", 400, "bad_header"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request_head"),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request_head"),
    "no such host": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad_request_head"),
    "a large head": (b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000, 431, "headers_too_large"),
    "both lengths": (
        START + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_framing",
    ),
    "another coding": (START + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400, "bad_framing"),
    "a negative length": (START + b"Content-Length: -1\r\n\r\n", 400, "bad_framing"),
    "two lengths": (START + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "bad_framing"),
    "a length of 5,000 digits": (
        START + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        413,
        "body_too_large",
    ),
    "a large length": (START + b"Content-Length: 9223372036854775807\r\n\r\n", 413, "body_too_large"),
    "no chunk": (CHUNKED + b"xyz\r\n", 400, "bad_chunk"),
    "no end of a chunk": (CHUNKED + b"2\r\n{}2\r\n", 400, "bad_chunk"),
    "a large chunk": (CHUNKED + b"ffffffff\r\n{}", 413, "body_too_large"),
    "endless extensions": (CHUNKED + b"2;" + b"a" * 10_000, 400, "bad_chunk"),
    "endless trailers": (CHUNKED + b"0\r\n" + b"Name: value\r\n" * 2000, 400, "bad_chunk"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("refusals") / "server.log"
    with AudiocastServer(log, MAX_LOG_REPEATS=0) as server:
        yield server


def refusals(server: AudiocastServer) -> list[dict[str, Any]]:
    """Return what the log says of refusals so far."""
    return [event for event in server.events() if event["event"] == "request_refused"]


def wait_for_refusals(server: AudiocastServer, count: int) -> list[dict[str, Any]]:
    """Wait until the log has so many: lines are written a moment later, by another thread."""
    deadline = time.monotonic() + LOG_SECONDS
    while len(found := refusals(server)) < count:
        assert time.monotonic() < deadline, f"expected {count} refusals in the log, got {len(found)}"
        time.sleep(0.02)
    return found


def check_fields(answer: Answer) -> None:
    """Check the fields that every response has."""
    assert answer.headers["server"] == "audiocast"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "date" in answer.headers
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_is_refused_as_all_else(server: AudiocastServer, name: str) -> None:
    request, status, code = MALFORMED[name]
    labels = f'{{kind="{code}"}}'
    metric = "audiocast_refused_requests_total"
    before = server.metric(metric, labels)
    lines = len(refusals(server))
    answer = exchange(server.port, request)
    assert (answer.status, answer.error) == (status, code)
    assert answer.headers["connection"] == "close"
    check_fields(answer)
    assert server.metric(metric, labels) == before + 1
    logged = wait_for_refusals(server, lines + 1)[lines:]
    assert [(event["error"], event["status"], event["level"]) for event in logged] == [(code, status, "info")]


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_ends_the_connection_of_its_client_only(
    server: AudiocastServer, name: str
) -> None:
    with connect(server.port) as connection:
        connection.sendall(b"GET /api/streams HTTP/1.1\r\n" + HOST + b"\r\n")
        assert read_answer(connection).status == 200
        connection.sendall(MALFORMED[name][0][:60_000])
        answer = read_answer(connection, 20)
        assert 400 <= answer.status < 500
        assert connection.recv(1) == b""


def test_a_key_in_what_cannot_be_read_is_not_logged(server: AudiocastServer) -> None:
    lines = len(refusals(server))
    heads = (
        f"GET /ingest/a?key={KEY} HTTP/7\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\0\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {KEY} \r\nHost: {KEY}\r\n\r\n",
    )
    for head in heads:
        assert exchange(server.port, head.encode()).status == 400
    wait_for_refusals(server, lines + len(heads))
    assert KEY.rpartition(".")[2] not in server.log.read_text()


@pytest.mark.parametrize("method", ["FOO", "get", "CONNECT", "TRACE"])
def test_an_unknown_method_is_told_which_there_are(server: AudiocastServer, method: str) -> None:
    answer = exchange(server.port, f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert (answer.status, answer.error) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert f"expected GET, HEAD, OPTIONS, got {method}" in answer.body.decode()
    check_fields(answer)


@pytest.mark.parametrize("path", ["/favicon.ico", "/robots.txt"])
def test_files_that_every_server_is_asked_for_are_refused_as_all_else(
    server: AudiocastServer, path: str
) -> None:
    answer = exchange(server.port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert (answer.status, answer.error) == (404, "not_found")
    check_fields(answer)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ("Upgrade: websocket\r\n", 400, "bad_upgrade"),
        ("Upgrade: websocket\r\nConnection: close, x\r\n", 400, "bad_upgrade"),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400, "bad_upgrade"),
        (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n",
            426,
            "upgrade_required",
        ),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\n", 426, "upgrade_required"),
    ],
)
def test_a_handshake_that_is_none(server: AudiocastServer, fields: str, status: int, code: str) -> None:
    started = server.start_stream()
    target = f"/ingest/{started.stream_id}/ws?key={started.ingest_key}"
    answer = exchange(server.port, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
    assert (answer.status, answer.error) == (status, code)
    check_fields(answer)
    if status == 426:
        assert answer.headers["sec-websocket-version"] == "13"


def test_who_still_sends_can_read_why(server: AudiocastServer) -> None:
    # To close at once would be a reset, and the answer lost.
    with connect(server.port) as connection:
        connection.sendall(CHUNKED + b"xyz\r\n")
        for _ in range(20):
            connection.sendall(b"x" * 4096)
        assert read_answer(connection).error == "bad_chunk"


def test_a_body_that_does_not_come_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "BODY_TIMEOUT_SECONDS", 0.2)
    noted: list[ApiError] = []

    async def ask() -> Answer:
        server = Server(
            Application(), host="127.0.0.1", port=0, max_body_bytes=100, note_refusal=noted.append
        )
        server.start()
        try:
            request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"
            answer: Any = await asyncio.to_thread(exchange, server.port, request)
        finally:
            server.stop_accepting()
            await server.close()
        assert isinstance(answer, Answer)
        return answer

    answer = asyncio.run(ask())
    assert (answer.status, answer.error) == (408, "body_timeout")
    check_fields(answer)
    assert [error.code for error in noted] == ["body_timeout"]


def test_a_request_behind_a_chunked_body_is_not_answered(server: AudiocastServer) -> None:
    behind = b"GET /api/streams HTTP/1.1\r\n" + HOST + b"\r\n"
    with connect(server.port) as connection:
        connection.sendall(CHUNKED + b"2;a=b\r\n{}\r\n0;x\r\nName: value\r\n\r\n" + behind)
        answer = read_answer(connection)
        assert (answer.status, answer.headers["connection"]) == (201, "close")
        assert connection.recv(1) == b""


def test_a_chunked_body_keeps_the_connection(server: AudiocastServer) -> None:
    with connect(server.port) as connection:
        for _ in range(3):
            connection.sendall(CHUNKED + b"2;a=b\r\n{}\r\n0;x\r\nName: value\r\n\r\n")
            assert read_answer(connection).status == 201


def test_the_internal_port_refuses_in_the_same_way(server: AudiocastServer) -> None:
    answer = exchange(server.internal_port, MALFORMED["no colon"][0])
    assert (answer.status, answer.error) == (400, "bad_header")
