"""Event streams of pages: a flood of titles is one a second, and a page that never reads is closed."""

import json
import multiprocessing
import socket
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

import pytest
import requests

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.clock.machine_waits import MachineWaits
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

FLOODERS = 10
PAGES = 200
VICTIM_PAGES = 1000
# Until the pages are open, or the flood over.
ATTACK_SECONDS = 60.0

# What the kernel can hold for a page that never reads is small, so that it is full soon.
SMALL_BUFFER_BYTES = 2048
STALL_SECONDS = 2


@dataclass(frozen=True)
class Attacked:
    """A server, by the URL and the number of its public port, and the stream there that is flooded."""

    base: str
    port: int
    started: Started


class OpenPages:
    """Connections to a stream's events, read by one thread.

    Args:
        port: Of the server.
        stream_id: The stream.
        count: How many.
    """

    def __init__(self, port: int, stream_id: str, count: int) -> None:
        self._received: dict[socket.socket, bytearray] = {}
        self._selector = DefaultSelector()
        self._is_over = threading.Event()
        for _ in range(count):
            connection = connect(port)
            connection.sendall(events_request(stream_id))
            connection.setblocking(False)
            self._received[connection] = bytearray()
            self._selector.register(connection, EVENT_READ)
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "OpenPages":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        for connection in self._received:
            connection.close()
        self._selector.close()

    def titles(self) -> list[list[str | None]]:
        """Give the titles that each page was sent, in order."""
        return [_titles(bytes(received)) for received in self._received.values()]

    def _read(self) -> None:
        while not self._is_over.is_set():
            for key, _ in self._selector.select(0.1):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                data = connection.recv(65_536)
                if not data:
                    self._selector.unregister(connection)
                self._received[connection] += data


def events_request(stream_id: str) -> bytes:
    return f"GET /api/streams/{stream_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _titles(received: bytes) -> list[str | None]:
    lines = [line for line in received.split(b"\n")[:-1] if line.startswith(b"data: ")]
    playing = [json.loads(line.removeprefix(b"data: "))["now_playing"] for line in lines]
    return [track["title"] if track is not None else None for track in playing]


@contextmanager
def flood(base: str, started: Started) -> Iterator[list[int]]:
    """Set ten titles a second and more, over several connections; give the statuses of the answers."""
    is_over = threading.Event()
    statuses: list[int] = []

    def run(number: int) -> None:
        session = requests.Session()
        url = f"{base}/api/streams/{started.stream_id}/metadata"
        count = 0
        while not is_over.is_set():
            count += 1
            song = {"title": f"{number}-{count}"}
            answer = session.put(url, json=song, params={"key": started.ingest_key}, timeout=30)
            statuses.append(answer.status_code)
            time.sleep(0.1)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(FLOODERS)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def wait_for(condition: object, what: str, seconds: float = 30.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"expected {what}"
        time.sleep(0.05)


def test_a_flood_of_titles_reaches_pages_as_one_a_second_and_the_last_one_wins(
    server: AudiocastServer,
) -> None:
    started = server.start_stream()
    with ExitStack() as stack:
        pages = stack.enter_context(OpenPages(server.port, started.stream_id, PAGES))
        wait_for(lambda: all(pages.titles()), "a first state at each page")
        began = time.monotonic()
        with flood(server.base, started) as statuses:
            wait_for(lambda: len(statuses) >= 50, "fifty answers")
        seconds = time.monotonic() - began
        url = f"{server.base}/api/streams/{started.stream_id}/metadata"
        key = {"key": started.ingest_key}
        assert requests.put(url, json={"title": "last"}, params=key, timeout=10).status_code == 204
        assert server.state(started.stream_id)["now_playing"]["title"] == "last"
        wait_for(lambda: all(titles[-1] == "last" for titles in pages.titles()), "the last title")
        # One more at the begin, one at the end, and the last one.
        assert all(2 <= len(titles) <= seconds + 1 + 3 for titles in pages.titles())
        assert set(statuses) == {204}
        assert len(statuses) > 3 * max(map(len, pages.titles()))
        history = requests.get(f"{server.base}/api/streams/{started.stream_id}/history", timeout=10).json()
        assert [track["title"] for track in history["tracks"]] == pages.titles()[0][:0:-1][:20]


def test_a_page_that_never_reads_is_closed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(
            AudiocastServer(tmp_path / "server.log", LISTENER_STALL_SECONDS=STALL_SECONDS)
        )
        started = server.start_stream()
        pages = stack.enter_context(OpenPages(server.port, started.stream_id, 1))
        silent = stack.enter_context(connect(server.port, receive_buffer_bytes=SMALL_BUFFER_BYTES))
        silent.sendall(events_request(started.stream_id))
        url = f"{server.base}/api/streams/{started.stream_id}/metadata"
        key = {"key": started.ingest_key}
        deadline = time.monotonic() + 60
        count = 0
        while not is_closed(server):
            assert time.monotonic() < deadline, "the page that never reads is not closed"
            count += 1
            song = {"title": f"{count}" + "🎧" * 190, "artist": "🎧" * 200}
            assert requests.put(url, json=song, params=key, timeout=10).status_code == 204
        assert len(pages.titles()[0]) == count + 1
        silent.settimeout(10)
        received = b""
        # The kernel ends it with a reset when it has waited for as long for an acknowledgement.
        with suppress(ConnectionResetError):
            while data := silent.recv(65_536):
                received += data
        # What the kernels held for it is little: the rest was never written.
        assert len(_titles(received)) < count


def is_closed(server: AudiocastServer) -> bool:
    """Say whether one event stream is over."""
    text = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=10).text
    return 'audiocast_http_requests_total{handler="Events",method="GET",status="200"} 1.0' in text


