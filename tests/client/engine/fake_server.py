"""A fake server: it does what audiocast does for a broadcaster, unless a test wants otherwise.

Unlike `ScriptedServer` it serves many connections at once, as a broadcast needs. Helpers for stations are
here too.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from tests.client.scripted_server import ClientConnection
from tk_streamer.audio.music import tone
from tk_streamer.audio.sources import GeneratedSource
from tk_streamer.engine.station import BroadcastStatus, Station, StationSettings

SECONDS = 30.0
STREAM_ID = "abc"


class FakeServer:
    """Listens while the `with` block runs.

    Attributes:
        requests: Method and path, Authorization, JSON body or None of all requests but those for the state
            and the audience.
        bodies: What each source has sent so far.
        state: The response to `GET /api/streams/{id}`.
        audience: The response to `GET /api/streams/{id}/audience`; None: the server knows of no such thing.
        audience_key: The Authorization that it was asked for with last.
        start_answer: BroadcastStatus and body in place of the credentials, or None.
        takes_sources: False: hang up on each new source.
        most_sources_at_once: The most connections that sent audio at the same time.
        sizes_at_ends: For each source that has ended, in that order: the sizes of all bodies then, in bytes.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, object]] = []
        self.state: dict[str, Any] = {"live": True, "state": "live", "listeners": 0}
        self.audience: dict[str, Any] | None = None
        self.audience_key = ""
        self.start_answer: tuple[int, object] | None = None
        self.takes_sources = True
        self.most_sources_at_once = 0
        self.sizes_at_ends: list[list[int]] = []
        self.threads: set[threading.Thread] = set()
        self._bodies: list[bytearray] = []
        self._refusal: tuple[int, str] | None = None
        self._refusals_left = 0
        self._sources: set[ClientConnection] = set()
        self._thawed = threading.Event()
        self._thawed.set()
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.threads.add(self._accepting)
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thaw()
        self._listening.shutdown(socket.SHUT_RDWR)
        # It starts the others, and may be about to start one.
        self._accepting.join(SECONDS)
        self.hang_up()
        for thread in self.threads:
            thread.join(SECONDS)
        self._listening.close()

    @property
    def bodies(self) -> list[bytes]:
        """See the class."""
        return [bytes(body) for body in self._bodies]

    def refuse_sources(self, status: int, code: str, *, times: int = 1_000) -> None:
        """Refuse the sources that are connected and those that connect, `times` of them in all."""
        self._refusals_left = times
        self._refusal = status, code

    def hang_up(self) -> None:
        """Break the sources' connections."""
        for source in list(self._sources):
            source.break_off()

    def freeze(self) -> None:
        """Stop reading and responding."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Go on reading and responding."""
        self._thawed.set()

    def wait_until_idle(self) -> None:
        """Wait until all connections have ended."""
        deadline = time.monotonic() + SECONDS
        while sum(thread.is_alive() for thread in self.threads) > 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.settimeout(SECONDS)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self.threads.add(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        self._thawed.wait()
        # A client may disconnect at any moment; the tests of the client find out if that is wrong.
        with contextlib.suppress(OSError, ValueError):
            client = ClientConnection(connection)
            try:
                self._answer(client)
            finally:
                client.close()
        connection.close()

    def _answer(self, client: ClientConnection) -> None:
        request = client.request_line.removesuffix(" HTTP/1.1")
        key = client.headers.get("authorization", "")
        if request == f"GET /api/streams/{STREAM_ID}":
            client.answer(200, self.state)
            return
        if request == f"GET /api/streams/{STREAM_ID}/audience":
            self.audience_key = key
            client.answer(*((404, {"error": "not_found"}) if self.audience is None else (200, self.audience)))
            return
        if "/ingest/" in request:
            self.requests.append((request, key, None))
            self._take(client)
            return
        has_body = client.headers.get("content-length", "0") != "0"
        self.requests.append((request, key, client.json_body() if has_body else None))
        if request == "POST /api/start":
            client.answer(*(self.start_answer or (201, self._ticket())))
        else:
            client.answer(204, text=b"")

    def _take(self, client: ClientConnection) -> None:
        if not self.takes_sources:
            return
        body = bytearray()
        with self._lock:
            self._bodies.append(body)
            self._sources.add(client)
            self.most_sources_at_once = max(self.most_sources_at_once, len(self._sources))
        try:
            while chunk := client.chunk():
                self._thawed.wait()
                body += chunk
                if self._refusal is not None and self._refusals_left:
                    self._refusals_left -= 1
                    status, code = self._refusal
                    client.answer(status, {"error": code, "message": "words"})
                    return
            client.answer(200)
        finally:
            with self._lock:
                self._sources.discard(client)
                self.sizes_at_ends.append([len(each) for each in self._bodies])

    def _ticket(self) -> dict[str, str]:
        return {
            "stream_id": STREAM_ID,
            "ingest_key": "the-key",
            "ingest_url": f"{self.url}/ingest/{STREAM_ID}",
            "listen_url": f"{self.url}/listen/{STREAM_ID}",
        }


def tone_source() -> GeneratedSource:
    """Return a tone in real time."""
    return GeneratedSource("tone", lambda channels: tone(440, channels=channels))


@contextmanager
def broadcasting(server: FakeServer, **settings: Any) -> Iterator[Station]:
    """Yield a station that broadcasts a tone to the server, and stop it in the end."""
    station = Station(StationSettings(server.url, **settings), tone_source())
    station.start()
    try:
        yield station
    finally:
        assert station.stop(SECONDS), "something of it still runs"


def wait_for(
    station: Station, condition: Callable[[BroadcastStatus], bool], seconds: float = SECONDS
) -> BroadcastStatus:
    """Wait until the status meets the condition, and return it."""
    deadline = time.monotonic() + seconds
    while not condition(status := station.status()):
        assert time.monotonic() < deadline, f"still {json.dumps(str(status))}"
        time.sleep(0.01)
    return status
