"""One request to the API server: who asks, how long, and what a refusal says."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders, RequestStartLine, ResponseStartLine

from audiocast.cluster.discovery import kubernetes_api
from audiocast.cluster.discovery.kubernetes_api import ApiResponse, KubernetesApi
from audiocast.cluster.discovery.pod import Pod
from audiocast.cluster.errors import BadMessage, NoAccount, Refused, Unreachable
from tests.support.clock.jumping_loop import run


class FakeConnection:
    """Fits `HTTP1Connection`; answers as the test says.

    Attributes:
        stream: What it was made of.
        limits: And with.
        sent: Request line and headers.
        is_finished: The request is whole.
        is_closed: It was closed.
    """

    last: "FakeConnection"
    answer: tuple[int, dict[str, str], list[bytes]] = 200, {}, [b"{}"]
    is_whole = True
    is_silent = False

    def __init__(self, stream: Any, is_client: bool, limits: Any) -> None:
        assert is_client
        self.stream = stream
        self.limits = limits
        self.sent: tuple[RequestStartLine, HTTPHeaders]
        self.is_finished = False
        self.is_closed = False
        self._closed = asyncio.Event()
        FakeConnection.last = self

    def write_headers(self, start_line: RequestStartLine, headers: HTTPHeaders) -> None:
        self.sent = start_line, headers

    def finish(self) -> None:
        self.is_finished = True

    async def read_response(self, response: ApiResponse) -> None:
        assert self.is_finished
        if self.is_silent:
            await self._closed.wait()
            return
        status, headers, pieces = self.answer
        response.headers_received(ResponseStartLine("HTTP/1.1", status, ""), HTTPHeaders(headers))
        for piece in pieces:
            response.data_received(piece)
        if self.is_whole:
            response.finish()

    def close(self) -> None:
        self.is_closed = True
        self._closed.set()


class FakeTcp:
    """Fits `TCPClient`."""

    def __init__(self) -> None:
        self.connected: list[tuple[str, int, ssl.SSLContext]] = []
        self.error: OSError | None = None
        self.seconds = 0.0

    async def connect(self, host: str, port: int, *, ssl_options: ssl.SSLContext) -> str:
        self.connected.append((host, port, ssl_options))
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return "a stream"


class Harness:
    """A pod and its API server."""

    def __init__(self, account: Path) -> None:
        for name, text in (("token", "a-token\n"), ("ca.crt", "an authority"), ("namespace", "radio")):
            (account / name).write_text(text)
        self.account = account
        self.api = KubernetesApi(Pod("10.96.0.1", 443, account))
        self.tcp = FakeTcp()
        self.api._tcp = self.tcp  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def _network(monkeypatch: pytest.MonkeyPatch) -> None:
    def context(*, cadata: str) -> ssl.SSLContext:
        assert cadata == "an authority", "only the cluster's own authority is trusted"
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    for name in ("answer", "is_whole", "is_silent"):
        monkeypatch.setattr(FakeConnection, name, getattr(FakeConnection, name))
    monkeypatch.setattr(kubernetes_api, "HTTP1Connection", FakeConnection)
    monkeypatch.setattr(ssl, "create_default_context", context)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    yield Harness(tmp_path)
    if hasattr(FakeConnection, "last"):
        assert FakeConnection.last.is_closed


async def test_a_request_names_the_account_and_trusts_the_clusters_authority(harness: Harness) -> None:
    FakeConnection.answer = 200, {}, [b'{"items', b'": []}']
    assert await harness.api.get("/apis/x?y=1") == {"items": []}
    start_line, headers = FakeConnection.last.sent
    assert (start_line.method, start_line.path) == ("GET", "/apis/x?y=1")
    assert dict(headers) == {
        "Host": "10.96.0.1:443",
        "Authorization": "Bearer a-token",
        "Accept": "application/json",
        "User-Agent": "audiocast",
        "Connection": "close",
    }
    ((host, port, trusted),) = harness.tcp.connected
    assert (host, port) == ("10.96.0.1", 443)
    assert trusted.verify_mode == ssl.CERT_REQUIRED
    assert not trusted.verify_flags & ssl.VERIFY_X509_STRICT
    assert harness.api.namespace == "radio"


async def test_an_answer_is_bounded_and_the_connection_serves_one_request(harness: Harness) -> None:
    await harness.api.get("/apis/x")
    limits = FakeConnection.last.limits
    assert limits.max_body_size == 16 * 1024 * 1024
    assert limits.no_keep_alive
    assert FakeConnection.last.is_closed


async def test_a_token_that_was_changed_is_the_one_that_is_sent(harness: Harness) -> None:
    await harness.api.get("/apis/x")
    (harness.account / "token").write_text("the-next")
    await harness.api.get("/apis/x")
    assert FakeConnection.last.sent[1]["Authorization"] == "Bearer the-next"


@pytest.mark.parametrize("name", ["token", "ca.crt"])
async def test_a_pod_without_an_account_asks_nobody(harness: Harness, name: str) -> None:
    (harness.account / name).unlink()
    with pytest.raises(NoAccount, match=name):
        await harness.api.get("/apis/x")
    assert harness.tcp.connected == []


async def test_a_watch_is_its_lines(harness: Harness) -> None:
    FakeConnection.answer = 200, {}, [b'{"type": "ADDED"}\n{"ty', b'pe": "DELETED"}\n']
    events = [event async for event in harness.api.watch("/apis/x?watch=true", 70.0)]
    assert events == [{"type": "ADDED"}, {"type": "DELETED"}]


async def test_what_is_not_json_is_refused(harness: Harness) -> None:
    for body in (b"<html>", b"[" * 100_000, b"\xff"):
        FakeConnection.answer = 200, {}, [body]
        with pytest.raises(BadMessage, match="expected JSON, got"):
            await harness.api.get("/apis/x")


@pytest.mark.parametrize("status", [201, 302, 410])
async def test_a_refusal_says_why_and_when_to_come_again(harness: Harness, status: int) -> None:
    body = json.dumps({"reason": "Expired", "message": "m" * 1000}).encode()
    FakeConnection.answer = status, {"Retry-After": "12"}, [body]
    with pytest.raises(Refused) as refused:
        await harness.api.get("/apis/x")
    error = refused.value
    assert (error.status, error.code, error.message) == (status, "Expired", "m" * 300)
    assert error.wait_seconds == 12


@pytest.mark.parametrize(
    ("body", "message"), [(b"", ""), (b"[]", "[]"), (b"no \xff JSON", "no � JSON"), (b"x" * 1000, "x" * 300)]
)
async def test_a_proxys_words_are_told_as_they_are(harness: Harness, body: bytes, message: str) -> None:
    FakeConnection.answer = 502, {}, [body]
    with pytest.raises(Refused) as refused:
        await harness.api.get("/apis/x")
    error = refused.value
    assert (error.status, error.code, error.message, error.wait_seconds) == (502, "", message, 0)


@pytest.mark.parametrize(
    ("retry_after", "wait_seconds"),
    [("0", 0), ("99999", 99_999), ("100000", 0), ("-5", 0), ("5.5", 0), ("Fri, 31 Dec 1999 23:59:59 GMT", 0)],
)
async def test_only_a_number_of_seconds_is_waited_for(
    harness: Harness, retry_after: str, wait_seconds: int
) -> None:
    FakeConnection.answer = 429, {"Retry-After": retry_after}, [b"{}"]
    with pytest.raises(Refused) as refused:
        await harness.api.get("/apis/x")
    assert refused.value.wait_seconds == wait_seconds


async def test_an_answer_that_breaks_off_is_nobodys(harness: Harness) -> None:
    FakeConnection.is_whole = False
    with pytest.raises(Unreachable, match="broke off"):
        await harness.api.get("/apis/x")


async def test_a_server_that_is_not_there_is_named(harness: Harness) -> None:
    harness.tcp.error = ConnectionRefusedError("Connection refused")
    with pytest.raises(Unreachable, match=r"10\.96\.0\.1:443: Connection refused"):
        await harness.api.get("/apis/x")


@pytest.mark.parametrize(("connects_seconds", "is_silent", "waits_seconds"), [(6, False, 5), (0, True, 15)])
def test_a_server_that_does_not_answer_is_given_up(
    tmp_path: Path, connects_seconds: float, is_silent: bool, waits_seconds: float
) -> None:
    async def test() -> None:
        harness = Harness(tmp_path)
        harness.tcp.seconds = connects_seconds
        FakeConnection.is_silent = is_silent
        began_at = asyncio.get_running_loop().time()
        with pytest.raises(Unreachable):
            await harness.api.get("/apis/x")
        assert asyncio.get_running_loop().time() - began_at == pytest.approx(waits_seconds)

    run(test())
