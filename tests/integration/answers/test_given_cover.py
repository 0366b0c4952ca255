"""A broadcaster gives a picture: it is the cover everywhere, as what it is, until it is taken back."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from audiocast.stream.broadcaster.picture import MAX_PICTURE_BYTES, Picture
from audiocast.web.public.covers.art import CoverArt, draw_svg
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.pictures import CODECS, make_picture, pixels_of
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

SETTLE_SECONDS = 15.0
TOKEN = "a-token-for-this-test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("given") / "server.log", MAX_COVERS_PER_CLIENT=0) as server:
        yield server


def send(
    server: AudiocastServer, started: Started, picture: bytes, key: str | None = None
) -> requests.Response:
    headers = {"Authorization": f"Bearer {started.ingest_key if key is None else key}"}
    url = f"{server.base}/api/streams/{started.stream_id}/cover"
    return requests.put(url, data=picture, headers=headers, timeout=10)


def cover(server: AudiocastServer, started: Started, name: str = "cover.svg") -> requests.Response:
    return requests.get(f"{server.base}/listen/{started.stream_id}/{name}", timeout=10)


@pytest.mark.parametrize("media_type", CODECS)
def test_a_picture_is_the_cover_as_what_it_is(server: AudiocastServer, media_type: str) -> None:
    started = server.start_stream(title="Jazz")
    before = server.state(started.stream_id)
    file = make_picture(media_type, (400, 300))
    answer = send(server, started, file)
    assert (answer.status_code, answer.content) == (204, b"")
    state = server.state(started.stream_id)
    assert state["cover_version"] != before["cover_version"]
    assert "cover" not in state
    shown = requests.get(state["cover_url"], timeout=10)
    assert shown.headers["Content-Type"] == media_type
    assert shown.headers["Cache-Control"] == "public, max-age=86400"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert pixels_of(shown.content) == pixels_of(file)
    for name in ("cover.png", "cover-square.png"):
        assert cover(server, started, name).content == shown.content
    page = requests.get(started.listen_url, timeout=10).text
    assert re.findall(r'property="og:image:(?:width|height)" content="(\d+)"', page) == ["400", "300"]
    oembed = requests.get(f"{server.base}/oembed", params={"url": started.listen_url}, timeout=10).json()
    assert (oembed["thumbnail_width"], oembed["thumbnail_height"]) == (400, 300)


def test_it_can_be_replaced_and_taken_back_while_the_stream_is_on(server: AudiocastServer) -> None:
    started = server.start_stream(title="Jazz")
    with PacedSource(started.keyed_url, numbered_audio(seconds=30)):
        server.wait_for_state(started.stream_id, "live")
        for number in range(2):
            file = make_picture("image/png", number=number)
            assert send(server, started, file).status_code == 204
            assert cover(server, started).content == Picture.read(file).data
        url = f"{server.base}/api/streams/{started.stream_id}/cover"
        assert requests.delete(url, timeout=10).status_code == 401
        key = {"Authorization": f"Bearer {started.ingest_key}"}
        assert requests.delete(url, headers=key, timeout=10).status_code == 204
        assert cover(server, started).content == draw_svg(CoverArt(started.stream_id, "Jazz"))


def test_what_is_no_picture_or_has_no_key_changes_nothing(server: AudiocastServer) -> None:
    started, other = server.start_stream(title="Jazz"), server.start_stream()
    drawn = cover(server, started).content
    file = make_picture("image/jpeg")
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    refused = [
        (send(server, started, svg), 400, "bad_picture"),
        (send(server, started, b""), 400, "bad_picture"),
        (send(server, started, file[:-2]), 400, "bad_picture"),
        (send(server, started, make_picture("image/png", (32, 32))), 400, "bad_picture"),
        (send(server, started, bytes(MAX_PICTURE_BYTES + 1)), 413, "body_too_large"),
        (send(server, started, file, ""), 401, "key_missing"),
        (send(server, started, file, other.ingest_key), 401, "bad_key"),
        # Whole, however long it is: the client reads why.
        (send(server, started, bytes(MAX_PICTURE_BYTES), "ac1..x"), 401, "bad_key"),
    ]
    for answer, status, error in refused:
        assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert cover(server, started).content == drawn


def test_it_ends_with_the_stream(server: AudiocastServer, tmp_path: Path) -> None:
    started = server.start_stream(title="Jazz")
    assert send(server, started, make_picture("image/png")).status_code == 204
    key = {"Authorization": f"Bearer {started.ingest_key}"}
    url = f"{server.base}/api/streams/{started.stream_id}"
    assert requests.delete(url, headers=key, timeout=10).status_code == 204
    assert cover(server, started).headers["Content-Type"] == "image/svg+xml"
    refused = send(server, started, make_picture("image/png"))
    assert (refused.status_code, refused.json()["error"]) == (410, "stream_ended")


def test_who_starts_a_stream_of_the_same_name_does_not_get_it(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", API_TOKENS=TOKEN) as server:

        def start() -> Started:
            answer = requests.post(
                f"{server.base}/api/start", json={"id": "jazz"}, headers=BEARER, timeout=10
            )
            return Started(**answer.json())

        assert send(server, start(), make_picture("image/png")).status_code == 204
        again = start()
        assert cover(server, again).headers["Content-Type"] == "image/svg+xml"


def test_one_address_gives_so_many_in_a_minute(tmp_path: Path) -> None:
    with AudiocastServer(
        tmp_path / "server.log", MAX_COVERS_PER_CLIENT=2, TRUSTED_PROXIES="10.0.0.0/8"
    ) as server:
        started = server.start_stream()
        file = make_picture("image/png")
        assert [send(server, started, file).status_code for _ in range(3)] == [204, 204, 429]


def test_each_worker_shows_it(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", WORKERS=2) as server:
        started = server.start_stream(title="Jazz")
        file = Picture.read(make_picture("image/webp"))
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            server.wait_for_state(started.stream_id, "live")
            assert send(server, started, file.data).status_code == 204
            deadline = time.monotonic() + SETTLE_SECONDS
            # What a worker was told by the other one is good for a second. Each request is on a connection of
            # its own, which either worker may get.
            while {cover(server, started).content for _ in range(12)} != {file.data}:
                assert time.monotonic() < deadline
