"""What Icecast's source clients say byte by byte, and what they are answered: sources and their metadata."""

import base64
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.support.audio.media import mp3_file
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.exchange import Answer, connect, exchange, read_answer
from tests.support.http.listener import Listener
from tests.support.http.source import framed
from tests.support.processes.server import AudiocastServer, Started

AUDIO = numbered_audio(seconds=3)
AUDIO_PACKETS = 150
# Of a chunked body (RFC 9112 section 7.1).
ENDS = b"0\r\n\r\n"

SOURCE_METHODS = {"POST", "PUT", "SOURCE", "OPTIONS"}
# Longer than any test here: what a source has sent is still there to be looked at when it is gone.
GRACE_SECONDS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("icecast") / "server.log"
    with AudiocastServer(log, SOURCE_GRACE_SECONDS=GRACE_SECONDS, INGEST_FORMATS="none") as server:
        yield server


@pytest.fixture
def stream(server: AudiocastServer) -> Started:
    return server.start_stream()


def source_head(
    method: str, stream: Started, *headers: str, version: str = "HTTP/1.1", key: str | None = None
) -> bytes:
    """Return the head of a source client's request, without credentials if the key is empty."""
    lines = [f"{method} /ingest/{stream.stream_id} {version}", "Host: localhost", *headers]
    password = stream.ingest_key if key is None else key
    if password:
        lines.append(f"Authorization: Basic {base64.b64encode(f'source:{password}'.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()


def read_head(connection: socket.socket) -> str:
    """Read the head of a response, an interim one too, and no byte more."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"expected the head of a response, got {data!r}"
        data += byte
    return data.decode("latin-1")


def check_heard(server: AudiocastServer, stream: Started) -> None:
    """Hold what a listener gets against `AUDIO`."""
    with Listener(server.port, f"/stream/{stream.stream_id}?preroll=20") as listener:
        capture = listener.wait_for_audio(AUDIO_PACKETS * 0.02)
        capture.check_one_stream()
        assert [number_of(packet) for packet in capture.packets[:AUDIO_PACKETS]] == list(range(AUDIO_PACKETS))


class TestRefusal:
    @pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0", "ICE/1.0"])
    @pytest.mark.parametrize("method", ["SOURCE", "PUT", "POST"])
    @pytest.mark.parametrize(("key", "code"), [("wrong", "bad_key"), ("", "key_missing")])
    def test_says_what_is_allowed_and_how_to_prove_it(
        self, server: AudiocastServer, stream: Started, method: str, version: str, key: str, code: str
    ) -> None:
        answer = exchange(server.port, source_head(method, stream, version=version, key=key))
        assert (answer.status, answer.error) == (401, code)
        assert set(answer.headers["allow"].split(", ")) == SOURCE_METHODS
        assert answer.headers["www-authenticate"].startswith("Basic realm=")

    def test_of_a_probe_leaves_the_connection_open_for_the_real_request(
        self, server: AudiocastServer, stream: Started
    ) -> None:
        # What libshout does: nothing to send, no credentials, and the same connection again.
        probe = source_head("PUT", stream, "Content-Length: 0", "Connection: Keep-Alive", key="")
        with closing(connect(server.port)) as connection:
            for _ in range(2):
                connection.sendall(probe)
                answer = read_answer(connection)
                assert (answer.status, answer.headers.get("connection")) == (401, None)
                assert set(answer.headers["allow"].split(", ")) == SOURCE_METHODS
            connection.sendall(source_head("PUT", stream, "Expect: 100-continue"))
            assert read_head(connection).startswith("HTTP/1.1 100 ")
            connection.sendall(AUDIO)
            check_heard(server, stream)

    @pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
    @pytest.mark.parametrize("method", ["SOURCE", "PUT"])
    def test_can_be_read_by_one_who_sends_meanwhile(
        self, server: AudiocastServer, stream: Started, method: str, version: str
    ) -> None:
        # To close at once would be a reset, and the answer lost to most.
        with closing(connect(server.port)) as connection:
            connection.sendall(source_head(method, stream, version=version, key="wrong"))
            for _ in range(20):
                connection.sendall(AUDIO[:4096])
                time.sleep(0.02)
            answer = read_answer(connection)
        assert (answer.status, answer.error) == (401, "bad_key")

    def test_comes_instead_of_100_continue(self, server: AudiocastServer, stream: Started) -> None:
        head = source_head("PUT", stream, "Expect: 100-continue", key="wrong")
        with closing(connect(server.port)) as connection:
            connection.sendall(head)
            assert read_head(connection).startswith("HTTP/1.1 401 ")


class TestWelcome:
    @pytest.mark.parametrize(
        ("version", "status_line"),
        [
            # DarkIce takes a 200 of HTTP/1.0 and no other.
            ("HTTP/1.0", "HTTP/1.0 200 OK"),
            ("ICE/1.0", "HTTP/1.0 200 OK"),
            ("HTTP/1.1", "HTTP/1.1 200 OK"),
        ],
    )
    def test_a_source_is_told_to_begin_at_once(
        self, server: AudiocastServer, stream: Started, version: str, status_line: str
    ) -> None:
        with closing(connect(server.port)) as connection:
            connection.sendall(source_head("SOURCE", stream, version=version))
            assert read_head(connection).splitlines()[0] == status_line
            connection.sendall(AUDIO)
            check_heard(server, stream)

    @pytest.mark.parametrize(
        ("method", "headers", "data"),
        [
            ("POST", ("Transfer-Encoding: chunked",), framed(AUDIO)),
            ("PUT", ("Transfer-Encoding: chunked",), framed(AUDIO)),
            ("PUT", (), AUDIO),
            ("POST", (), AUDIO),
        ],
    )
    def test_who_waits_is_told_to_begin(
        self, server: AudiocastServer, stream: Started, method: str, headers: tuple[str, ...], data: bytes
    ) -> None:
        with closing(connect(server.port)) as connection:
            connection.sendall(source_head(method, stream, *headers))
            assert read_head(connection).startswith("HTTP/1.1 200 OK\r\n")
            connection.sendall(data)
            check_heard(server, stream)

    def test_who_sends_at_once_gets_the_answer_at_the_end(
        self, server: AudiocastServer, stream: Started
    ) -> None:
        with closing(connect(server.port)) as connection:
            connection.sendall(source_head("POST", stream, "Transfer-Encoding: chunked") + framed(AUDIO))
            connection.settimeout(1.5)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.sendall(ENDS)
            answer = read_answer(connection)
        said = {"stream_id": stream.stream_id, "received_bytes": len(AUDIO)}
        assert (answer.status, json.loads(answer.body)) == (200, said)

    def test_who_expects_100_gets_that_and_no_200(self, server: AudiocastServer, stream: Started) -> None:
        with closing(connect(server.port)) as connection:
            connection.sendall(source_head("PUT", stream, "Expect: 100-continue"))
            assert read_head(connection).startswith("HTTP/1.1 100 ")
            connection.settimeout(1.5)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.sendall(AUDIO)
            check_heard(server, stream)

    def test_what_is_no_opus_is_refused_with_its_status_if_it_comes_at_once(
        self, server: AudiocastServer, stream: Started, media: Path
    ) -> None:
        head = source_head("PUT", stream)
        answer = exchange(server.port, head + mp3_file(media).read_bytes())
        assert (answer.status, answer.error) == (415, "not_ogg_opus")

    def test_after_the_welcome_the_error_is_the_body(
        self, server: AudiocastServer, stream: Started, media: Path
    ) -> None:
        with closing(connect(server.port)) as connection:
            connection.sendall(source_head("SOURCE", stream, version="HTTP/1.0"))
            assert read_head(connection).startswith("HTTP/1.0 200 OK\r\n")
            connection.sendall(mp3_file(media).read_bytes())
            body = b"".join(iter(lambda: connection.recv(4096), b""))
        assert json.loads(body)["error"] == "not_ogg_opus"
        assert "MP3" in json.loads(body)["message"]


class TestMethods:
    def test_the_server_as_a_whole_offers_no_upgrade(self, server: AudiocastServer) -> None:
        # libshout asks for TLS inside HTTP (RFC 2817) with it, on the connection that it goes on with.
        request = b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"
        with closing(connect(server.port)) as connection:
            for _ in range(2):
                connection.sendall(request)
                answer = Answer.parse(read_head(connection).encode())
                assert answer.status == 204
                assert "upgrade" not in answer.headers
                assert {*SOURCE_METHODS, "GET", "HEAD", "DELETE"} == set(answer.headers["allow"].split(", "))

    @pytest.mark.parametrize(
        ("path", "allowed"),
        [
            ("/", "GET, HEAD, OPTIONS"),
            ("/api/start", "POST, OPTIONS"),
            ("/api/streams", "GET, HEAD, OPTIONS"),
            ("/api/streams/abc", "GET, HEAD, PATCH, DELETE, OPTIONS"),
            ("/api/streams/abc/events", "GET, HEAD, OPTIONS"),
            ("/api/streams/abc/metadata", "PUT, OPTIONS"),
            ("/admin/metadata", "GET, HEAD, POST, OPTIONS"),
            ("/status-json.xsl", "GET, HEAD, OPTIONS"),
            ("/stream/abc", "GET, HEAD, OPTIONS"),
            ("/stream/abc.m3u", "GET, HEAD, OPTIONS"),
            ("/listen/abc", "GET, HEAD, OPTIONS"),
            ("/listen/abc/qr.svg", "GET, HEAD, OPTIONS"),
            ("/ingest/abc", "POST, PUT, OPTIONS, SOURCE"),
        ],
    )
    def test_each_path_says_which_it_has(self, server: AudiocastServer, path: str, allowed: str) -> None:
        other = "PUT" if "PATCH" in allowed else "PATCH"
        for method, status in ((other, 405), ("OPTIONS", 204)):
            request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = exchange(server.port, request.encode())
            assert answer.status == status
            assert set(answer.headers["allow"].split(", ")) == set(allowed.split(", "))


class TestMetadata:
    @pytest.mark.parametrize(
        ("query", "title", "artist"),
        [
            ("song=caf%E9&charset=ISO-8859-1", "café", ""),
            ("song=caf%C3%A9&charset=UTF-8", "café", ""),
            ("song=%CF%E5%F1%ED%FF&charset=windows-1251", "Песня", ""),
            ("song=caf%C3%A9&charset=ISO-8859-1", "cafÃ©", ""),
            ("song=caf%E9&charset=UTF-8", "café", ""),
            ("song=Don%92t+Stop%85", "Don’t Stop…", ""),
            ("song=Don%92t+Stop%85&charset=latin1", "Don’t Stop…", ""),
            ("song=%82%A0%82&charset=Shift_JIS", "あ\ufffd", ""),
            ("song=%F0%C5%D3%CE%D1&charset=+KOI8-R+", "Песня", ""),
            ("song=%42%04%3D%04&charset=utf-16", "тн", ""),
            ("song=%3D%D8%3D%D8&charset=utf-16le", "\ufffd\ufffd", ""),
            ("artist=Bj%F6rk&title=Human+Behaviour&charset=ISO-8859-1", "Human Behaviour", "Björk"),
            ("artist=Band&title=Title&song=Band+-+Title", "Title", "Band"),
            ("song=two%0Alines%00%C2%9B%E2%80%AE", "two lines", ""),
            ("song=" + "x" * 300, "x" * 200, ""),
            ("song=", "", ""),
        ],
    )
    def test_is_read_in_the_character_set_that_it_says(
        self, server: AudiocastServer, stream: Started, query: str, title: str, artist: str
    ) -> None:
        url = f"{server.base}/admin/metadata?mode=updinfo&mount=/ingest/{stream.stream_id}&{query}"
        answer = requests.get(url, auth=("source", stream.ingest_key), timeout=10)
        assert (answer.status_code, "<return>1</return>" in answer.text) == (200, True)
        assert server.state(stream.stream_id)["now_playing"] == {"title": title, "artist": artist}

    @pytest.mark.parametrize(
        "query",
        [
            "song=%5Cud800&charset=unicode_escape",
            "song=%5Cud800&charset=raw_unicode_escape",
            "song=%2B2AA-&charset=utf-7",
            "song=a-9999&charset=punycode",
            "song=x&charset=idna",
            "song=caf%E9&charset=base64",
            "song=caf%E9&charset=klingon",
            "song=x&charset=utf_8_sig%00",
        ],
    )
    def test_refuses_what_is_no_character_set_of_the_web(
        self, server: AudiocastServer, stream: Started, query: str
    ) -> None:
        url = f"{server.base}/admin/metadata?mode=updinfo&mount=/ingest/{stream.stream_id}&{query}"
        answer = requests.get(url, auth=("source", stream.ingest_key), timeout=10)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_charset")
        assert answer.json()["message"].startswith("expected a character set that browsers know, like utf-8")
        assert server.state(stream.stream_id)["now_playing"] is None

    def test_wants_the_key_of_its_own_mount(self, server: AudiocastServer, stream: Started) -> None:
        other = server.start_stream()
        url = f"{server.base}/admin/metadata?mode=updinfo&mount=/ingest/{stream.stream_id}&song=x"
        answer = requests.get(url, auth=("source", other.ingest_key), timeout=10)
        assert (answer.status_code, answer.json()["error"]) == (401, "bad_key")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert server.state(stream.stream_id)["now_playing"] is None
