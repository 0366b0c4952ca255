"""A stream on other people's pages: what a frame, a messenger and a program that embeds links are given."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import png
import pytest
import requests

from audiocast.web.pages.embed_code import frame_code, plain_code
from tests.support.processes.server import AudiocastServer, Started

DOCUMENT = Path(__file__).parents[2] / "docs" / "embedding.md"
HOSTILE = """"><script>alert('x')</script>&amp;&lt;b&gt;{{ version }} Песня"""
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "live.example"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("embed") / "server.log") as server:
        yield server


@pytest.fixture(scope="module")
def started(server: AudiocastServer) -> Started:
    return server.start_stream(title=HOSTILE)


class Tags(HTMLParser):
    """The elements of a document, and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    def one(self, tag: str) -> dict[str, str | None]:
        (attributes,) = self.all(tag)
        return attributes


def page(server: AudiocastServer, path: str, **headers: str) -> Tags:
    answer = requests.get(server.base + path, headers=headers, timeout=10)
    assert answer.status_code == 200
    return Tags(answer.text)


def oembed(server: AudiocastServer, url: str, **query: str) -> dict[str, Any]:
    query = {"url": url, **query}
    answer = requests.get(f"{server.base}/oembed", params=query, headers=FORWARDED, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    said: dict[str, Any] = answer.json()
    return said


def refused(server: AudiocastServer, **query: str) -> tuple[int, str]:
    answer = requests.get(f"{server.base}/oembed", params=query, headers=FORWARDED, timeout=10)
    return answer.status_code, answer.json()["error"]


def test_a_messenger_is_told_what_is_behind_the_link(server: AudiocastServer, started: Started) -> None:
    tags = page(server, f"/listen/{started.stream_id}", **FORWARDED)
    said = {str(meta.get("property") or meta.get("name")): meta.get("content") for meta in tags.all("meta")}
    assert said["og:title"] == HOSTILE
    assert said["og:description"]
    assert said["og:url"] == f"https://live.example/listen/{started.stream_id}"
    assert said["og:audio"] == f"https://live.example/stream/{started.stream_id}"
    assert said["twitter:card"] == "summary_large_image"
    image = urlsplit(str(said["og:image"]))
    assert image.netloc == "live.example"
    picture = requests.get(f"{server.base}{image.path}?{image.query}", timeout=10)
    assert picture.headers["Content-Type"] == "image/png"
    width, height, _, _ = png.Reader(bytes=picture.content).asDirect()
    assert (str(width), str(height)) == (said["og:image:width"], said["og:image:height"]) == ("1200", "630")


@pytest.mark.parametrize(("place", "script"), [("listen", "page"), ("embed", "embed")])
def test_a_hostile_title_stays_a_title(
    server: AudiocastServer, started: Started, place: str, script: str
) -> None:
    tags = page(server, f"/{place}/{started.stream_id}")
    assert tags.one("body")["data-title"] == HOSTILE
    assert HOSTILE in tags.text
    scripts = {str(script.get("src")).partition("?")[0] for script in tags.all("script")}
    assert scripts == {f"/scripts/listen/{script}.js", "/static/listen/plain.js"}


def test_what_is_to_be_copied_is_a_player(server: AudiocastServer, started: Started) -> None:
    text = page(server, f"/listen/{started.stream_id}", **FORWARDED).text
    framed = Tags(text[text.index("<iframe") :].partition("</iframe>")[0])
    assert framed.one("iframe")["src"] == f"https://live.example/embed/{started.stream_id}"
    assert framed.one("iframe")["title"] == HOSTILE
    plain = Tags(text[text.index("<audio controls") :].partition("</a>")[0])
    stream_url = f"https://live.example/stream/{started.stream_id}"
    sources = [source["src"] for source in plain.all("source")]
    assert sources == [stream_url, f"{stream_url}/hls/index.m3u8"]
    assert "controls" in plain.one("audio")
    assert plain.one("a")["href"] == f"https://live.example/listen/{started.stream_id}"
    assert not plain.all("script")
    assert plain.text.strip() == HOSTILE


def test_the_codes_of_the_document_are_those_of_the_page() -> None:
    base = "https://radio.example.org"
    codes = re.findall(r"```html\n(.*?)\n```", DOCUMENT.read_text())
    assert codes == [
        frame_code(f"{base}/embed/STREAM_ID", "Evening"),
        plain_code(f"{base}/stream/STREAM_ID", f"{base}/listen/STREAM_ID", "Evening"),
    ]


@pytest.mark.parametrize(
    ("path", "framed_by"),
    [
        ("/", "'none'"),
        ("/broadcast", "'none'"),
        ("/selftest", "'none'"),
        ("/listen/abc", "'none'"),
        ("/nothing", "'none'"),
        ("/embed/abc", "*"),
    ],
)
def test_only_the_player_may_be_framed(server: AudiocastServer, path: str, framed_by: str) -> None:
    headers = {"Accept": "text/html"}
    policy = requests.get(server.base + path, headers=headers, timeout=10).headers["Content-Security-Policy"]
    assert f"; frame-ancestors {framed_by}" in policy
    assert "unsafe" not in policy


def test_the_page_leads_to_its_oembed(server: AudiocastServer, started: Started) -> None:
    tags = page(server, f"/listen/{started.stream_id}", **FORWARDED)
    (link,) = [each for each in tags.all("link") if each.get("type") == "application/json+oembed"]
    assert link["rel"] == "alternate"
    found = urlsplit(str(link["href"]))
    assert (found.scheme, found.netloc, found.path) == ("https", "live.example", "/oembed")
    query = {name: values[0] for name, values in parse_qs(found.query).items()}
    assert query == {"url": f"https://live.example/listen/{started.stream_id}", "format": "json"}
    said = oembed(server, **query)
    assert (said["version"], said["type"], said["title"]) == ("1.0", "rich", HOSTILE)
    frame = ET.fromstring(said["html"])
    assert frame.get("src") == f"https://live.example/embed/{started.stream_id}"
    assert (frame.get("width"), frame.get("height")) == (str(said["width"]), str(said["height"]))
    assert (said["thumbnail_width"], said["thumbnail_height"]) == (512, 512)
    assert f"/listen/{started.stream_id}/cover-square.png?v=" in said["thumbnail_url"]


def test_nothing_in_an_oembed_is_larger_than_was_asked_for(server: AudiocastServer, started: Started) -> None:
    url = f"https://live.example/listen/{started.stream_id}"
    small = oembed(server, url, maxwidth="300", maxheight="190")
    assert (small["width"], small["height"] <= 190) == (300, True)
    assert (small["thumbnail_width"], small["thumbnail_height"]) == (180, 180)
    assert 'width="300"' in small["html"]
    flat = oembed(server, url, maxheight="100")
    assert flat["height"] == 100
    assert not [name for name in flat if name.startswith("thumbnail")]
    large = oembed(server, url, maxwidth="2000", maxheight="2000")
    assert large == oembed(server, url)


def test_an_oembed_that_cannot_be_given_says_why(server: AudiocastServer, started: Started) -> None:
    url = f"https://live.example/listen/{started.stream_id}"
    assert refused(server, url=url, format="xml") == (501, "format_not_there")
    assert refused(server) == (400, "argument_missing")
    assert refused(server, url="https://live.example/listen/nobody") == (404, "stream_not_found")
    assert refused(server, url="https://live.example/listen/a%20b") == (404, "bad_stream_id")
    for other in (
        f"https://evil.example/listen/{started.stream_id}",
        "https://live.example/",
        "x",
        "http://[x",
    ):
        assert refused(server, url=other) == (404, "not_a_listen_link"), other
    for size in ("0", "-1", "1e3", "²", "9" * 5000):
        assert refused(server, url=url, maxwidth=size) == (400, "bad_maxwidth"), size


@pytest.mark.parametrize(("path", "size", "corner"), [("icon-192", 192, 0), ("icon-square-180", 180, 255)])
def test_the_icon_is_drawn_in_the_sizes_that_systems_want(
    server: AudiocastServer, path: str, size: int, corner: int
) -> None:
    answer = requests.get(f"{server.base}/{path}.png", timeout=10)
    width, height, rows, _ = png.Reader(file=io.BytesIO(answer.content)).asRGBA8()
    pixels = [list(row) for row in rows]
    assert (width, height) == (size, size)
    assert pixels[0][3] == corner, "transparency of the corner"
    middle = size // 2
    assert pixels[middle][4 * middle : 4 * middle + 4] == [0xFF, 0xFD, 0xFA, 255], "a stroke"
    assert pixels[middle][4 * 4 : 4 * 4 + 4] == [0xB5, 0x40, 0x0F, 255], "the ground"
    assert requests.get(f"{server.base}/icon-9999.png", timeout=10).status_code == 404
