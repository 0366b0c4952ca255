"""Sources over a WebSocket: what they send is heard, and whoever is sent away is told why, in time."""

import socket
import struct
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import requests
from tornado.websocket import WebSocketHandler

from audiocast.web.http.masked_websocket import MaskedWebSocketHandler
from audiocast.web.public.ingest_socket import IngestSocketHandler
from tests.integration.on_air import OnAir
from tests.support.audio.numbered_audio import number_of, numbered_audio, numbered_packet
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener
from tests.support.http.socket_source import (
    HEAD,
    SocketSource,
    ask_for_upgrade,
    numbered_messages,
    open_socket,
    socket_frame,
    socket_url,
)
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

LEAD_SECONDS = 3
# Of an Ogg stream: no piece ends where a page does.
PIECE_BYTES = 1000

# 10 s to the first ping, 10 for its answer, 5 for the answer to our goodbye.
CLOSED_SECONDS = 40.0

# RFC 6455 section 5.2: the first bit of a frame. A server's own frames have no mask.
FIN = 0x80
REASON = b"expected a frame with a mask"
CLOSED_WITH_1002 = struct.pack("!BBH", FIN | 8, 2 + len(REASON), 1002) + REASON


@pytest.fixture(scope="module")
def on_air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    log = tmp_path_factory.mktemp("socket") / "server.log"
    settings: dict[str, str | int] = {"INGEST_LEAD_SECONDS": LEAD_SECONDS, "SOURCE_GRACE_SECONDS": 5}
    with AudiocastServer(log, LOG_LEVEL="debug", INGEST_FORMATS="none", **settings) as server:
        started = server.start_stream(title="From a browser")
        with SocketSource(server.base, started, numbered_messages(300)):
            server.wait_for_state(started.stream_id, "live")
            with Listener(server.port, f"/stream/{started.stream_id}") as listener:
                listener.wait_for_audio(1)
                yield OnAir(server, started, listener)
                listener.wait_for_audio(listener.capture().seconds + 1)
                check_heard(listener)


@pytest.fixture(scope="module", autouse=True)
def mute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AudiocastServer, socket.socket]]:
    """A browser that has sent some audio and answers nothing, since the module's first test."""
    log = tmp_path_factory.mktemp("mute") / "server.log"
    with AudiocastServer(log) as server, connect(server.port) as connection:
        started = server.start_stream()
        open_socket(connection, started)
        connection.sendall(socket_frame(HEAD) + socket_frame(numbered_packet(0)))
        server.wait_for_state(started.stream_id, "live")
        yield server, connection


@pytest.fixture
def other(on_air: OnAir) -> Started:
    return on_air.server.start_stream()


def check_heard(listener: Listener) -> None:
    """Hold what a listener got against the packets that were sent."""
    capture = listener.capture()
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a packet is missing or foreign"


def test_packets_are_a_source_like_any_other(on_air: OnAir) -> None:
    state = on_air.server.state(on_air.started.stream_id)
    assert (state["state"], state["page_ms"], state["channels"]) == ("live", 20, 1)
    assert on_air.server.metric("audiocast_sources") >= 1
    assert on_air.server.metric("audiocast_ingest_pages_total") > 50
    check_heard(on_air.listener)


def test_pieces_of_an_ogg_stream_are_one_too(on_air: OnAir, other: Started) -> None:
    stream = numbered_audio(seconds=20, packets_a_page=5)
    pieces = [stream[at : at + PIECE_BYTES] for at in range(0, len(stream), PIECE_BYTES)]
    with SocketSource(on_air.server.base, other, pieces, interval_seconds=0.07) as source:
        on_air.server.wait_for_state(other.stream_id, "live")
        with Listener(on_air.server.port, f"/stream/{other.stream_id}") as listener:
            listener.wait_for_audio(1)
            check_heard(listener)
        assert source.subprotocol == "audiocast"


