"""Pages and what they load come compressed to those who can read it; all else comes as it is."""

import gzip
from pathlib import Path

import pytest
import requests

import audiocast.web
from tests.support.processes.server import AudiocastServer

STATIC = Path(audiocast.web.__file__).parent / "static"
GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}


def body(response: requests.Response) -> bytes:
    """Return the body as it was sent."""
    return bytes(response.raw.read(decode_content=False))


@pytest.mark.parametrize("name", ["listen/page.js", "listen/listen.css"])
def test_files_of_the_pages(server: AudiocastServer, name: str) -> None:
    url = f"{server.base}/static/{name}"
    file = (STATIC / name).read_bytes()
    packed = requests.get(url, headers=GZIP, stream=True, timeout=10)
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["Content-Encoding"] == "gzip"
    sent = body(packed)
    assert gzip.decompress(sent) == file
    assert len(sent) < 0.7 * len(file)
    plain = requests.get(url, headers=PLAIN, stream=True, timeout=10)
    assert "Content-Encoding" not in plain.headers
    assert body(plain) == file
    assert plain.headers["Content-Length"] == str(len(file))
    again = requests.get(url, headers={**GZIP, "If-None-Match": packed.headers["Etag"]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")


def test_pages(server: AudiocastServer) -> None:
    url = server.start_stream(title="Вечер").listen_url
    packed = requests.get(url, headers=GZIP, stream=True, timeout=10)
    assert packed.headers["Content-Encoding"] == "gzip"
    sent = body(packed)
    assert packed.headers["Content-Length"] == str(len(sent))
    assert "Вечер" in gzip.decompress(sent).decode()
    head = requests.head(url, headers=GZIP, timeout=10)
    assert (head.status_code, head.content) == (200, b"")


def test_audio_events_and_answers_of_the_api_do_not(server: AudiocastServer) -> None:
    stream_id = server.start_stream(title="x" * 100).stream_id
    for path in ("/api/streams", f"/api/streams/{stream_id}", f"/api/streams/{stream_id}/events", "/nothing"):
        with requests.get(server.base + path, headers=GZIP, stream=True, timeout=10) as response:
            assert "Content-Encoding" not in response.headers, path
