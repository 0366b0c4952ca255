"""Sources in other formats on a real server: heard as Opus, refused with a reason, harmless when hostile."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiocast.ogg.opus import SAMPLE_RATE
from tests.programs.heard import check_steady, check_tone, decoded
from tests.support.audio.foreign_sound import FORMATS, SECONDS, TONE_HZ, converted, id3_tag, tone, wave
from tests.support.http.exchange import Answer, connect, read_answer
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer, Started

# MP3 and AAC at their beginning and their end, and the last packet.
SOFT_SECONDS = 0.2
MP3_KBPS = 128


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    log = tmp_path_factory.mktemp("converted") / "server.log"
    with AudiocastServer(
        log, HEADER_WAIT_TIMEOUT=30, MAX_CONVERTED_SOURCES_PER_CLIENT=3, TRUSTED_PROXIES="10.0.0.0/8"
    ) as server:
        yield server


class RawSource:
    """Sends as Icecast's clients do: a head, then bytes until it closes."""

    def __init__(self, port: int, started: Started, *, method: str = "PUT", content_type: str = "") -> None:
        self._connection = connect(port)
        head = (
            f"{method} /ingest/{started.stream_id}?key={started.ingest_key} HTTP/1.0\r\nHost: localhost\r\n"
        )
        head += f"Content-Type: {content_type}\r\n" if content_type else ""
        self._connection.sendall(f"{head}\r\n".encode())

    def __enter__(self) -> "RawSource":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def send_paced(self, data: bytes, kbps: int, seconds: float) -> None:
        """Send in real time."""
        step = 0.1
        began_at = time.monotonic()
        size = round(kbps * 125 * step)
        for number in range(round(seconds / step)):
            self.send(data[number * size : (number + 1) * size])
            time.sleep(max(0.0, began_at + (number + 1) * step - time.monotonic()))

    def end(self) -> None:
        self._connection.shutdown(socket.SHUT_WR)

    def answer(self) -> Answer:
        return read_answer(self._connection)


def post(server: AudiocastServer, started: Started, data: bytes, *, content_type: str = "") -> Answer:
    """Send a chunked body in pieces; return the answer."""
    head = f"POST /ingest/{started.stream_id}?key={started.ingest_key} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Type: {content_type}\r\n" if content_type else ""
    with connect(server.port) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(data), 10_000):
                piece = data[at : at + 10_000]
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            connection.sendall(b"0\r\n\r\n")
        return read_answer(connection, 30)


