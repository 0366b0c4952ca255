"""What goes over the port with TLS: all that goes over the plain one, with links of its own."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.exchange import Answer, connect, read_answer
from tests.support.http.listener import Listener
from tests.support.http.socket_source import SocketSource, numbered_messages
from tests.support.http.source import PacedSource
from tests.support.network.certificates import Pair
from tests.support.processes.server import AudiocastServer


def test_pages_and_links_are_https(server: AudiocastServer, pair: Pair) -> None:
    page = requests.get(f"{server.tls_base}/", verify=str(pair.certificate), timeout=10)
    assert page.status_code == 200
    started = requests.post(f"{server.tls_base}/api/start", verify=str(pair.certificate), timeout=10).json()
    for name in ("ingest_url", "listen_url", "stream_url", "qr_url"):
        assert started[name].startswith(f"{server.tls_base}/"), started[name]


@pytest.mark.parametrize("query", ["", "&latency=low"])
def test_a_source_and_a_listener_over_tls_lose_nothing(
    server: AudiocastServer, pair: Pair, query: str
) -> None:
    started = server.start_stream()
    url = f"{server.tls_base}/ingest/{started.stream_id}?key={started.ingest_key}"
    with PacedSource(url, numbered_audio(seconds=6), lead_seconds=4, tls=pair.trusting()) as source:
        server.wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}?preroll=20{query}"
        with Listener(server.tls_port, path, tls=pair.trusting()) as listener:
            capture = listener.wait_for_audio(5.5)
            assert source.finish().status == 200
            requests.delete(
                f"{server.base}/api/streams/{started.stream_id}",
                headers={"Authorization": f"Bearer {started.ingest_key}"},
                timeout=10,
            ).raise_for_status()
            capture = listener.wait_for_end()
            # Not cut off: it was told that this is all.
            assert listener.end == "closed"
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers[:300] == list(range(300))


@pytest.mark.parametrize("piece_bytes", [100, 16_384])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_comes_at_once_over_tls_is_read_to_its_end(
    server: AudiocastServer, pair: Pair, is_chunked: bool, piece_bytes: int
) -> None:
    """More records than one read takes, and nothing behind them that would wake the server."""
    started = server.start_stream()
    audio = numbered_audio(seconds=15)
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(audio)}"
    target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
    head = f"PUT {target} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(audio), audio) if is_chunked else audio
    data = head.encode() + body
    with (
        connect(server.tls_port) as plain,
        pair.trusting().wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        for at in range(0, len(data), piece_bytes):
            connection.sendall(data[at : at + piece_bytes])
        answer = read_answer(connection)
    assert (answer.status, answer.body.count(b'"received_bytes": %d' % len(audio))) == (200, 1)


def test_a_browser_sends_and_pages_players_and_events_go_over_tls(
    server: AudiocastServer, pair: Pair
) -> None:
    verify = str(pair.certificate)
    started = server.start_stream()
    messages = numbered_messages(20)
    with SocketSource(
        server.tls_base, started, messages, origin=server.tls_base, certificate=pair.certificate
    ):
        server.wait_for_state(started.stream_id, "live")
        events = f"{server.tls_base}/api/streams/{started.stream_id}/events"
        with requests.get(events, verify=verify, stream=True, timeout=10) as feed:
            first = next(feed.iter_lines())
            assert first.startswith(b"event:") or first.startswith(b"data:"), first
        base = f"{server.tls_base}/stream/{started.stream_id}/hls"
        playlist = requests.get(f"{base}/index.m3u8", verify=verify, timeout=10)
        assert playlist.text.startswith("#EXTM3U")
        found = re.search(r'#EXT-X-MAP:URI="([^"]+)"', playlist.text)
        assert found, playlist.text
        init = requests.get(f"{base}/{found[1]}", verify=verify, timeout=10)
        assert init.content[4:8] == b"ftyp"
        page = requests.get(f"{server.tls_base}/listen/{started.stream_id}", verify=verify, timeout=10)
        assert f'content="{server.tls_base}/listen/{started.stream_id}"' in page.text
        assert server.base not in page.text


def test_a_response_larger_than_all_buffers_arrives_whole(server: AudiocastServer, pair: Pair) -> None:
    path = "/static/player/live/opus-decoder.min.js"
    with connect(server.tls_port, receive_buffer_bytes=4096, tls=pair.trusting()) as connection:
        # Six at once, nobody reads meanwhile.
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
        connection.sendall(f"{head}\r\n".encode() * 5 + f"{head}Connection: close\r\n\r\n".encode())
        time.sleep(0.5)
        data = b""
        while piece := connection.recv(65_536):
            data += piece
    body = requests.get(server.base + path, headers={"Accept-Encoding": "identity"}, timeout=10).content
    assert data.count(body) == 6
    assert len(data) > 400_000


def test_http_on_the_tls_port_reads_where_https_is(server: AudiocastServer) -> None:
    with connect(server.tls_port) as connection:
        connection.sendall(b"GET /listen/x HTTP/1.1\r\nHost: radio.example:8443\r\n\r\n")
        answer = read_answer(connection)
    assert (answer.status, answer.error) == (400, "plain_http")
    assert b"https://radio.example:8443/" in answer.body


def test_tls_on_the_plain_port_reads_where_tls_is(server: AudiocastServer) -> None:
    answer = _say_hello(server.port)
    assert (answer.status, answer.error) == (400, "tls")
    assert f"port {server.tls_port}".encode() in answer.body


def test_a_server_without_a_certificate_speaks_no_tls(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        assert server.tls_port == 0
        assert b"http:// links only" in _say_hello(server.port).body


def _say_hello(port: int) -> Answer:
    """Begin to speak TLS where HTTP is expected."""
    with connect(port) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        return read_answer(connection)


def test_workers_share_the_port_and_the_certificate(tmp_path: Path, pair: Pair) -> None:
    with AudiocastServer(tmp_path / "server.log", **pair.settings, WORKERS=2) as server:
        started = server.start_stream()
        url = f"{server.tls_base}/ingest/{started.stream_id}?key={started.ingest_key}"
        with PacedSource(url, numbered_audio(seconds=20), lead_seconds=3, tls=pair.trusting()):
            server.wait_for_state(started.stream_id, "live")
            for _ in range(6):
                path = f"/stream/{started.stream_id}?preroll=3"
                with Listener(server.tls_port, path, tls=pair.trusting()) as listener:
                    listener.wait_for_audio(0.5).check_one_stream()
        assert server.metric("audiocast_tls_handshakes_total", '{result="done"}') >= 7
        # Both have the same certificate, so it is not added up.
        expires_at = server.metric("audiocast_certificate_expires_timestamp_seconds")
        assert expires_at == pytest.approx(time.time() + 2 * 86_400, abs=600)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"TLS_KEY": ""}, "TLS_CERTIFICATE and TLS_KEY go together"),
        ({"TLS_KEY": "/none"}, "cannot read /none: No such file or directory"),
        ({"TLS_CERTIFICATE": "/dev/null"}, "expected a certificate in PEM, /dev/null has none"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "check"])
def test_bad_files_are_an_error_of_the_settings(
    pair: Pair, settings: dict[str, str], said: str, command: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "audiocast", command],
        env=pair.settings | settings,
        capture_output=True,
        timeout=20,
    )
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert said in line
