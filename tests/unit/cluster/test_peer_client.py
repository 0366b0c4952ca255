"""Requests to another member: signed, bounded in bytes and time, and what their answers mean."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any, cast

import pytest
from structlog.testing import capture_logs
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.iostream import IOStream, StreamClosedError

from audiocast.cluster import peer_client
from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.errors import NoAnswer, NotListening, Refused, Unproven
from audiocast.cluster.peer_client import PeerClient, no_answer
from audiocast.cluster.peer_stream import FrameKind, PeerStream
from audiocast.cluster.protocol import (
    LAST_PAGE_HEADER,
    NONCE_HEADER,
    PROTOCOL_HEADER,
    SIGNATURE_HEADER,
    PeerRequest,
)
from audiocast.cluster.signature.header import AnswerSignature, RequestSignature
from audiocast.cluster.signature.identity import Identity, Recipient
from audiocast.cluster.signature.signer import Signer
from tests.support.clock.jumping_loop import run
from tests.unit.cluster.fake_iostream import FakeIOStream, io_streams

ADDRESS = "10.0.0.1:8001"
SECRET = "a secret of thirty-two characters"
THEM = Identity("a", "1")
MEMBER = Recipient(ADDRESS, THEM)
QUESTION = PeerRequest("GET", "/internal/streams?x=1")
OPENING = PeerRequest("POST", "/internal/relay/abc", {"Audiocast-Age": "5"})


class FakeHttp:
    """Fits `AsyncHTTPClient`.

    Attributes:
        options: What it was made with.
        sent: Every request.
        answer: Status and body of the next answers, or the error that comes instead.
        signer: Signs the answers; None: nobody does.
        is_closed: It was closed.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.sent: list[HTTPRequest] = []
        self.answer: tuple[int, bytes] | Exception = 200, b"{}"
        self.signer: Signer | None = Signer([SECRET], THEM)
        self.is_closed = False

    async def fetch(self, request: HTTPRequest, *, raise_error: bool) -> HTTPResponse:
        assert not raise_error
        self.sent.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        status, body = self.answer
        error = HTTPClientError(599, "it took too long") if status == 599 else None
        headers = HTTPHeaders()
        if self.signer is not None:
            signature = RequestSignature.parse(request.headers[SIGNATURE_HEADER])
            headers[SIGNATURE_HEADER] = str(self.signer.sign_answer(signature, status, {}, body))
        return HTTPResponse(request, status, headers=headers, buffer=BytesIO(body), error=error)

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
        self.signer = Signer([SECRET], Identity("me", "0"))
        self.client = PeerClient(self.signer, AddressResolver())
        assert isinstance(self.client._http, FakeHttp)
        self.http = self.client._http
        self.client._tcp = cast(Any, self.tcp)

    async def opened(
        self,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
        raw: bytes = b"",
        signer: Signer | None = None,
        after_seconds: float = 0.0,
    ) -> tuple[PeerStream, Mapping[str, str]]:
        """Open a connection, which is answered so, or with raw bytes."""
        opening = asyncio.ensure_future(self.client.open_stream(MEMBER, OPENING))
        await asyncio.sleep(0.01)
        request = await self.tcp.theirs.read_until(b"\r\n\r\n", max_bytes=10_000)
        self.first_line, *lines = request.decode().removesuffix("\r\n\r\n").split("\r\n")
        self.fields = dict(line.split(": ", 1) for line in lines)
        self.signature = RequestSignature.parse(self.fields[SIGNATURE_HEADER])
        await asyncio.sleep(after_seconds)
        sent = {"Content-Length": str(len(body)), **(headers or {})} if body else headers or {}
        signer = signer or Signer([SECRET], THEM)
        self.answer = signer.sign_answer(self.signature, status, sent, body)
        lines = [f"{name}: {value}" for name, value in {**sent, SIGNATURE_HEADER: str(self.answer)}.items()]
        head = "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines, "", ""])
        # Whoever waits no longer has closed the connection.
        with suppress(StreamClosedError):
            await self.tcp.theirs.write(raw or head.encode() + body)
        return await opening

    def their_end(self) -> PeerStream:
        """Give the other side of the connection."""
        macs = Signer([SECRET], THEM).frame_macs(self.signature, self.answer, is_answerer=True)
        return PeerStream(cast(IOStream, self.tcp.theirs), macs)


