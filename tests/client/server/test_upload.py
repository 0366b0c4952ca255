"""One source connection: what goes over the wire, and what each kind of end is called."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.client.scripted_server import SECONDS, ClientConnection, ScriptedServer
from tk_streamer.errors import BadResponse, ConnectionLost, RequestRefused
from tk_streamer.server.connection import LiveSession
from tk_streamer.server.upload import upload

KEY = "secret-key"
PAGE = b"OggS" + bytes(300)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with LiveSession() as session:
        yield session


def endless(pause: threading.Event) -> Iterator[bytes]:
    """Return pages like a live source, which has no end of its own."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        yield PAGE
        pause.wait(0.005)
    raise AssertionError("the source had to end by itself: nobody heard the answer")


def test_each_page_is_a_chunk_and_the_key_is_in_the_header_alone(session: requests.Session) -> None:
    received: list[bytes] = []

    def take(client: ClientConnection) -> None:
        received.extend(client.chunks())
        client.answer(200)

    with ScriptedServer(take) as server:
        upload(session, f"{server.url}/ingest/abc?key=leaked", key=KEY, pages=[b"one", b"", b"two"])
    (client,) = server.connections
    assert received == [b"one", b"two"]
    assert client.request_line == "POST /ingest/abc HTTP/1.1"
    assert client.headers["authorization"] == f"Bearer {KEY}"
    assert client.headers["content-type"] == "audio/ogg"
    assert client.headers["transfer-encoding"] == "chunked"


def test_a_page_is_on_its_way_before_the_next_one_exists(session: requests.Session) -> None:
    arrived = threading.Event()

    def take(client: ClientConnection) -> None:
        while client.chunk():
            arrived.set()
        client.answer(200)

    def pages() -> Iterator[bytes]:
        yield PAGE
        assert arrived.wait(SECONDS)
        yield PAGE

    with ScriptedServer(take) as server:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=pages())


@pytest.mark.parametrize("status", [302, 400, 401, 408, 409, 410, 415, 429, 500, 503])
def test_a_refusal_has_the_servers_code_and_words(session: requests.Session, status: int) -> None:
    def refuse(client: ClientConnection) -> None:
        client.chunks()
        client.answer(status, {"error": "some_code", "message": "expected this, got that"})

    with ScriptedServer(refuse) as server, pytest.raises(RequestRefused) as caught:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=[PAGE])
    assert (caught.value.status, caught.value.code) == (status, "some_code")
    assert caught.value.message == "expected this, got that"
    assert str(caught.value) == f"the server refused with {status} some_code: expected this, got that"


def test_a_redirection_is_not_followed_with_half_a_body(session: requests.Session) -> None:
    def redirect(client: ClientConnection) -> None:
        client.chunks()
        client.answer(307, headers="Location: /elsewhere\r\n")

    with ScriptedServer(redirect) as server, pytest.raises(RequestRefused) as caught:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=[PAGE])
    assert (caught.value.status, len(server.connections)) == (307, 1)


def test_a_refusal_is_heard_while_the_source_goes_on(session: requests.Session) -> None:
    # Like a proxy that answers and goes on reading what nobody wants: only the answer can end this.
    is_over = threading.Event()

    def refuse_and_read_on(client: ClientConnection) -> None:
        client.chunk()
        client.answer(409, {"error": "taken_over", "message": "a newer source has the stream"})
        is_over.wait(SECONDS)

    with ScriptedServer(refuse_and_read_on) as server:
        try:
            with pytest.raises(RequestRefused) as caught:
                upload(session, f"{server.url}/ingest/abc", key=KEY, pages=endless(threading.Event()))
        finally:
            is_over.set()
    assert caught.value.code == "taken_over"


def test_a_refusal_before_the_body_is_heard_although_the_server_hangs_up(session: requests.Session) -> None:
    def refuse_at_once(client: ClientConnection) -> None:
        client.answer(401, {"error": "bad_key", "message": "expected the stream's key"})

    with ScriptedServer(refuse_at_once) as server, pytest.raises(RequestRefused) as caught:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=endless(threading.Event()))
    assert caught.value.code == "bad_key"


def test_the_servers_yes_ends_it_early(session: requests.Session) -> None:
    def enough(client: ClientConnection) -> None:
        client.chunk()
        client.answer(200)

    with ScriptedServer(enough) as server:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=endless(threading.Event()))


def test_a_connection_that_breaks_is_lost(session: requests.Session) -> None:
    with ScriptedServer(lambda client: client.close()) as server, pytest.raises(ConnectionLost) as caught:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=endless(threading.Event()))
    assert str(caught.value).startswith(server.url)


def test_nobody_there_is_lost_too_and_says_what_the_system_said(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectionLost) as caught:
        upload(session, f"http://127.0.0.1:{port}/ingest/abc", key=KEY, pages=[PAGE])
    assert str(caught.value) == f"http://127.0.0.1:{port}: Connection refused"


def test_an_answer_of_a_proxy_is_told_by_its_status_line(session: requests.Session) -> None:
    def page(client: ClientConnection) -> None:
        client.chunks()
        client.answer(502, text=b"<html>bad gateway</html>")

    with ScriptedServer(page) as server, pytest.raises(RequestRefused) as caught:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=[PAGE])
    assert (caught.value.status, caught.value.code, caught.value.message) == (502, "", "Whatever")


def test_a_yes_that_is_not_the_servers_is_no_yes(session: requests.Session) -> None:
    def page(client: ClientConnection) -> None:
        client.chunks()
        client.answer(200, text=b"<html>please log in to the hotel's network</html>")

    with ScriptedServer(page) as server, pytest.raises(BadResponse, match=r"expected a JSON object.*<html>"):
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=[PAGE])


def test_messages_are_bounded_and_on_one_line(session: requests.Session) -> None:
    def talk(client: ClientConnection) -> None:
        client.chunks()
        client.answer(400, {"error": "x" * 5_000, "message": "line\n" * 5_000})

    with ScriptedServer(talk) as server, pytest.raises(RequestRefused) as caught:
        upload(session, f"{server.url}/ingest/abc", key=KEY, pages=[PAGE])
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost/", "http://"])
def test_what_is_no_address_is_called_so(session: requests.Session, url: str) -> None:
    with pytest.raises(ConnectionLost, match="expected an address like http://localhost:8000") as caught:
        upload(session, url, key=KEY, pages=[PAGE])
    assert caught.value.code == "bad_address"
