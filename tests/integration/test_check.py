"""`audiocast check` against a real server, and against services that are not well."""

import json
import ssl
from concurrent.futures import Future
from contextlib import AbstractContextManager
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from pathlib import Path

import pytest

from audiocast.check import OPUS_HEAD, PACKETS, CheckFailed, check
from audiocast.ogg.errors import LostSync
from audiocast.ogg.headers import OpusTags
from audiocast.ogg.writer import PageWriter
from tests.support.audio.capture import Capture
from tests.support.http.http_stand_in import serving
from tests.support.processes.server import AudiocastServer

TOKEN = "a-token-for-the-check"


def test_all_that_was_sent_is_heard_and_the_stream_is_ended(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log", API_TOKENS=TOKEN) as server:
        # In a private network no scheme is needed: http comes first there.
        heard = check(server.base.removeprefix("http://"), TOKEN)
        assert heard.packets == PACKETS
        assert heard.first_audio_seconds > 0
        assert server.state(heard.stream_id)["state"] == "ended"
        with pytest.raises(CheckFailed, match=r"expected POST /api/start to go well, got 401 .*token_needed"):
            check(server.base)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        (range(50, 51), "expected packet 50 next, heard packet 51"),
        (range(90, PACKETS + 1), f"expected {PACKETS} packets in 15 s, heard 89"),
    ],
)
def test_what_is_not_heard_is_said(lost: range, message: str) -> None:
    with lossy_service(lost) as url, pytest.raises(CheckFailed, match=message):
        check(url)


@pytest.mark.parametrize("server", ["", "ftp://localhost", "http://", "http://[::1"])
def test_what_is_no_server_is_said(server: str) -> None:
    with pytest.raises(CheckFailed, match="expected a URL as http://host:port"):
        check(server)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}"])
def test_another_server_is_said(answer: bytes) -> None:
    with (
        serving(lambda *_: answer) as url,
        pytest.raises(CheckFailed, match="what answers there is no audiocast"),
    ):
        check(url)


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(CheckFailed, match=r"nobody listens there; start it \(audiocast serve\)"):
        check("http://127.0.0.1:1")
    with pytest.raises(CheckFailed, match="no host has this name"):
        check("http://no-such-host.invalid")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError("timed out"), "no answer came within 15 s"),
        (RemoteDisconnected("Remote end closed connection"), "it closed the connection without an answer"),
        (ConnectionResetError(104, "Connection reset by peer"), "the connection broke off"),
        (IncompleteRead(b""), "the connection broke off"),
        (OSError(113, "No route to host"), "it cannot be reached: No route to host"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "it speaks no TLS there"),
        (BadStatusLine("x"), "what answers there is no audiocast"),
        (LostSync(b"<htm"), "expected Ogg Opus from the stream: "),
    ],
)
def test_what_goes_wrong_is_told_without_a_word_of_python_s(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("audiocast.check._check", fail)
    with pytest.raises(CheckFailed) as caught:
        check("http://127.0.0.1:1")
    assert str(caught.value).startswith(said)
    assert "Error" not in str(caught.value)


def lossy_service(lost: range) -> AbstractContextManager[str]:
    """Answer as audiocast does, but lose some packets of what was sent; give the URL."""
    sent: Future[bytes] = Future()

    def respond(method: str, path: str, body: bytes) -> bytes:
        if path == "/api/start":
            return json.dumps({"stream_id": "x", "ingest_key": "k"}).encode()
        if path == "/ingest/x":
            sent.set_result(body)
        if path != "/stream/x":
            return b""
        packets = enumerate(Capture.parse(sent.result(timeout=10)).packets, 1)
        writer = PageWriter(1)
        pages = [writer.headers(OPUS_HEAD, OpusTags(vendor="lossy"))]
        pages += [writer.audio([packet]) for number, packet in packets if number not in lost]
        return b"".join(pages)

    return serving(respond)