@pytest.fixture(autouse=True)
def _network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_client, "AsyncHTTPClient", FakeHttp)


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    harness = Harness()
    yield harness
    harness.client.close()
    assert (harness.http.is_closed, harness.tcp.is_closed) == (True, True)


async def test_a_question_is_signed_and_its_answer_is_json(harness: Harness) -> None:
    harness.http.answer = 200, b'{"x": [1]}'
    assert await harness.client.ask(MEMBER, QUESTION) == {"x": [1]}
    (sent,) = harness.http.sent
    assert (sent.url, sent.method, sent.body) == (f"http://{ADDRESS}{QUESTION.target}", "GET", None)
    came = PeerRequest("GET", QUESTION.target, sent.headers)
    signature = Signer([SECRET], THEM).check_request(came, sent.headers[SIGNATURE_HEADER], time.time())
    assert (signature.sender, signature.addressee) == (Identity("me", "0"), THEM)
    assert sent.headers[PROTOCOL_HEADER] == "3"
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
    await harness.client.ask(MEMBER, PeerRequest("POST", "/internal/hello", body={"name": "me"}))
    await harness.client.ask(MEMBER, PeerRequest("DELETE", "/internal/streams/abc"))
    assert [sent.body for sent in harness.http.sent] == [b'{"name": "me"}', None]


@pytest.mark.parametrize(("status", "body"), [(200, b""), (204, b""), (299, b"{}"), (200, b"no JSON")])
async def test_a_success_without_a_value_is_an_empty_one(harness: Harness, status: int, body: bytes) -> None:
    harness.http.answer = status, body
    assert await harness.client.ask(MEMBER, QUESTION) == {}


@pytest.mark.parametrize("status", [300, 302, 404, 503])
async def test_what_is_no_success_is_a_refusal_with_its_reason(harness: Harness, status: int) -> None:
    harness.http.answer = status, json.dumps({"error": "why", "message": "m" * 1000}).encode()
    with pytest.raises(Refused) as refused:
        await harness.client.ask(MEMBER, QUESTION)
    error = refused.value
    assert (error.status, error.code, error.message) == (status, "why", "m" * 300)


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"5", b"[" * 100_000, b"\xff"])
async def test_a_refusal_need_not_say_why(harness: Harness, body: bytes) -> None:
    harness.http.answer = 500, body
    with pytest.raises(Refused) as refused:
        await harness.client.ask(MEMBER, QUESTION)
    assert (refused.value.status, refused.value.code, refused.value.message) == (500, "", "")


@pytest.mark.parametrize("answer", [(599, b""), TimeoutError(), StreamClosedError(), OSError("no route")])
async def test_no_answer_is_not_known_for_a_death(harness: Harness, answer: Any) -> None:
    harness.http.answer = answer
    with pytest.raises(NoAnswer, match=ADDRESS):
        await harness.client.ask(MEMBER, QUESTION)


async def test_a_connection_is_opened_by_a_signed_request(harness: Harness) -> None:
    stream, headers = await harness.opened(200, {LAST_PAGE_HEADER: "7.8", NONCE_HEADER: "17"})
    assert headers[LAST_PAGE_HEADER] == "7.8"
    assert harness.tcp.connected == [("10.0.0.1", 8001)]
    assert harness.tcp.ours.is_nodelay, "a page is sent at once"
    assert harness.first_line == f"POST {OPENING.target} HTTP/1.1"
    value = harness.fields.pop(SIGNATURE_HEADER)
    assert harness.fields == {
        "Host": ADDRESS,
        "Connection": "close",
        PROTOCOL_HEADER: "3",
        "Audiocast-Age": "5",
    }
    came = PeerRequest("POST", OPENING.target, harness.fields)
    assert Signer([SECRET], THEM).check_request(came, value, time.time()).addressee == THEM
    far = harness.their_end()
    await far.send(FrameKind.PAGES, b"a page")
    assert await stream.receive() == (FrameKind.PAGES, b"a page"), "what follows the head is not lost"
    stream.close()
    far.close()


