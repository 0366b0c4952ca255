"""The calls that begin and end a stream."""

import pytest

from tests.client.scripted_server import ClientConnection, ScriptedServer
from tk_streamer.errors import BadResponse, RequestRefused
from tk_streamer.server.connection import LiveSession
from tk_streamer.server.own_link import own_listen_url
from tk_streamer.server.streams import StreamCredentials, end_stream, start_stream

ANSWER = {
    "stream_id": "abc",
    "ingest_key": "secret-key",
    "ingest_url": "http://there/ingest/abc",
    "listen_url": "http://there/listen/abc",
    "stream_url": "http://there/stream/abc",
    "qr_url": "http://there/listen/abc/qr.svg",
}


def test_a_stream_is_started_with_title_and_token_and_ended_with_its_key() -> None:
    bodies: list[object] = []

    def start(client: ClientConnection) -> None:
        bodies.append(client.json_body())
        client.answer(201, ANSWER)

    with (
        ScriptedServer(start, lambda client: client.answer(204, text=b"")) as server,
        LiveSession() as session,
    ):
        credentials = start_stream(session, f"{server.url}/", title="Größe", token="secret-token")
        end_stream(session, credentials)
    started, ended = server.connections
    assert bodies == [{"title": "Größe"}]
    assert started.request_line == "POST /api/start HTTP/1.1"
    assert started.headers["authorization"] == "Bearer secret-token"
    assert ended.request_line == "DELETE /api/streams/abc HTTP/1.1"
    assert ended.headers["authorization"] == "Bearer secret-key"
    assert credentials.listen_url == ANSWER["listen_url"]
    assert "secret" not in repr(credentials)


@pytest.mark.parametrize(
    ("more", "shared_url", "is_for_this_computer"),
    [
        ({}, ANSWER["listen_url"], False),
        ({"local_url": "http://192.168.1.9/listen/abc"}, "http://192.168.1.9/listen/abc", False),
        ({"local_url": None}, ANSWER["listen_url"], True),
    ],
)
def test_the_link_to_share_is_one_that_other_devices_open(
    more: dict[str, object], shared_url: str, is_for_this_computer: bool
) -> None:
    bodies: list[object] = []

    def start(client: ClientConnection) -> None:
        bodies.append(client.json_body())
        client.answer(201, {**ANSWER, **more})

    with ScriptedServer(start) as server, LiveSession() as session:
        credentials = start_stream(session, server.url, visibility="public")
    assert bodies == [{"visibility": "public"}]
    assert (credentials.shared_url, credentials.is_for_this_computer) == (shared_url, is_for_this_computer)


def test_a_private_stream_has_a_code_that_is_not_shown_by_accident() -> None:
    bodies: list[object] = []

    def start(client: ClientConnection) -> None:
        bodies.append(client.json_body())
        client.answer(201, {**ANSWER, "access_code": "bakola-tiremu-sonavi"})

    with ScriptedServer(start) as server, LiveSession() as session:
        credentials = start_stream(session, server.url, visibility="private", access_code="auto")
    assert bodies == [{"visibility": "private", "access_code": "auto"}]
    assert credentials.access_code == "bakola-tiremu-sonavi"
    assert "bakola" not in repr(credentials)


@pytest.mark.parametrize("name", ["stream_id", "ingest_key", "ingest_url", "listen_url"])
@pytest.mark.parametrize("value", [None, "", 7])
def test_an_answer_without_what_is_needed_is_told_at_once(name: str, value: object) -> None:
    with (
        ScriptedServer(lambda client: client.answer(201, {**ANSWER, name: value})) as server,
        LiveSession() as session,
        pytest.raises(BadResponse, match=f"expected '{name}'") as caught,
    ):
        start_stream(session, server.url)
    assert "secret" not in str(caught.value)


def test_a_server_that_wants_a_token_is_heard() -> None:
    refusal = {"error": "token_needed", "message": "expected a token, got none"}
    with (
        ScriptedServer(lambda client: client.answer(401, refusal)) as server,
        LiveSession() as session,
        pytest.raises(RequestRefused, match="401 token_needed: expected a token, got none"),
    ):
        start_stream(session, server.url)
    assert "authorization" not in server.connections[0].headers


def credentials_at(url: str, code: str) -> StreamCredentials:
    listen_url = f"{url}/listen/abc"
    return StreamCredentials(url, "abc", f"{url}/ingest/abc", listen_url, "secret-key", access_code=code)


def test_a_private_stream_is_opened_by_a_link_of_its_own_that_is_good_for_minutes() -> None:
    bodies: list[object] = []

    def make(client: ClientConnection) -> None:
        bodies.append(client.json_body())
        client.answer(
            200, {"links": [{"url": "https://elsewhere.example/", "token": "al1.a_b.c-d", "expires_at": 1}]}
        )

    with ScriptedServer(make) as server, LiveSession() as session:
        opened = own_listen_url(session, credentials_at(server.url, "open sesame"))
        [asked] = server.connections
        assert opened == f"{server.url}/listen/abc?token=al1.a_b.c-d"
    assert asked.request_line == "POST /api/streams/abc/listen-links HTTP/1.1"
    assert asked.headers["authorization"] == "Bearer secret-key"
    assert bodies == [{"expires_in_seconds": 300, "session_seconds": 604_800, "label": "broadcaster"}]


@pytest.mark.parametrize(
    "answer", [{}, {"links": []}, {"links": [{"token": "a b"}]}, {"links": [{"token": 5}]}]
)
def test_what_is_no_token_opens_nothing(answer: dict[str, object]) -> None:
    with (
        ScriptedServer(lambda client: client.answer(200, answer)) as server,
        LiveSession() as session,
        pytest.raises(BadResponse),
    ):
        own_listen_url(session, credentials_at(server.url, "open sesame"))


def test_a_stream_that_is_open_to_all_is_opened_by_its_usual_link() -> None:
    with LiveSession() as session:
        assert own_listen_url(session, credentials_at("http://there", "")) == "http://there/listen/abc"
