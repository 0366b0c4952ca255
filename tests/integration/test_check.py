"""`audiocast check` against a real server, and against services that are not well."""

import json
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from audiocast.check import OPUS_HEAD, PACKETS, CheckFailed, check
from audiocast.ogg.headers import OpusTags
from audiocast.ogg.writer import PageWriter
from tests.support.audio.capture import Capture
from tests.support.http.http_stand_in import serving
from tests.support.processes.server import AudiocastServer

TOKEN = "a-token-for-the-check"


def test_all_that_was_sent_is_heard_and_the_stream_is_ended(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log", API_TOKENS=TOKEN) as server:
        heard = check(server.base, TOKEN)
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


@pytest.mark.parametrize("server", ["localhost:8000", "ftp://localhost", "http://"])
def test_what_is_no_server_is_said(server: str) -> None:
    with pytest.raises(CheckFailed, match="expected a URL as http://host:port"):
        check(server)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}"])
def test_another_server_is_said(answer: bytes) -> None:
    with serving(lambda *_: answer) as url, pytest.raises(CheckFailed, match="Error: "):
        check(url)


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(CheckFailed, match="ConnectionRefusedError"):
        check("http://127.0.0.1:1")


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