def workers_of(server: AudiocastServer) -> list[int]:
    """Return the format workers' processes."""
    listed = subprocess.run(
        ["pgrep", "-P", str(server.pid), "-f", "formats.worker"], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in listed.stdout.split()]


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_heard_as_opus_with_its_title(server: AudiocastServer, name: str) -> None:
    started = server.start_stream()
    with Listener(server.port, f"/stream/{started.stream_id}?preroll=10") as listener:
        answer = post(server, started, tone(name))
        assert answer.status == 200, answer
        listener.wait_for_audio(SECONDS - SOFT_SECONDS)
        capture = listener.capture()
        capture.check_one_stream()
        # Silence follows, since the source is gone.
        sound = decoded(listener.body)[: round((SECONDS - SOFT_SECONDS) * SAMPLE_RATE)]
        check_steady(sound[SAMPLE_RATE // 2 :], TONE_HZ)
    state = server.state(started.stream_id)
    if name in ("vorbis", "ogg-flac", "flac"):
        assert state["now_playing"] == {"title": "Song", "artist": "Band"}
    assert (state["page_ms"], state["channels"]) == (None, 2) or state["page_ms"] == 20


@pytest.mark.parametrize("method", ["PUT", "SOURCE"])
def test_source_clients_of_icecast_are_heard(server: AudiocastServer, method: str) -> None:
    started = server.start_stream()
    with (
        Listener(server.port, f"/stream/{started.stream_id}?preroll=10") as listener,
        RawSource(server.port, started, method=method, content_type="audio/mpeg") as source,
    ):
        asked_at = time.monotonic()
        # As a relay of another server's stream begins: in the middle of a frame.
        source.send(tone("mp3")[5_000:])
        listener.wait_for_audio(2.0)
        assert time.monotonic() - asked_at < 10
        check_tone(listener.body, TONE_HZ, seconds=2.0, spoiled_windows=1)


def test_tracks_with_covers_are_one_stream_with_their_titles(server: AudiocastServer) -> None:
    started = server.start_stream()
    first = tone("flac")
    second = converted("flac", wave(rate=48_000, channels=1, seconds=1.0)).replace(
        b"TITLE=Song", b"TITLE=Next"
    )
    with Listener(server.port, f"/stream/{started.stream_id}?preroll=10") as listener:
        assert post(server, started, first + id3_tag(2_000_000) + second).status == 200
        listener.wait_for_audio(SECONDS + 0.8).check_one_stream()
    assert server.state(started.stream_id)["now_playing"]["title"] == "Next"


def test_a_worker_that_dies_costs_a_gap_and_not_the_stream(server: AudiocastServer) -> None:
    started = server.start_stream()
    sound = tone("mp3", seconds=20.0)
    with (
        Listener(server.port, f"/stream/{started.stream_id}?preroll=10") as listener,
        RawSource(server.port, started) as source,
    ):
        source.send_paced(sound, MP3_KBPS, 1.5)
        listener.wait_for_audio(1.0)
        killed = workers_of(server)
        assert killed
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        source.send_paced(sound[round(MP3_KBPS * 125 * 1.5) :], MP3_KBPS, 3.0)
        listener.wait_for_audio(3.5)
        listener.capture().check_one_stream()
        assert listener.end is None
        check_tone(listener.body, TONE_HZ, seconds=3.5, spoiled_windows=20)
        assert set(workers_of(server)).isdisjoint(killed)
        assert server.state(started.stream_id)["state"] == "live"


def test_a_client_has_a_bound_of_its_own(server: AudiocastServer) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            started = server.start_stream()
            stack.enter_context(RawSource(server.port, started)).send(tone("mp3"))
            server.wait_for_state(started.stream_id, "live")
        started = server.start_stream()
        answer = post(server, started, tone("mp3"))
        assert (answer.status, answer.error) == (429, "client_limit")
        assert "other formats than Ogg Opus" in answer.body.decode()
    deadline = time.monotonic() + 10
    while post(server, started, tone("wav")).status != 200:
        assert time.monotonic() < deadline, "expected room again"


def test_all_together_have_a_bound(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "log", MAX_CONVERTED_SOURCES=1, INGEST_FORMATS="mp3,wav") as server:
        first = server.start_stream()
        with RawSource(server.port, first) as source:
            source.send(tone("mp3"))
            server.wait_for_state(first.stream_id, "live")
            answer = post(server, server.start_stream(), tone("wav"))
            assert (answer.status, answer.error) == (503, "server_full")
            answer = post(server, server.start_stream(), tone("aac"))
            assert (answer.status, answer.error) == (415, "not_ogg_opus")
            assert "AAC (ADTS), which INGEST_FORMATS of this server leaves out" in answer.body.decode()


@pytest.mark.parametrize("name", ["mp3", "wav"])
def test_more_than_real_time_is_refused(server: AudiocastServer, name: str) -> None:
    answer = post(server, server.start_stream(), tone(name) * 20)
    assert (answer.status, answer.error) == (429, "too_fast")


def test_hours_of_silence_in_a_few_bytes_are_refused(server: AudiocastServer) -> None:
    silence = subprocess.run(
        "ffmpeg -v error -f lavfi -i anullsrc=r=8000:cl=mono -t 600 -c:a flac -f flac pipe:1".split(),
        capture_output=True,
        check=True,
    ).stdout
    assert len(silence) < 200_000
    began_at = time.monotonic()
    answer = post(server, server.start_stream(), silence)
    assert answer.status in (400, 429)
    assert time.monotonic() - began_at < 20


@pytest.mark.parametrize("name", FORMATS)
def test_a_beginning_with_nothing_behind_it_is_refused(server: AudiocastServer, name: str) -> None:
    answer = post(server, server.start_stream(), tone(name)[:60] + bytes(400_000))
    assert answer.status in (400, 415), answer
    assert answer.error in ("not_ogg_opus", "no_audio", "too_damaged")
