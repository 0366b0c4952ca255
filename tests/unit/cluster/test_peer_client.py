"""Requests to another member: signed, bounded in bytes and time, and what their answers mean."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any, cast

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.iostream import StreamClosedError

from audiocast.cluster import peer_client
from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.errors import NoAnswer, NotListening, Refused
from audiocast.cluster.peer_client import PeerClient, no_answer, signed_headers
from audiocast.cluster.peer_stream import FrameKind, PeerStream
from audiocast.cluster.protocol import SIGNATURE_HEADER, PeerRequest
from audiocast.cluster.signature import Signer
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.fake_iostream import FakeIOStream, io_streams, peer_stream_on

ADDRESS = "10.0.0.1:8001"
SIGNER = Signer(["a secret of thirty-two characters"], "me")
QUESTION = PeerRequest("GET", "/internal/streams?x=1")
OPENING = PeerRequest("POST", "/internal/relay/abc", {"Audiocast-Age": "5"})


class FakeHttp:
    """Fits `AsyncHTTPClient`.

    Attributes:
        options: What it was made with.
        sent: Every request.
        answer: Status and body of the next answers, or the error that comes instead.
        is_closed: It was closed.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.sent: list[HTTPRequest] = []
        self.answer: tuple[int, bytes] | Exception = 200, b"{}"
        self.is_closed = False

    async def fetch(self, request: HTTPRequest, *, raise_error: bool) -> HTTPResponse:
        assert not raise_error
        self.sent.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        status, body = self.answer
        error = HTTPClientError(599, "it took too long") if status == 599 else None
        return HTTPResponse(request, status, buffer=BytesIO(body), error=error)

    def close(self) -> None:
        self.is_closed = True


class FakeTcp:
    """Fits `TCPClient`: its connections end at the test.

    Attributes:
        connected: Host and port of each.
        error: Comes instead of a connection.
        seconds: How long it takes to connect.
        ours: This member's end of the last one.
        theirs: The other end of it.
        is_closed: It was closed.
    """

    def __init__(self) -> None:
        self.connected: list[tuple[str, int]] = []
        self.error: OSError | None = None
        self.seconds = 0.0
        self.ours: FakeIOStream
        self.theirs: FakeIOStream
        self.is_closed = False

    async def connect(self, host: str, port: int) -> FakeIOStream:
        self.connected.append((host, port))
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.ours, self.theirs = io_streams()
        return self.ours

    def close(self) -> None:
        self.is_closed = True


class Harness:
    """One client, with the network in the test's hands."""

    def __init__(self) -> None:
        self.http: FakeHttp
        self.tcp = FakeTcp()
        self.client = PeerClient(SIGNER, AddressResolver())
        assert isinstance(self.client._http, FakeHttp)
        self.http = self.client._http
        self.client._tcp = cast(Any, self.tcp)

    async def opened(self, answer: bytes, after_seconds: float = 0.0) -> tuple[PeerStream, Any]:
        """Open a connection, which is answered so."""
        opening = asyncio.ensure_future(self.client.open_stream(ADDRESS, OPENING))
        await asyncio.sleep(0.01)
        self.request = await self.tcp.theirs.read_until(b"\r\n\r\n", max_bytes=10_000)
        await asyncio.sleep(after_seconds)
        await self.tcp.theirs.write(answer)
        return await opening


@pytest.fixture(autouse=True)
def _network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_client, "AsyncHTTPClient", FakeHttp)


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    harness = Harness()
    yield harness
    harness.client.close()
    assert (harness.http.is_closed, harness.tcp.is_closed) == (True, True)