IMPOSTORS = {
    "without the secret": Signer(["another secret, of strangers"], THEM),
    "another member": Signer([SECRET], Identity("b", "1")),
    "a process of before": Signer([SECRET], Identity("a", "0")),
    "this member itself": Signer([SECRET], Identity("me", "0")),
}


@pytest.mark.parametrize("signer", [None, *IMPOSTORS.values()], ids=["nobody", *IMPOSTORS])
@pytest.mark.parametrize("status", [200, 404, 503])
async def test_an_answer_of_somebody_else_is_none(
    harness: Harness, signer: Signer | None, status: int
) -> None:
    harness.http.answer, harness.http.signer = (status, b'{"owned": true}'), signer
    with pytest.raises(Unproven, match=ADDRESS):
        await harness.client.ask(MEMBER, QUESTION)
    assert harness.signer.rejections.answers == 1


@pytest.mark.parametrize("signer", IMPOSTORS.values(), ids=list(IMPOSTORS))
@pytest.mark.parametrize("status", [200, 404])
async def test_no_connection_is_opened_to_somebody_else(
    harness: Harness, signer: Signer, status: int
) -> None:
    with pytest.raises(Unproven, match=ADDRESS):
        await harness.opened(status, {NONCE_HEADER: "17"}, signer=signer)
    assert harness.signer.rejections.answers == 1
    with pytest.raises(StreamClosedError):
        await harness.tcp.theirs.write(b"x")


async def test_an_answer_to_another_request_is_none(harness: Harness) -> None:
    await harness.client.ask(MEMBER, QUESTION)
    earlier = RequestSignature.parse(harness.http.sent[0].headers[SIGNATURE_HEADER])

    class Replaying(Signer):
        def sign_answer(
            self, request: RequestSignature, status: int, headers: Mapping[str, str], body: bytes
        ) -> AnswerSignature:
            return super().sign_answer(earlier, status, headers, body)

    harness.http.signer = Replaying([SECRET], THEM)
    with pytest.raises(Unproven):
        await harness.client.ask(MEMBER, QUESTION)


async def test_who_is_not_meant_may_say_so_and_a_greeting_may_be_for_anybody(harness: Harness) -> None:
    harness.http.signer = Signer([SECRET], Identity("a", "2"))
    harness.http.answer = 421, b'{"error": "misaddressed"}'
    with pytest.raises(Refused, match="misaddressed"):
        await harness.client.greet(MEMBER, QUESTION)
    harness.http.answer = 200, b'{"x": 1}'
    assert await harness.client.greet(Recipient(ADDRESS), QUESTION) == (Identity("a", "2"), {"x": 1})
    assert harness.signer.rejections.answers == 0


async def test_an_impostor_is_logged_once(harness: Harness) -> None:
    harness.http.signer = None
    with capture_logs() as logs:
        for _ in range(20):
            with pytest.raises(Unproven):
                await harness.client.ask(MEMBER, QUESTION)
        for number in range(200):
            with pytest.raises(Unproven):
                await harness.client.ask(Recipient(f"10.0.1.{number}:8001", THEM), QUESTION)
    assert len(logs) == 100
    assert {each["event"] for each in logs} == {"answer_not_proven"}


