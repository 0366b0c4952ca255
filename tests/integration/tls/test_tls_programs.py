"""TLS as other programs speak it: openssl's versions, tickets and changes of keys, curl, and ffmpeg."""

import re
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from audiocast.web.http.tls.channel import SPARE_EMPTY_RECORDS
from tests.support.audio.capture import Capture
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.certificates import Pair
from tests.support.processes.server import AudiocastServer

WAIT_SECONDS = 10.0
GET = "GET /api/streams HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

# s_client reads its input piece by piece; a piece that begins with this changes the keys.
CHANGE_KEYS = b"k\n"


def s_client(server: AudiocastServer, *options: str, request: str = GET) -> str:
    """Send a request by openssl's client; give all that it says."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-ign_eof", *options]
    done = subprocess.run(command, input=request.encode(), capture_output=True, timeout=WAIT_SECONDS)
    return (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.parametrize(("option", "version"), [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_a_session_is_resumed(server: AudiocastServer, tmp_path: Path, option: str, version: str) -> None:
    ticket = str(tmp_path / "session")
    first = s_client(server, option, "-sess_out", ticket)
    assert re.search(rf"^New, {version}", first, re.MULTILINE), first
    assert "HTTP/1.1 200 OK" in first
    again = s_client(server, option, "-sess_in", ticket)
    assert re.search(rf"^Reused, {version}", again, re.MULTILINE), again
    assert "HTTP/1.1 200 OK" in again


def test_older_versions_are_refused(server: AudiocastServer) -> None:
    # Openssl itself speaks 1.1 only at its lowest level.
    said = s_client(server, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "alert protocol version" in said
    assert "HTTP/1.1" not in said.partition("---")[2]


def test_http_1_1_is_agreed_on(server: AudiocastServer) -> None:
    assert "ALPN protocol: http/1.1" in s_client(server, "-alpn", "h2,http/1.1")


def test_curl_asks_and_listens(server: AudiocastServer, pair: Pair) -> None:
    started = server.start_stream()
    with PacedSource(started.keyed_url, numbered_audio(seconds=8), lead_seconds=6):
        server.wait_for_state(started.stream_id, "live")
        command = ["curl", "-sS", "--cacert", str(pair.certificate), "--max-time", "2"]
        url = f"{server.tls_base}/stream/{started.stream_id}?preroll=20"
        heard = subprocess.run([*command, url], capture_output=True, timeout=WAIT_SECONDS).stdout
    capture = Capture.parse(heard)
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert len(numbers) > 200
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize(
    "output",
    [
        "-content_type audio/ogg -method POST https://localhost:{port}{path}?key={key}",
        "-content_type application/ogg -tls 1 -legacy_icecast 0 icecast://source:{key}@localhost:{port}{path}",
    ],
    ids=["https", "icecast"],
)
def test_ffmpeg_sends(server: AudiocastServer, output: str) -> None:
    started = server.start_stream()
    to = output.format(
        port=server.tls_port, path=f"/ingest/{started.stream_id}", key=started.ingest_key
    ).split()
    tone = "-f lavfi -i sine=frequency=440:sample_rate=48000 -t 8 -c:a libopus -b:a 64k -f ogg"
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re", *tone.split(), *to]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        server.wait_for_state(started.stream_id, "live")
        with Listener(server.port, f"/stream/{started.stream_id}?preroll=20") as listener:
            listener.wait_for_audio(2).check_one_stream()
    finally:
        process.kill()
        process.communicate()


def test_a_few_changes_of_keys_are_taken(server: AudiocastServer) -> None:
    process = _open(server, "-tls1_3")
    for _ in range(SPARE_EMPTY_RECORDS):
        _say(process, CHANGE_KEYS)
    _say(process, GET.encode())
    assert b"HTTP/1.1 200 OK" in _rest(process)


def test_a_flood_of_changes_of_keys_ends_the_connection(server: AudiocastServer) -> None:
    process = _open(server, "-tls1_3")
    with suppress(BrokenPipeError):
        for _ in range(SPARE_EMPTY_RECORDS + 1):
            _say(process, CHANGE_KEYS)
        _say(process, GET.encode())
    assert b"HTTP/1.1" not in _rest(process)


def test_changes_of_keys_of_a_listener_are_no_work_and_cost_no_page(server: AudiocastServer) -> None:
    started = server.start_stream()
    with PacedSource(started.keyed_url, numbered_audio(seconds=20), lead_seconds=4):
        server.wait_for_state(started.stream_id, "live")
        process = _open(server, "-tls1_3")
        _say(
            process,
            f"GET /stream/{started.stream_id}?preroll=20 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
        )
        _wait(lambda: server.metric("audiocast_listeners") == 1, "the listener to join")
        for _ in range(10 * SPARE_EMPTY_RECORDS):
            _say(process, b"K\n")
        sent = server.metric("audiocast_sent_bytes_total")
        _wait(lambda: server.metric("audiocast_sent_bytes_total") > sent + 10_000, "pages to be sent")
        assert server.metric("audiocast_listeners") == 1
        process.kill()
        heard = _rest(process)
    # What the client itself prints is between its pages, so they are counted here, one by one.
    assert heard.count(b"OggS") > 200


def _open(server: AudiocastServer, *options: str) -> subprocess.Popen[bytes]:
    """Start openssl's client, with its input open; return when hands are shaken."""
    done = server.metric("audiocast_tls_handshakes_total", '{result="done"}')
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    _wait(lambda: server.metric("audiocast_tls_handshakes_total", '{result="done"}') > done, "a handshake")
    return process


def _say(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.flush()
    # A piece of its own for the client.
    time.sleep(0.005)


def _rest(process: subprocess.Popen[bytes]) -> bytes:
    """Wait for the end of openssl's client; give all that it has said."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.stdin = None
    try:
        return process.communicate(timeout=WAIT_SECONDS)[0]
    finally:
        process.kill()
        process.wait()


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {WAIT_SECONDS:g} s: {what}"
        time.sleep(0.02)