def refusal(status: int, fields: object) -> bytes:
    body = json.dumps(fields).encode()
    return f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_question_is_signed_and_its_answer_is_json(harness: Harness) -> None:
    harness.http.answer = 200, b'{"x": [1]}'
    assert await harness.client.ask(ADDRESS, QUESTION) == {"x": [1]}
    (sent,) = harness.http.sent
    assert (sent.url, sent.method, sent.body) == (f"http://{ADDRESS}{QUESTION.target}", "GET", None)
    signature = sent.headers[SIGNATURE_HEADER]
    assert SIGNER.check("GET", QUESTION.target, signature, time.time()) == "me"
    assert not sent.follow_redirects, "a member redirects nobody"
    assert (sent.connect_timeout, sent.request_timeout) == (1.0, 1.0)


async def test_requests_at_a_time_and_answers_are_bounded(harness: Harness) -> None:
    assert isinstance(harness.http.options.pop("resolver"), AddressResolver)
    assert harness.http.options == {
        "force_instance": True,
        "max_clients": 200,
        "max_body_size": 8 * 1024 * 1024,
    }


async def test_a_body_goes_with_post_only(harness: Harness) -> None:
    await harness.client.ask(ADDRESS, PeerRequest("POST", "/internal/hello", body={"name": "me"}))
    await harness.client.ask(ADDRESS, PeerRequest("DELETE", "/internal/streams/abc"))
    assert [sent.body for sent in harness.http.sent] == [b'{"name": "me"}', None]


@pytest.mark.parametrize(("status", "body"), [(200, b""), (204, b""), (299, b"{}"), (200, b"no JSON")])
async def test_a_success_without_a_value_is_an_empty_one(harness: Harness, status: int, body: bytes) -> None:
    harness.http.answer = status, body
    assert await harness.client.ask(ADDRESS, QUESTION) == {}


@pytest.mark.parametrize("status", [300, 302, 404, 503])
async def test_what_is_no_success_is_a_refusal_with_its_reason(harness: Harness, status: int) -> None:
    harness.http.answer = status, json.dumps({"error": "why", "message": "m" * 1000}).encode()
    with pytest.raises(Refused) as refused:
        await harness.client.ask(ADDRESS, QUESTION)
    error = refused.value
    assert (error.status, error.code, error.message) == (status, "why", "m" * 300)


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"5", b"[" * 100_000, b"\xff"])
async def test_a_refusal_need_not_say_why(harness: Harness, body: bytes) -> None:
    harness.http.answer = 500, body
    with pytest.raises(Refused) as refused:
        await harness.client.ask(ADDRESS, QUESTION)
    assert (refused.value.status, refused.value.code, refused.value.message) == (500, "", "")


@pytest.mark.parametrize("answer", [(599, b""), TimeoutError(), StreamClosedError(), OSError("no route")])
async def test_no_answer_is_not_known_for_a_death(harness: Harness, answer: Any) -> None:
    harness.http.answer = answer
    with pytest.raises(NoAnswer, match=ADDRESS):
        await harness.client.ask(ADDRESS, QUESTION)


async def test_a_connection_is_opened_by_a_signed_request(harness: Harness) -> None:
    answer = b"HTTP/1.1 200 OK\r\nAudiocast-Had: 7.8\r\n\r\n"
    stream, headers = await harness.opened(answer)
    assert headers["Audiocast-Had"] == "7.8"
    assert harness.tcp.connected == [("10.0.0.1", 8001)]
    assert harness.tcp.ours.is_nodelay, "a page is sent at once"
    first, *lines = harness.request.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert first == f"POST {OPENING.target} HTTP/1.1"
    fields = dict(line.split(": ", 1) for line in lines)
    signature = fields.pop(SIGNATURE_HEADER)
    assert fields == {"Host": ADDRESS, "Connection": "close", "Audiocast-Age": "5"}
    assert SIGNER.check("POST", OPENING.target, signature, time.time()) == "me"
    far = peer_stream_on(harness.tcp.theirs)
    await far.send(FrameKind.PAGES, b"a page")
    assert await stream.receive() == (FrameKind.PAGES, b"a page"), "what follows the head is not lost"
    stream.close()
    far.close()


