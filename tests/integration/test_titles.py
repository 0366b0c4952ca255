"""Titles from strangers: whatever they send, every list and page is there for everybody else."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

LISTS = ["/api/streams", "/status-json.xsl"]
VIEWS = [
    "/api/streams/{id}",
    "/api/streams/{id}/history",
    "/listen/{id}",
    "/embed/{id}",
    "/oembed?url={base}/listen/{id}",
    "/stream/{id}.m3u",
    "/stream/{id}.pls",
]

STREAMS = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("titles") / "server.log", LIST_STREAMS="all") as server:
        yield server


@pytest.fixture(scope="module")
def stream(server: AudiocastServer) -> Iterator[Started]:
    started = server.start_stream(title="Jazz")
    with PacedSource(started.keyed_url, numbered_audio(seconds=300)):
        server.wait_for_state(started.stream_id, "live")
        yield started


@pytest.fixture(scope="module")
def streams(server: AudiocastServer) -> Iterator[Iterator[Started]]:
    """Streams that are on, by turns: of one and the same, a change is shown a second after the last one."""
    with ExitStack() as stack:
        live = [server.start_stream(title=f"Jazz {number}") for number in range(STREAMS)]
        for each in live:
            stack.enter_context(PacedSource(each.keyed_url, numbered_audio(seconds=60)))
        for each in live:
            server.wait_for_state(each.stream_id, "live")
        yield itertools.cycle(live)


def check_views(server: AudiocastServer, stream_id: str) -> None:
    for path in [*LISTS, *VIEWS]:
        url = server.base + path.format(id=stream_id, base=server.base)
        answer = requests.get(url, timeout=10)
        assert answer.status_code == 200, f"{path}: {answer.text[:200]}"
        assert not any("\x00" <= each < " " and each not in "\n\r\t" for each in answer.text), path
    listed = requests.get(f"{server.base}/api/streams", timeout=10).json()["streams"]
    assert stream_id in [each["stream_id"] for each in listed]
    assert [event for event in server.events() if event["level"] == "error"] == []


@pytest.mark.parametrize(
    ("body", "status", "title"),
    [
        (rb'{"title": "\ud800"}', 400, None),
        (rb'{"\ud800": "x"}', 400, None),
        (rb'{"title": "\u0000\u001b[2J \u009b31m\u202e"}', 204, "[2J 31m"),
        (b'{"title": "two\\nlines"}', 204, "two lines"),
    ],
)
def test_of_a_program_that_puts_json(
    server: AudiocastServer, stream: Started, body: bytes, status: int, title: str | None
) -> None:
    url = f"{server.base}/api/streams/{stream.stream_id}/metadata"
    answer = requests.put(url, data=body, params={"key": stream.ingest_key}, timeout=10)
    assert answer.status_code == status
    if title is not None:
        assert server.state(stream.stream_id)["now_playing"] == {"title": title, "artist": ""}
    check_views(server, stream.stream_id)


@pytest.mark.parametrize("charset", ["", "latin1", "utf-8", "utf-16le", "utf-7", "unicode_escape", "gb18030"])
def test_of_an_icecast_program(server: AudiocastServer, streams: Iterator[Started], charset: str) -> None:
    for song in ("%5Cud800", "%2B2AA-", "%00%D8", "%ED%A0%80", "%1B[2J%9B"):
        stream = next(streams)
        url = f"{server.base}/admin/metadata?mode=updinfo&mount=/ingest/{stream.stream_id}&charset={charset}"
        answer = requests.get(f"{url}&song={song}&key={stream.ingest_key}", timeout=10)
        assert answer.status_code == (400 if charset in ("utf-7", "unicode_escape") else 200)
        check_views(server, stream.stream_id)


@pytest.mark.parametrize(
    "text",
    [
        " two\nlines\t ",
        "\0a\x1b[31mb\x9b",
        "\u202eturned\u2066",
        "\ufeffmark",
        "👩‍👩‍👧 Ünï <b>&amp;</b>",
        "\u200fعربي",
        "\x85\u2028\u3000wide",
        "x" * 200,
        " - ",
        "\x01",
    ],
)
def test_both_ways_clean_it_alike(server: AudiocastServer, text: str) -> None:
    def shown(method: str, path: str, status: int, **arguments: Any) -> Any:
        # Another stream each time, which shows it at once.
        started = server.start_stream()
        url = f"{server.base}{path.format(id=started.stream_id)}"
        arguments["params"] = {"key": started.ingest_key, **arguments.get("params", {})}
        answer = requests.request(method, url, timeout=10, **arguments)
        assert answer.status_code == status
        return server.state(started.stream_id)["now_playing"]

    for artist in (text, ""):
        fields = {"title": text, "artist": artist}
        by_json = shown("PUT", "/api/streams/{id}/metadata", 204, json=fields)
        assert by_json == shown("GET", "/admin/metadata?mount=/ingest/{id}", 200, params=fields)
        assert by_json == shown("POST", "/admin/metadata?mount=/ingest/{id}", 200, data=fields)


def test_of_the_comments_in_the_audio(server: AudiocastServer) -> None:
    started = server.start_stream()
    head = OpusHead(channels=1, pre_skip=312)
    tags = OpusTags(vendor="hostile", comments=("TITLE=\x00 A\x1b[2J", "ARTIST=\u202eB\x9b"))
    writer = PageWriter(1)
    audio = writer.headers(head, tags) + writer.audio([silence_packet(head, 100)] * 5)
    with PacedSource(started.keyed_url, audio + b"OggS"):
        server.wait_for_state(started.stream_id, "live")
        assert server.state(started.stream_id)["now_playing"] == {"title": "A[2J", "artist": "B"}
        check_views(server, started.stream_id)


def test_of_one_who_starts_a_stream(server: AudiocastServer) -> None:
    start = f"{server.base}/api/start"
    assert requests.post(start, data=rb'{"title": "\ud800"}', timeout=10).status_code == 400
    started = server.start_stream(title="\x1b[2J A\nB\u202e")
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        assert server.state(started.stream_id)["title"] == "[2J A B"
        check_views(server, started.stream_id)