@pytest.mark.parametrize(
    ("header", "value", "status", "error"),
    [
        ("Sec_WebSocket_Protocol", "", 401, "key_missing"),
        ("Sec_WebSocket_Protocol", "audiocast", 401, "key_missing"),
        ("Sec_WebSocket_Protocol", "chat, {key}", 401, "key_missing"),
        ("Sec_WebSocket_Protocol", "audiocast, ac1..wrong", 401, "bad_key"),
        ("Authorization", "Bearer ac1..wrong", 401, "bad_key"),
        ("Origin", "http://evil.example", 403, "foreign_origin"),
        ("Origin", "null", 403, "foreign_origin"),
        ("Origin", "http://[", 403, "foreign_origin"),
        ("Origin", "http://[.]", 403, "foreign_origin"),
    ],
)
def test_no_upgrade_without_the_key_or_for_another_site(
    on_air: OnAir, header: str, value: str, status: int, error: str
) -> None:
    url = socket_url(on_air.server.base, on_air.started)
    key = on_air.started.ingest_key
    before = refusals(on_air.server, error)
    given = {"Sec_WebSocket_Protocol": f"audiocast, {key}"} if header == "Origin" else {}
    answer = ask_for_upgrade(url, **given, **{header: value.format(key=key)})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "Basic" not in answer.headers.get("WWW-Authenticate", "")
    assert refusals(on_air.server, error) == before + 1


def test_the_key_of_another_stream_is_none(on_air: OnAir, other: Started) -> None:
    url = socket_url(on_air.server.base, on_air.started)
    answer = ask_for_upgrade(url, Sec_WebSocket_Protocol=f"audiocast, {other.ingest_key}")
    assert (answer.status_code, answer.json()["error"]) == (401, "bad_key")


def test_a_plain_request_tells_what_an_upgrade_would(on_air: OnAir, other: Started) -> None:
    def ask(key: str) -> tuple[int, str]:
        bearer = {"Authorization": f"Bearer {key}"}
        answer = requests.get(socket_url(on_air.server.base, other), headers=bearer, timeout=10)
        return answer.status_code, answer.json()["error"]

    assert ask(other.ingest_key) == (426, "upgrade_required")
    assert ask("ac1..wrong") == (401, "bad_key")
    url = f"{on_air.server.base}/api/streams/{other.stream_id}"
    requests.delete(url, params={"key": other.ingest_key}, timeout=10).raise_for_status()
    assert ask(other.ingest_key) == (410, "stream_ended")


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        (["hello"], 4415, "not_ogg_opus: expected binary messages, got a text"),
        ([b"RIFF....WAVE" * 9], 4415, "not_ogg_opus: expected Ogg Opus, got"),
        ([HEAD + b"!"], 4400, "bad_opus_head: "),
        ([*numbered_messages(0.1), *[b"\x03\x00"] * 60], 4400, "too_damaged: "),
        (numbered_messages(LEAD_SECONDS + 2), 4429, "too_fast: expected audio in real time"),
        ([HEAD], 4400, "no_audio: expected audio within"),
        ([HEAD, bytes(65_537)], 1009, "message too big"),
    ],
)
def test_what_is_no_source_is_told_why(
    on_air: OnAir, other: Started, messages: list[bytes | str], code: int, reason: str
) -> None:
    with SocketSource(on_air.server.base, other, messages, interval_seconds=0) as source:
        closed_with, why = source.wait_until_closed()
    assert closed_with == code
    assert why.startswith(reason)
    assert len(why.encode()) <= 123
    if code > 4000:
        assert refusals(on_air.server, reason.partition(":")[0]) >= 1


@pytest.mark.parametrize("by", ["socket", "post"])
def test_the_newest_source_wins_and_the_older_one_is_told(on_air: OnAir, other: Started, by: str) -> None:
    server = on_air.server
    newer: SocketSource | PacedSource = (
        SocketSource(server.base, other, numbered_messages(60, packet_bytes=300))
        if by == "socket"
        else PacedSource(other.keyed_url, numbered_audio(seconds=60, packet_bytes=300))
    )
    with SocketSource(server.base, other, numbered_messages(60)) as older:
        server.wait_for_state(other.stream_id, "live")
        with Listener(server.port, f"/stream/{other.stream_id}") as listener:
            listener.wait_for_audio(0.5)
            with newer:
                assert older.wait_until_closed()[0] == 4409
                listener.wait(lambda: len(listener.capture().packets[-1]) == 300, "the newer source")
            listener.capture().check_one_stream()
    assert older.closed == (4409, "taken_over: a newer source with a key of this stream has taken it over")


