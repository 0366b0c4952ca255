"""`audiocast check` against a real server, and against services that are not well."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from audiocast.check import HEAD, PACKETS, CheckFailed, check
from audiocast.ogg.headers import OpusTags
from audiocast.ogg.writer import PageWriter
from tests.capture import Capture
from tests.server import AudiocastServer

TOKEN = "a-token-for-the-check"


def test_all_that_was_sent_is_heard_and_the_stream_is_ended(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log", API_TOKENS=TOKEN) as server:
        heard = check(server.base, TOKEN)
        assert heard.packets == PACKETS
        assert 0 < heard.first_audio_seconds < 2
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


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(CheckFailed, match="ConnectionRefusedError"):
        check("http://127.0.0.1:1")


@contextmanager
def lossy_service(lost: range) -> Iterator[str]:
    """Answer as audiocast does, but lose some packets of what was sent; give the URL."""
    whole = Event()
    body = bytearray()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path == "/api/start":
                self._answer(json.dumps({"stream_id": "x", "ingest_key": "k"}).encode())
                return
            while size := int(self.rfile.readline(), 16):
                body.extend(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            whole.set()
            self._answer(b"")

        def do_GET(self) -> None:
            whole.wait(10)
            packets = Capture.parse(bytes(body)).packets
            writer = PageWriter(1)
            pages = [writer.headers(HEAD, OpusTags(vendor="lossy"))]
            pages += [writer.audio([p]) for number, p in enumerate(packets, 1) if number not in lost]
            self._answer(b"".join(pages))

        def _answer(self, content: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as service:
        thread = Thread(target=service.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{service.server_port}"
        finally:
            service.shutdown()
            thread.join()