def attack(server: Attacked, begins: tuple[Event, Event], over: Event, answers: SimpleQueue[int]) -> None:
    """Open pages at the first of two moments, and flood their stream from the second one on.

    Puts 0 when the pages are open, and how many titles were taken when it is over.
    """
    comes, floods = begins
    assert comes.wait(ATTACK_SECONDS)
    with OpenPages(server.port, server.started.stream_id, VICTIM_PAGES) as pages:
        wait_for(lambda: all(pages.titles()), "a first state at each page")
        answers.put(0)
        assert floods.wait(ATTACK_SECONDS)
        with flood(server.base, server.started) as statuses:
            assert over.wait(ATTACK_SECONDS)
        answers.put(statuses.count(204))


@pytest.mark.realtime
def test_listeners_do_not_notice_a_flood_of_titles_with_a_thousand_pages(server: AudiocastServer) -> None:
    attacked, other = server.start_stream(), server.start_stream()
    # In a process of their own: ten threads that flood would keep the victim's from reading.
    apart = multiprocessing.get_context("spawn")
    begins, over, answers = (apart.Event(), apart.Event()), apart.Event(), apart.SimpleQueue()
    target = Attacked(server.base, server.port, attacked)
    attacker = apart.Process(target=attack, args=(target, begins, over, answers), daemon=True)
    with ExitStack() as stack:
        attacker.start()
        stack.callback(attacker.join)
        stack.callback(attacker.kill)
        source = stack.enter_context(PacedSource(other.keyed_url, numbered_audio(seconds=120)))
        server.wait_for_state(other.stream_id, "live")
        path = f"/stream/{other.stream_id}?latency=low&preroll=0"
        victim = stack.enter_context(Listener(server.port, path))
        victim.wait_for_audio(1)
        waits = stack.enter_context(MachineWaits(server.pid))
        calm = longest_way(source, victim, waits, seconds=5)
        comes, floods = begins
        comes.set()
        assert answers.get() == 0
        floods.set()
        flooded = longest_way(source, victim, waits, seconds=5)
        over.set()
        taken = answers.get()
        print(f"longest way: {calm * 1000:.0f} ms, in a flood of {taken} titles {flooded * 1000:.0f} ms")
        assert taken > FLOODERS
        assert flooded < calm + 0.1


def longest_way(source: PacedSource, listener: Listener, waits: MachineWaits, *, seconds: float) -> float:
    """Give the longest time that a packet took from its source to a listener from now on, for some seconds.

    What the machine let server or listener wait does not count.
    """
    before = listener.capture()
    pages = listener.wait_for_audio(before.seconds + seconds).pages
    sizes = [size for _, size in listener.arrivals]
    end = listener.head_bytes
    ways = []
    for number, page in enumerate(pages):
        end += len(page.encode())
        if number >= len(before.pages):
            *_, (packet, _) = page.fragments()
            sent_at = source.sent_at[number_of(packet)]
            came_at, _ = listener.arrivals[bisect_left(sizes, end)]
            ways.append(came_at - sent_at - waits.seconds(sent_at, came_at))
    return max(ways)