async def test_an_impostor_is_logged_again_when_the_member_was_there_meanwhile(harness: Harness) -> None:
    members = harness.http.signer
    with capture_logs() as logs:
        for _ in range(3):
            for _ in range(2):
                harness.http.signer = None
                with pytest.raises(Unproven):
                    await harness.client.ask(MEMBER, QUESTION)
            harness.http.signer = members
            await harness.client.ask(MEMBER, QUESTION)
    assert [each["address"] for each in logs] == [ADDRESS] * 3


@pytest.mark.parametrize("status", [302, 409, 503])
async def test_only_ok_opens_a_connection(harness: Harness, status: int) -> None:
    with pytest.raises(Refused) as refused:
        await harness.opened(status, body=json.dumps({"error": "why", "message": "because"}).encode())
    assert (refused.value.status, refused.value.code, refused.value.message) == (status, "why", "because")
    with pytest.raises(StreamClosedError):
        await harness.tcp.theirs.write(b"x")


async def test_a_refused_connection_need_not_say_why(harness: Harness) -> None:
    with pytest.raises(Refused) as refused:
        await harness.opened(404)
    assert (refused.value.status, refused.value.code) == (404, "")


@pytest.mark.parametrize("length", ["-1", "x", "99999999"])
async def test_an_error_of_an_odd_length_is_nobody(harness: Harness, length: str) -> None:
    with pytest.raises(NoAnswer, match=ADDRESS):
        await harness.opened(404, {"Content-Length": length})


@pytest.mark.parametrize(
    "answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 16_384 + b"\r\n\r\n"]
)
async def test_what_is_no_head_is_nobody(harness: Harness, answer: bytes) -> None:
    with pytest.raises(NoAnswer, match=ADDRESS):
        await harness.opened(raw=answer)


async def test_a_server_that_stops_asks_nobody_and_is_no_fault(harness: Harness) -> None:
    harness.client.close()
    with pytest.raises(NoAnswer, match="this server stops"):
        await harness.client.ask(MEMBER, QUESTION)
    with pytest.raises(NoAnswer, match="this server stops"):
        await harness.client.open_stream(MEMBER, OPENING)
    assert harness.http.sent == []


async def test_a_head_may_be_nearly_sixteen_kilobytes_long(harness: Harness) -> None:
    stream, headers = await harness.opened(200, {"X": "x" * 16_000})
    assert len(headers["X"]) == 16_000
    stream.close()


@pytest.mark.parametrize(("size_bytes", "is_read"), [(16_384, True), (16_385, False)])
async def test_a_head_and_an_error_have_sixteen_kibibytes_at_most(
    harness: Harness, size_bytes: int, is_read: bool
) -> None:
    error = b'{"error": "why"}'.ljust(size_bytes)
    with pytest.raises(Refused if is_read else NoAnswer) as caught:
        await harness.opened(404, body=error)
    if isinstance(caught.value, Refused):
        assert (caught.value.status, caught.value.code) == (404, "why")
    start, end = b"HTTP/1.1 200 OK\r\nX: ", b"\r\n\r\n"
    head = start + b"x" * (size_bytes - len(start + end)) + end
    # A head that fits is read, and its answer is not proven; one that does not is none.
    with pytest.raises(Unproven if is_read else NoAnswer):
        await harness.opened(raw=head)


async def test_a_connection_that_is_refused_or_closed_is_nobody(harness: Harness) -> None:
    harness.tcp.error = ConnectionRefusedError("Connection refused")
    with pytest.raises(NotListening, match="Connection refused"):
        await harness.client.open_stream(MEMBER, OPENING)
    harness.tcp.error = None
    opening = asyncio.ensure_future(harness.client.open_stream(MEMBER, OPENING))
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
            harness.client.open_stream(MEMBER, OPENING)
            if connects_seconds
            else harness.opened(after_seconds=answers_seconds)
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
            await harness.client.open_stream(Recipient("[fd00::a]:8001", THEM), OPENING)
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
    client = PeerClient(None, AddressResolver())
    with pytest.raises(AssertionError, match="alone"):
        client._sign(THEM, QUESTION)
