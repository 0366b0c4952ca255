"""The corners of HTTP that players, proxies and link checkers reach: asked with curl, and byte by byte.

RFC 9110 (methods and fields) and RFC 9112 (HTTP/1.1 on the wire) say what must be; where they leave it open,
the answer is the stream.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

import pytest

from tests.support.audio.capture import Capture
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import Answer, connect, exchange
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

CURL_SECONDS = 2
# curl's exit code when its own --max-time ends the transfer; anything else is a complaint.
CURL_TIMED_OUT = 28

# Options of curl, between bars, none of which changes the answer.
ENDLESS = (
    "--http1.0",
    "--http1.1",
    "--http1.0|--header|Host:",
    "--header|Connection: close",
    "--header|Icy-MetaData: 1",
    "--range|0-",
    "--range|0-1",
    "--range|100000-",
    '--header|If-None-Match: *|--header|If-Match: "x"',
    "--header|If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT",
    '--header|If-Range: "x"|--range|0-',
    "--header|TE: trailers|--header|Accept-Encoding: gzip, br",
    "--header|Accept: text/html",
    "--header|Upgrade: h2c|--header|Connection: Upgrade",
)

METHODS = "GET, HEAD, OPTIONS"


@dataclass(frozen=True)
class OnAir:
    """A stream that is on."""

    server: AudiocastServer
    started: Started

    @property
    def path(self) -> str:
        """Of the stream."""
        return f"/stream/{self.started.stream_id}"

    def ask(self, request_line: str, fields: str = "Host: localhost\r\n") -> Answer:
        """Send a request that is answered with a length or an end."""
        return exchange(self.server.port, f"{request_line}\r\n{fields}\r\n".encode())

    def curl(self, *options: str, path: str = "") -> tuple[int, bytes]:
        """Run curl on the stream; give its exit code and what it has printed."""
        command = ["curl", "--silent", "--show-error", "--max-time", str(CURL_SECONDS), *options]
        url = self.server.base + (path or self.path)
        done = subprocess.run([*command, url], capture_output=True, timeout=30)
        said = done.stderr.decode()
        assert done.returncode in (0, CURL_TIMED_OUT), said
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def on_air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    log: Path = tmp_path_factory.mktemp("edges") / "server.log"
    with AudiocastServer(log) as server:
        started = server.start_stream(title="Edges", visibility="public")
        with PacedSource(started.keyed_url, numbered_audio(seconds=300), lead_seconds=5):
            server.wait_for_state(started.stream_id, "live")
            yield OnAir(server, started)


@pytest.fixture(scope="module")
def endless(on_air: OnAir) -> dict[str, tuple[int, bytes]]:
    """What curl has got with each of ENDLESS; all of them at the same time."""
    with ThreadPoolExecutor(len(ENDLESS)) as pool:
        return dict(
            zip(
                ENDLESS,
                pool.map(lambda each: on_air.curl("--include", *each.split("|")), ENDLESS),
                strict=True,
            )
        )


@pytest.mark.parametrize("options", ENDLESS)
def test_curl_gets_the_stream_and_nothing_else(endless: dict[str, tuple[int, bytes]], options: str) -> None:
    exit_code, output = endless[options]
    answer = Answer.parse(output)
    # It goes on until curl has had enough: the answer is not the range that was asked for.
    assert (exit_code, answer.status) == (CURL_TIMED_OUT, 200)
    assert answer.headers["content-type"] == "audio/ogg"
    assert answer.headers["accept-ranges"] == "none"
    assert answer.headers["connection"] == "close"
    framing = {"content-length", "content-range", "transfer-encoding", "content-encoding", "upgrade"}
    conditional = {"etag", "last-modified"}
    # Of Icy-MetaData the answer would be icy-metaint, and blocks of text inside the audio.
    assert not (framing | conditional | {"icy-metaint"}) & set(answer.headers)
    capture = Capture.parse(answer.body)
    capture.check_one_stream()
    assert capture.seconds > CURL_SECONDS


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("ending", ["", ".opus", ".ogg"])
def test_head_is_get_without_the_body(
    on_air: OnAir, version: Literal["HTTP/1.0", "HTTP/1.1"], ending: str
) -> None:
    path = on_air.path + ending
    head = on_air.ask(f"HEAD {path} {version}")
    with Listener(on_air.server.port, path, version=version) as listener:
        listener.wait_for_audio(0.1)
        got = listener.answer
    assert head.body == b""
    assert head.status == got.status == 200
    dates = [answer.headers.pop("date") for answer in (head, got)]
    assert head.headers == got.headers
    # RFC 9110 section 6.6.1: a server that has a clock says what it shows.
    now = time.time()
    assert all(abs(parsedate_to_datetime(date).timestamp() - now) < 30 for date in dates)


def test_curl_head_ends_by_itself(on_air: OnAir) -> None:
    exit_code, output = on_air.curl("--head")
    assert (exit_code, Answer.parse(output).status) == (0, 200)


def test_options_say_what_a_stream_can_do(on_air: OnAir) -> None:
    asked = "Origin: https://other.example\r\nAccess-Control-Request-Method: GET\r\n"
    asked += "Access-Control-Request-Headers: icy-metadata, range\r\n"
    answer = on_air.ask(f"OPTIONS {on_air.path} HTTP/1.1", f"Host: x\r\nConnection: close\r\n{asked}")
    assert answer.status == 204
    assert answer.headers["allow"] == METHODS
    assert answer.headers["access-control-allow-methods"] == METHODS
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"icy-metadata", "range"} <= set(allowed)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "SOURCE"])
def test_a_405_says_what_is_allowed(on_air: OnAir, method: str) -> None:
    answer = on_air.ask(f"{method} {on_air.path} HTTP/1.1", "Host: x\r\nContent-Length: 0\r\n")
    assert (answer.status, answer.error) == (405, "method_not_allowed")
    assert answer.headers["allow"] == METHODS


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n"])
def test_http_1_1_wants_one_host(on_air: OnAir, hosts: str) -> None:
    # RFC 9112 section 3.2.
    assert on_air.ask(f"GET {on_air.path} HTTP/1.1", f"{hosts}").status == 400


@pytest.mark.parametrize("target", ["http://localhost", "HTTP://radio.example.org:8000", "https://localhost"])
def test_a_whole_url_as_the_target_means_its_path(on_air: OnAir, target: str) -> None:
    # RFC 9112 section 3.2.2: a server must accept it, proxy or not.
    with Listener(on_air.server.port, f"{target}{on_air.path}?preroll=0") as listener:
        listener.wait_for_audio(0.1).check_one_stream()
    answer = on_air.ask(f"GET {target}/api/streams HTTP/1.1")
    assert [stream["title"] for stream in json.loads(answer.body)["streams"]] == ["Edges"]
    home = on_air.ask(f"GET {target} HTTP/1.1")
    assert (home.status, home.headers["content-type"]) == (200, "text/html; charset=UTF-8")


def test_a_url_inside_a_query_stays_there(on_air: OnAir) -> None:
    answer = on_air.ask("GET /nothing?at=http://localhost/api/streams HTTP/1.1")
    assert (answer.status, answer.error) == (404, "not_found")


def test_what_is_sent_behind_the_request_does_not_disturb_the_stream(on_air: OnAir) -> None:
    # A pipelined request is not answered: the first response ends with the connection.
    behind = "\r\nGET /api/streams HTTP/1.1\r\nHost: localhost\r\n"
    with Listener(on_air.server.port, f"{on_air.path}?preroll=0", headers=behind) as listener:
        capture = listener.wait_for_audio(2)
        assert listener.end is None
    capture.check_one_stream()


def test_a_stream_may_follow_another_request_on_the_same_connection(on_air: OnAir) -> None:
    first = "GET /api/streams HTTP/1.1\r\nHost: localhost\r\n\r\n"
    second = f"GET {on_air.path}?preroll=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(on_air.server.port) as connection:
        connection.sendall((first + second).encode())
        data = b""
        while len(data) < 10_000:
            data += connection.recv(65_536)
    answer = Answer.parse(data)
    length = int(answer.headers["content-length"])
    assert json.loads(answer.body[:length])["streams"]
    stream = Answer.parse(answer.body[length:])
    assert stream.headers["content-type"] == "audio/ogg"
    Capture.parse(stream.body).check_one_stream()


def test_curl_takes_the_playlists(on_air: OnAir) -> None:
    for ending, kind in (("m3u", "audio/x-mpegurl"), ("pls", "audio/x-scpls")):
        for method in ([], ["--head"]):
            exit_code, output = on_air.curl("--include", *method, path=f"{on_air.path}.{ending}")
            answer = Answer.parse(output)
            assert (exit_code, answer.status, answer.headers["content-type"]) == (0, 200, kind)
            assert bool(answer.body) is not bool(method)
            if answer.body:
                assert on_air.started.stream_url.encode() in answer.body