@pytest.mark.parametrize("status", [302, 409, 503])
async def test_only_ok_opens_a_connection(harness: Harness, status: int) -> None:
    with pytest.raises(Refused) as refused:
        await harness.opened(refusal(status, {"error": "why", "message": "because"}))
    assert (refused.value.status, refused.value.code, refused.value.message) == (status, "why", "because")
    with pytest.raises(StreamClosedError):
        await harness.tcp.theirs.write(b"x")


async def test_a_refused_connection_need_not_say_why(harness: Harness) -> None:
    with pytest.raises(Refused) as refused:
        await harness.opened(b"HTTP/1.1 404 Not Found\r\n\r\n")
    assert (refused.value.status, refused.value.code) == (404, "")


@pytest.mark.parametrize(
    "answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 16_384 + b"\r\n\r\n"]
)
async def test_what_is_no_head_is_nobody(harness: Harness, answer: bytes) -> None:
    with pytest.raises(NoAnswer, match=ADDRESS):
        await harness.opened(answer)


async def test_a_head_may_be_as_long_as_sixteen_kilobytes(harness: Harness) -> None:
    start, end = b"HTTP/1.1 200 OK\r\nX: ", b"\r\n\r\n"
    stream, headers = await harness.opened(start + b"x" * (16_384 - len(start + end)) + end)
    assert len(headers["X"]) > 16_000
    stream.close()


async def test_a_connection_that_is_refused_or_closed_is_nobody(harness: Harness) -> None:
    harness.tcp.error = ConnectionRefusedError("Connection refused")
    with pytest.raises(NotListening, match="Connection refused"):
        await harness.client.open_stream(ADDRESS, OPENING)
    harness.tcp.error = None
    opening = asyncio.ensure_future(harness.client.open_stream(ADDRESS, OPENING))
    await asyncio.sleep(0.01)
    harness.tcp.theirs.close()
    with pytest.raises(NoAnswer):
        await opening


@pytest.mark.parametrize(("connects_seconds", "answers_seconds"), [(1.1, 0.0), (0.0, 1.1)])
def test_who_takes_longer_than_a_second_is_nobody(connects_seconds: float, answers_seconds: float) -> None:
    async def test() -> None:
        harness = Harness()
        harness.tcp.seconds = connects_seconds
        began_at = asyncio.get_running_loop().time()
        opening = (
            harness.client.open_stream(ADDRESS, OPENING)
            if connects_seconds
            else harness.opened(b"HTTP/1.1 200 OK\r\n\r\n", answers_seconds)
        )
        with pytest.raises(NoAnswer):
            await opening
        assert asyncio.get_running_loop().time() - began_at == pytest.approx(1.0, abs=0.15)
        harness.client.close()

    run(test())


def test_an_address_of_version_6_is_connected_to() -> None:
    async def test() -> None:
        harness = Harness()
        harness.tcp.error = OSError("no route")
        with pytest.raises(NoAnswer):
            await harness.client.open_stream("[fd00::a]:8001", OPENING)
        assert harness.tcp.connected == [("fd00::a", 8001)]

    run(test())


def test_an_error_without_a_text_is_named_by_its_type() -> None:
    assert str(no_answer(ADDRESS, TimeoutError())) == f"{ADDRESS}: TimeoutError"
    assert str(no_answer(ADDRESS, OSError("no route"))) == f"{ADDRESS}: no route"


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_address_that_refuses_connections_has_no_process(wrapped: bool) -> None:
    refused = ConnectionRefusedError("Connection refused")
    assert isinstance(no_answer(ADDRESS, StreamClosedError(refused) if wrapped else refused), NotListening)
    assert isinstance(no_answer(ADDRESS, StreamClosedError()), NoAnswer)
    assert isinstance(no_answer(ADDRESS, None), NoAnswer)


def test_a_server_that_is_alone_signs_nothing() -> None:
    with pytest.raises(AssertionError, match="alone"):
        signed_headers(None, QUESTION)
