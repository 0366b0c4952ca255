"""Sources as Icecast's clients send them, over TLS: libshout, ffmpeg with `SOURCE`, and openssl's client."""

import base64
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.network.certificates import Pair
from tests.support.processes.server import AudiocastServer, Started

SECONDS = 4
# openssl's client sends what it reads at once, and a source may be so far ahead.
AUDIO = numbered_audio(seconds=SECONDS)


@contextmanager
def program(command: list[str], server: AudiocastServer, pair: Pair) -> Iterator[subprocess.Popen[bytes]]:
    """Run a source that trusts the certificate."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": "/usr/bin:/bin", "SSL_CERT_FILE": str(pair.certificate)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def check_heard(server: AudiocastServer, started: Started) -> None:
    """Hold what a listener gets against what was sent: all of it, from the first packet on."""
    server.wait_for_state(started.stream_id, "live")
    with Listener(server.port, f"/stream/{started.stream_id}?preroll=20") as listener:
        capture = listener.wait_for_audio(SECONDS - 1)
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("mode", ["auto_no_plain", "rfc2818"])
def test_libshout_sends(server: AudiocastServer, pair: Pair, mode: str) -> None:
    """It asks what the server can first (OPTIONS), and then sends PUT."""
    started = server.start_stream()
    command = f"shout --format ogg --host localhost --port {server.tls_port} --tls-mode {mode}"
    command += f" --user source --pass {started.ingest_key} --mount /ingest/{started.stream_id}"
    with program(command.split(), server, pair) as process:
        assert process.stdin is not None
        # It sends in real time.
        process.stdin.write(AUDIO)
        process.stdin.flush()
        check_heard(server, started)


def test_ffmpeg_sends_as_to_an_old_icecast(server: AudiocastServer, pair: Pair) -> None:
    started = server.start_stream()
    url = f"icecast://source:{started.ingest_key}@localhost:{server.tls_port}/ingest/{started.stream_id}"
    command = (
        "ffmpeg -hide_banner -loglevel error -re -f ogg -i - -c copy -f ogg -content_type application/ogg"
    )
    with program([*command.split(), *"-tls 1 -legacy_icecast 1".split(), url], server, pair) as process:
        assert process.stdin is not None
        process.stdin.write(AUDIO)
        process.stdin.flush()
        check_heard(server, started)


@pytest.mark.parametrize("method", ["SOURCE", "PUT"])
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_openssls_client_sends_a_body_until_close(
    server: AudiocastServer, pair: Pair, method: str, version: str
) -> None:
    started = server.start_stream()
    credentials = base64.b64encode(f"source:{started.ingest_key}".encode()).decode()
    head = f"{method} /ingest/{started.stream_id} {version}\r\nHost: localhost\r\n"
    head += f"Authorization: Basic {credentials}\r\nContent-Type: application/ogg\r\n\r\n"
    command = ["openssl", "s_client", "-quiet", "-verify_return_error", "-connect"]
    command += [f"localhost:{server.tls_port}", "-CAfile", str(pair.certificate)]
    with program(command, server, pair) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(head.encode())
        process.stdin.flush()
        # It waits for the answer, as clients that send SOURCE do.
        timer = threading.Timer(20, process.kill)
        timer.start()
        for line in process.stdout:
            if line.startswith(b"HTTP/"):
                break
        timer.cancel()
        assert line.split()[1] == b"200", line
        process.stdin.write(AUDIO)
        process.stdin.flush()
        check_heard(server, started)
