"""Pages and what they load come compressed to those who can read it; all else comes as it is."""

import gzip
import json
from pathlib import Path

import pytest
import requests

import audiocast.web
from audiocast import __version__
from audiocast.web.contract.document import openapi
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


def test_the_description_of_the_api(server: AudiocastServer) -> None:
    url = f"{server.base}/api/openapi.json"
    packed = requests.get(url, headers=GZIP, stream=True, timeout=10)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert packed.headers["Access-Control-Allow-Origin"] == "*"
    sent = body(packed)
    assert json.loads(gzip.decompress(sent)) == openapi(__version__)
    assert len(sent) < 20_000
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


def test_a_page_s_script_comes_with_its_modules(server: AudiocastServer) -> None:
    page = requests.get(f"{server.base}/listen/{server.start_stream().stream_id}", timeout=10).text
    path = page.partition('<script type="module" src="')[2].partition('"')[0]
    assert path.startswith("/scripts/listen/page.js?v=")
    packed = requests.get(server.base + path, headers=GZIP, stream=True, timeout=10)
    assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    sent = body(packed)
    text = gzip.decompress(sent).decode()
    assert "// shared/backoff.js\n" in text
    assert "// player/live/decoder.js\n" not in text
    plain = requests.get(server.base + path, headers=PLAIN, timeout=10)
    assert plain.text == text
    other = requests.get(server.base + path.partition("?")[0] + "?v=1", headers=GZIP, timeout=10)
    assert (other.headers["Cache-Control"], other.text) == ("no-cache", text)
    etag = {"If-None-Match": other.headers["Etag"]}
    assert requests.get(server.base + path, headers={**GZIP, **etag}, timeout=10).status_code == 304


def test_a_part_of_a_file_is_not_compressed(server: AudiocastServer) -> None:
    url = f"{server.base}/static/listen/page.js"
    part = requests.get(url, headers={**GZIP, "Range": "bytes=0-1999"}, stream=True, timeout=10)
    assert (part.status_code, part.headers.get("Content-Encoding")) == (206, None)
    assert body(part) == (STATIC / "listen" / "page.js").read_bytes()[:2000]
