"""`python -m tk_streamer.demo` against a real server."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.sound import decode, power_share
from tests.listener import Listener
from tests.server import AudiocastServer

SECONDS = 60.0


@contextmanager
def broadcasting(server: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tk_streamer.demo", "--server", server, *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stream_id_of(process: subprocess.Popen[str]) -> str:
    """Read the first line, the link, as scripts do."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n").rpartition("/listen/")[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log") as server:
        yield server


def test_a_tone_arrives_and_the_link_is_all_of_standard_output(
    server: AudiocastServer, tmp_path: Path
) -> None:
    with broadcasting(server.base, "--tone", "1000", "--seconds", "4", "--title", "Größe") as process:
        stream_id = stream_id_of(process)
        assert server.wait_for_state(stream_id, "live")["title"] == "Größe"
        with Listener(server.port, f"/stream/{stream_id}?preroll=20") as listener:
            listener.wait_for_end()
        rest, complaints = process.communicate(timeout=SECONDS)
    heard = tmp_path / "heard.opus"
    heard.write_bytes(listener.body)
    left, _ = decode(heard)
    assert power_share(left, 1000) > 0.95
    assert len(left) / 48_000 > 2.5
    assert (process.returncode, rest) == (0, "")
    assert complaints == "Stopped; the stream is ended.\n"
    assert server.state(stream_id)["state"] == "ended"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_stream(server: AudiocastServer, number: signal.Signals) -> None:
    with broadcasting(server.base, "--tone", "440") as process:
        stream_id = stream_id_of(process)
        server.wait_for_state(stream_id, "live")
        process.send_signal(number)
        _, complaints = process.communicate(timeout=SECONDS)
    assert (process.returncode, complaints) == (0, "Stopped; the stream is ended.\n")
    assert server.state(stream_id)["state"] == "ended"


def test_a_server_that_comes_back_gets_the_stream_back_under_the_same_link(tmp_path: Path) -> None:
    secret = {"SECRET_KEYS": "a secret of enough letters"}
    with AudiocastServer(tmp_path / "server.log", **secret) as server:
        port = server.port
        with broadcasting(server.base, "--tone", "440") as process:
            stream_id = stream_id_of(process)
            server.wait_for_state(stream_id, "live")
            server.stop(signal.SIGKILL)
            with AudiocastServer(tmp_path / "second.log", PORT=port, **secret) as second:
                second.wait_for_state(stream_id, "live")
                process.send_signal(signal.SIGINT)
                _, complaints = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert "Trying again in" in complaints
    assert complaints.endswith("Stopped; the stream is ended.\n")


def test_a_key_that_is_worth_nothing_any_more_ends_it_with_the_servers_words(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        port = server.port
        with broadcasting(server.base, "--tone", "440") as process:
            server.wait_for_state(stream_id_of(process), "live")
            server.stop(signal.SIGKILL)
            # Without SECRET_KEYS each server makes up its own.
            with AudiocastServer(tmp_path / "second.log", PORT=port):
                _, complaints = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "Off the air: the server refused with 401" in complaints


def test_no_server_is_told_in_one_line() -> None:
    with broadcasting("http://127.0.0.1:9", "--tone", "440") as process:
        rest, complaints = process.communicate(timeout=SECONDS)
    assert (process.returncode, rest) == (1, "")
    assert complaints == "Could not start a stream: http://127.0.0.1:9: Connection refused\n"
