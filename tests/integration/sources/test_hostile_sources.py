"""Sources that are made to cost as much as they can: another stream's listener does not notice.

How long the listener waits for its audio is compared with what it waited just before, without an attack. A
busy machine makes it wait too, so one of a few attacks without a difference is enough: a server that is held
up by what comes in is so each time.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.integration.on_air import OnAir
from tests.integration.sources.hostile_bodies import BODIES
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.exchange import Answer, connect, read_answer
from tests.support.http.listener import Listener
from tests.support.http.socket_source import open_socket, socket_frame
from tests.support.http.source import PacedSource, framed, ingest_head
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

CALM_SECONDS = 2.0
# What the attacked server may be worse than the one left alone.
MORE_SECONDS = 0.1
AT_ONCE = 6
MOST_ATTACKS = 4
CHUNK_BYTES = 16_000

# Of one source: six bitstreams (live), five ends of them, twenty splices, and its coming and going.
MOST_EVENTS = 40
# A stream's start, a request, and what the server does meanwhile.
MOST_OTHER_EVENTS = 20

# In messages of a byte each, Tornado's own work for each of them is what costs.
BYTES = 10_000


class Victim:
    """A listener and how long it has waited for its audio."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._from = len(listener.arrivals)

    def longest_gap_seconds(self) -> float:
        """Return the longest gap since the last call, that which is not over yet too."""
        arrivals = [when for when, _ in self.listener.arrivals[max(0, self._from - 1) :]]
        self._from = len(self.listener.arrivals)
        return max(after - before for before, after in pairwise([*arrivals, time.monotonic()]))


@pytest.fixture(scope="module")
def on_air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    with AudiocastServer(tmp_path_factory.mktemp("hostile") / "server.log") as server:
        started = server.start_stream(title="Undisturbed")
        with PacedSource(started.keyed_url, numbered_audio(seconds=900)):
            server.wait_for_state(started.stream_id, "live")
            with Listener(server.port, f"/stream/{started.stream_id}?latency=low&preroll=0") as listener:
                listener.wait_for_audio(1)
                yield OnAir(server, started, listener)


def attack(server: AudiocastServer, body: bytes, way: str, *, is_answered: bool = False) -> Answer | None:
    """Send a body to a stream of its own, as fast as it goes; give the answer if the body has one."""
    started = server.start_stream()
    with connect(server.port) as connection:
        connection.settimeout(20)
        if way in ("socket", "bytes"):
            open_socket(connection, started)
            piece = 1 if way == "bytes" else CHUNK_BYTES
            data = b"".join(socket_frame(body[at : at + piece]) for at in range(0, len(body), piece))
        else:
            target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
            connection.sendall(ingest_head(target, "raw" if way == "raw" else "chunked"))
            cuts = (body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES))
            data = body if way == "raw" else b"".join(map(framed, cuts))
        # It is refused while it still sends.
        with contextlib.suppress(OSError):
            connection.sendall(data)
        if is_answered:
            return read_answer(connection)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            # The server closes the connection when all of it is processed.
            while connection.recv(65_536):
                pass
    return None


@pytest.mark.parametrize(
    ("name", "way"),
    [
        *((name, "raw") for name in BODIES),
        *(("other_decoders", way) for way in ("chunked", "socket")),
        ("tiny_pages", "bytes"),
    ],
)
def test_a_listener_of_another_stream_does_not_notice(on_air: OnAir, name: str, way: str) -> None:
    server, victim = on_air.server, Victim(on_air.listener)
    body = BODIES[name]()[: BYTES if way == "bytes" else None]
    differences: list[float] = []
    while not differences or (min(differences) > MORE_SECONDS and len(differences) < MOST_ATTACKS):
        time.sleep(CALM_SECONDS)
        calm_seconds = victim.longest_gap_seconds()
        events = len(server.events())
        threads = [threading.Thread(target=attack, args=(server, body, way)) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.state(on_air.started.stream_id)
        differences.append(victim.longest_gap_seconds() - calm_seconds)
        assert len(server.events()) - events <= MOST_EVENTS * AT_ONCE + MOST_OTHER_EVENTS
    assert min(differences) <= MORE_SECONDS, differences
    listener = on_air.listener
    heard = listener.wait_for_audio(listener.capture().seconds + 1)
    heard.check_one_stream()
    numbers = [number_of(packet) for packet in heard.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a packet is missing or foreign"
    assert server.state(on_air.started.stream_id)["state"] == "live"


@pytest.mark.parametrize("way", ["raw", "chunked"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other_decoders", "expected at most 5 changes of channels at once"),
        ("headers_alone", "expected at most 20 new Ogg streams at once"),
        ("pages_without_packets", "expected audio in real time"),
        ("dear_packets", "expected audio in real time"),
    ],
)
def test_it_is_told_what_was_too_much(on_air: OnAir, name: str, message: str, way: str) -> None:
    answer = attack(on_air.server, BODIES[name](), way, is_answered=True)
    assert answer is not None
    assert (answer.status, answer.error) == (429, "too_fast")
    assert message in answer.body.decode()