def test_a_lost_connection_is_made_anew_and_goes_on_in_the_same_stream(on_air: OnAir, other: Started) -> None:
    server = on_air.server
    with SocketSource(server.base, other, numbered_messages(60)) as source:
        server.wait_for_state(other.stream_id, "live")
        with Listener(server.port, f"/stream/{other.stream_id}") as listener:
            listener.wait_for_audio(0.5)
            source.kill()
            server.wait_for_state(other.stream_id, "held")
            again = numbered_messages(60, packet_bytes=300)
            with SocketSource(server.base, other, again):
                listener.wait(lambda: len(listener.capture().packets[-1]) == 300, "the source that is back")
                capture = listener.wait_for_audio(listener.capture().seconds + 0.5)
    capture.check_one_stream()
    back = [number_of(packet) for packet in capture.packets if len(packet) == 300]
    assert back == list(range(len(back)))


def test_a_frame_without_a_mask_ends_the_connection(on_air: OnAir, other: Started) -> None:
    with connect(on_air.server.port) as connection:
        open_socket(connection, other)
        connection.sendall(socket_frame(HEAD) + socket_frame(numbered_packet(0)))
        on_air.server.wait_for_state(other.stream_id, "live")
        connection.sendall(bytes((FIN | 2, 100)) + bytes(100) + socket_frame(numbered_packet(1)))
        assert read_all(connection) == CLOSED_WITH_1002
    on_air.server.wait_for_state(other.stream_id, "held")


@pytest.mark.parametrize(
    ("opcode", "size"), [(0, 0), (1, 125), (2, 0), (2, 60_000), (8, 0), (9, 125), (10, 0)]
)
def test_no_frame_is_taken_without_a_mask(on_air: OnAir, other: Started, opcode: int, size: int) -> None:
    with connect(on_air.server.port) as connection:
        open_socket(connection, other)
        # Of a longer frame its beginning is enough.
        head = bytes((FIN | opcode, size)) if size < 126 else struct.pack("!BBH", FIN | opcode, 126, size)
        connection.sendall(head + bytes(min(size, 125)))
        assert read_all(connection) == CLOSED_WITH_1002


def test_a_server_that_stops_says_so(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        started = server.start_stream()
        with SocketSource(server.base, started, numbered_messages(60)) as source:
            server.wait_for_state(started.stream_id, "live")
            server.stop()
            code, reason = source.wait_until_closed()
    assert (code, reason.partition(":")[0]) == (4503, "shutting_down")


def test_who_answers_no_ping_is_closed(mute: tuple[AudiocastServer, socket.socket]) -> None:
    server, connection = mute
    connection.settimeout(CLOSED_SECONDS)
    while connection.recv(65_536):
        pass
    assert server.metric("audiocast_sources") == 0


def test_every_websocket_of_the_server_wants_masks() -> None:
    import_module("audiocast.web.routes")
    ours = [each for each in subclasses_of(WebSocketHandler) if each.__module__.startswith("audiocast.")]
    assert IngestSocketHandler in ours
    assert [each for each in ours if not issubclass(each, MaskedWebSocketHandler)] == []


def test_no_key_is_in_the_log(on_air: OnAir, other: Started) -> None:
    with SocketSource(on_air.server.base, other, numbered_messages(60)):
        on_air.server.wait_for_state(other.stream_id, "live")
    log = on_air.server.log.read_text()
    assert f"/ingest/{other.stream_id}/ws" in log
    for key in (other.ingest_key, on_air.started.ingest_key):
        assert key.rpartition(".")[2] not in log


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    connection.settimeout(CLOSED_SECONDS)
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def subclasses_of(kind: type) -> Iterator[type]:
    each: type
    for each in kind.__subclasses__():
        yield each
        yield from subclasses_of(each)


def refusals(server: AudiocastServer, code: str) -> float:
    """Return how many sources were refused with a code."""
    text = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=10).text
    name = f'audiocast_source_errors_total{{code="{code}"}} '
    return sum(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))
