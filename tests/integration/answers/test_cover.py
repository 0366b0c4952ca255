"""The cover of a stream over HTTP: where it is said to be, how long it may be kept, and what it costs."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import png
import pytest
import requests

from audiocast.web.public.covers.art import CoverArt, draw_svg
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "live.example"}
COVERS = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("cover") / "server.log"
    with AudiocastServer(log, MAX_COVERS_PER_CLIENT=COVERS) as server:
        yield server


def get(server: AudiocastServer, path: str, **headers: str) -> requests.Response:
    return requests.get(server.base + path, headers=headers, timeout=10)


def test_the_state_says_where_the_cover_is_and_lists_do(server: AudiocastServer) -> None:
    started = server.start_stream(title="Jazz", visibility="public")
    path = f"/api/streams/{started.stream_id}"
    with PacedSource(started.keyed_url, numbered_audio(seconds=30)):
        server.wait_for_state(started.stream_id, "live")
        state = get(server, path, **FORWARDED).json()
        (listed,) = get(server, "/api/streams", **FORWARDED).json()["streams"]
        with requests.get(f"{server.base}{path}/events", stream=True, timeout=10) as events:
            event = next(line for line in events.iter_lines() if line.startswith(b"data: "))
    assert (listed["cover_url"], listed["cover_version"]) == (state["cover_url"], state["cover_version"])
    assert f'"cover_version": "{state["cover_version"]}"'.encode() in event
    url = urlsplit(state["cover_url"])
    assert (url.scheme, url.netloc, url.path) == (
        "https",
        "live.example",
        f"/listen/{started.stream_id}/cover.svg",
    )
    assert parse_qs(url.query) == {"v": [state["cover_version"]]}
    answer = get(server, f"{url.path}?{url.query}")
    assert answer.content == draw_svg(CoverArt(started.stream_id, "Jazz"))
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    for query in ("", "?v=", "?v=older"):
        assert get(server, url.path + query).headers["Cache-Control"] == "public, max-age=60"
    again = get(server, url.path, **{"If-None-Match": answer.headers["Etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_stream_that_nobody_knows_has_the_cover_of_its_id(server: AudiocastServer) -> None:
    answer = get(server, "/listen/nobody-knows-it/cover.svg")
    assert answer.status_code == 200
    assert answer.content == draw_svg(CoverArt("nobody-knows-it", ""))
    untitled = server.start_stream()
    known = get(server, f"/listen/{untitled.stream_id}/cover.svg")
    assert known.content == draw_svg(CoverArt(untitled.stream_id, ""))
    differing = {"Date", "Etag", "Content-Length"}
    assert {*known.headers.items()} ^ {*answer.headers.items()} <= {
        (name, headers[name]) for name in differing for headers in (known.headers, answer.headers)
    }
    for path in ("/listen/-/cover.svg", "/listen/abc/cover.gif", "/listen/abc/cover-square.svg"):
        assert get(server, path).status_code == 404


def test_so_many_new_ones_are_drawn_as_png_for_one_address(server: AudiocastServer) -> None:
    stranger = {"X-Forwarded-For": "192.0.2.7"}
    for number in range(COVERS):
        answer = get(server, f"/listen/s{number}/cover.png", **stranger)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
        width, height, _, _ = png.Reader(io.BytesIO(answer.content)).asDirect()
        assert (width, height) == (1200, 630)
    refused = get(server, "/listen/one-more/cover-square.png", **stranger)
    assert (refused.status_code, refused.json()["error"]) == (429, "client_limit")
    assert server.metric("audiocast_client_refusals_total", '{kind="covers"}') == 1
    # What is drawn already, what is cheap, and what others ask for.
    assert get(server, "/listen/s0/cover.png", **stranger).status_code == 200
    assert get(server, "/listen/one-more/cover.svg", **stranger).status_code == 200
    square = get(server, "/listen/one-more/cover-square.png", **{"X-Forwarded-For": "192.0.2.8"})
    assert png.Reader(io.BytesIO(square.content)).asDirect()[:2] == (512, 512)


def test_what_pages_show_is_there(server: AudiocastServer) -> None:
    started = server.start_stream(title="Jazz")
    for place in ("listen", "embed"):
        page = get(server, f"/{place}/{started.stream_id}").text
        for name, media_type in (("cover", "image/svg+xml"), ("artwork", "image/png")):
            path = page.partition(f'data-{name}="')[2].partition('"')[0]
            assert get(server, path).headers["Content-Type"] == media_type


def test_members_of_one_machine_draw_the_same(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", WORKERS=2) as server:
        started = server.start_stream(title="Jazz")
        with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
            # Each on a connection of its own, which either worker may get; soon both know its title.
            deadline = time.monotonic() + 30
            expected = draw_svg(CoverArt(started.stream_id, "Jazz"))
            path = f"/listen/{started.stream_id}/cover.svg"
            while (drawn := {get(server, path).content for _ in range(12)}) != {expected}:
                assert time.monotonic() < deadline, drawn
                time.sleep(0.1)
