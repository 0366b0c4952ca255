"""Two hundred addresses ask for ten times of everything, and one honest address is served throughout.

Whatever the flood does is counted, not timed: each address gets its budget of each kind and not one more.
"""

import asyncio
import contextlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import HOST
from tests.support.http.source import ingest_head, timed_pages
from tests.support.processes.server import AudiocastServer, Started

FLOODERS = [f"127.0.{1 + number // 100}.{1 + number % 100}" for number in range(200)]
HONEST = "127.9.9.9"
TIMES = 10

# Rates a minute, and what is held at a time.
STARTS, UNKNOWN_IDS, QR_CODES = 2, 1, 1
SOURCES, LISTENERS, WAITING, EVENT_STREAMS, HLS_MUXERS = 2, 2, 1, 1, 1
HONEST_ROUNDS = STARTS - 1

SETTINGS: dict[str, str | int | float] = {
    "MAX_STARTS_PER_CLIENT": STARTS,
    "MAX_UNKNOWN_IDS_PER_CLIENT": UNKNOWN_IDS,
    "MAX_QR_CODES_PER_CLIENT": QR_CODES,
    "MAX_SOURCES_PER_CLIENT": SOURCES,
    "MAX_LISTENERS_PER_CLIENT": LISTENERS,
    "MAX_WAITING_LISTENERS_PER_CLIENT": WAITING,
    "MAX_EVENT_STREAMS_PER_CLIENT": EVENT_STREAMS,
    "MAX_HLS_MUXERS_PER_CLIENT": HLS_MUXERS,
    # All are strangers, those of this machine too.
    "TRUSTED_PROXIES": "10.0.0.0/8",
    # Longer than the test: who waits does not go meanwhile.
    "HEADER_WAIT_TIMEOUT": 60,
    "SOURCE_GRACE_SECONDS": 120,
}
SECONDS = 180.0


@dataclass
class Connection:
    """A connection that stays open, and what came over it so far."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: bytes = b""

    async def read_until(self, condition: Callable[[bytes], bool]) -> bytes:
        async with asyncio.timeout(SECONDS):
            while not condition(self.received):
                data = await self.reader.read(65_536)
                assert data, f"expected more than {self.received[-500:]!r}"
                self.received += data
        return self.received

    async def read_status(self) -> int:
        await self.read_until(lambda data: b"\r\n\r\n" in data)
        return int(self.received.split(b" ", 2)[1])


class Visitor:
    """One address."""

    def __init__(self, server: AudiocastServer, address: str) -> None:
        self.address = address
        self._port = server.port
        self._open: list[Connection] = []

    async def ask(self, request: bytes) -> Connection:
        """Send a request on a connection of its own, which stays open."""
        reader, writer = await asyncio.open_connection(HOST, self._port, local_addr=(self.address, 0))
        writer.write(request)
        connection = Connection(reader, writer)
        self._open.append(connection)
        return connection

    async def get(self, path: str) -> Connection:
        return await self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    async def count(self, requests: list[str]) -> Counter[int]:
        """Send requests one after the other on one connection; give how often each status came."""
        connection = await self.ask(
            b"".join(f"{each} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode() for each in requests)
        )
        heads = re.compile(rb"HTTP/1\.1 (\d{3}) ")
        data = await connection.read_until(lambda data: len(heads.findall(data)) == len(requests))
        return Counter(int(status) for status in heads.findall(data))

    async def start(self) -> Started:
        connection = await self.ask(b"POST /api/start HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        data = await connection.read_until(lambda data: data.endswith(b"}\n"))
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201 "), head
        return Started(**json.loads(body))

    async def close(self) -> None:
        for each in self._open:
            each.writer.transport.abort()
            with contextlib.suppress(OSError):
                await each.writer.wait_closed()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log", **SETTINGS) as server:
        yield server


@asynccontextmanager
async def sending(visitor: Visitor, started: Started) -> AsyncIterator[Connection]:
    """Send a stream in real time while the block runs."""
    source = await visitor.ask(ingest_head(f"/ingest/{started.stream_id}?key={started.ingest_key}", "raw"))

    async def send() -> None:
        for page, seconds in timed_pages(numbered_audio(seconds=120)):
            source.writer.write(page)
            await asyncio.sleep(seconds)

    task = asyncio.create_task(send())
    try:
        yield source
    finally:
        task.cancel()
        source.writer.transport.abort()


async def flood(index: int, visitor: Visitor, live: str, waiting: str) -> None:
    """Ask for ten times of all that is counted by rates, and of one kind of what is held."""
    began_at = asyncio.get_running_loop().time()
    own = await visitor.start()
    starts = await visitor.count(["POST /api/start"] * TIMES * STARTS)
    minutes = (asyncio.get_running_loop().time() - began_at) / 60
    assert starts[201] <= STARTS * (1 + minutes)
    assert starts[201] + starts[429] == TIMES * STARTS
    unknown = [f"GET /api/streams/no-{index}-{number}" for number in range(TIMES * UNKNOWN_IDS)]
    answers = await visitor.count(unknown)
    minutes = (asyncio.get_running_loop().time() - began_at) / 60
    assert answers[404] <= UNKNOWN_IDS * (1 + minutes)
    assert answers[404] + answers[429] == TIMES * UNKNOWN_IDS
    match index % 4:
        case 0:
            paths = [f"/stream/{live}"] * TIMES * LISTENERS
        case 1:
            paths = [f"/stream/{waiting}"] * TIMES * WAITING
        case 2:
            paths = [f"/api/streams/{live}/events"] * TIMES * EVENT_STREAMS
        case _:
            paths = []
            for _ in range(TIMES * SOURCES):
                await visitor.ask(ingest_head(f"/ingest/{own.stream_id}?key={own.ingest_key}", "chunked"))
    for path in paths:
        await visitor.get(path)


async def serve_honest(visitor: Visitor, main: Started) -> None:
    """Do all that a broadcaster and a listener do, once; each is answered."""
    started = await visitor.start()
    async with sending(visitor, started):
        listener = await visitor.get(f"/stream/{started.stream_id}?latency=low")
        assert await listener.read_status() == 200
        await listener.read_until(lambda data: data.count(b"OggS") > 5)
        listener.writer.transport.abort()
        state = await visitor.get(f"/api/streams/{started.stream_id}")
        assert await state.read_status() == 200
    hls = await visitor.get(f"/stream/{main.stream_id}/hls/index.m3u8")
    assert await hls.read_status() == 200


# A server whose machine is too slow for the flood refuses everybody for a while, the honest one too.
@pytest.mark.realtime
@pytest.mark.timeout(SECONDS + 120)
async def test_one_is_served_while_two_hundred_flood(server: AudiocastServer) -> None:
    visitors = [Visitor(server, address) for address in FLOODERS]
    honest, waiter = Visitor(server, HONEST), Visitor(server, "127.9.9.8")
    try:
        main = await honest.start()
        async with sending(honest, main):
            listener = await honest.get(f"/stream/{main.stream_id}?latency=low")
            await listener.read_until(lambda data: data.count(b"OggS") > 5)
            events = await honest.get(f"/api/streams/{main.stream_id}/events")
            await events.read_until(lambda data: b"event: state" in data)
            waited_for = await waiter.start()
            floods = [
                asyncio.create_task(flood(index, visitor, main.stream_id, waited_for.stream_id))
                for index, visitor in enumerate(visitors)
            ]
            for _ in range(HONEST_ROUNDS):
                await serve_honest(honest, main)
            async with asyncio.timeout(SECONDS):
                await asyncio.gather(*floods)
            pages = listener.received.count(b"OggS")
            await listener.read_until(lambda data: data.count(b"OggS") > pages + 10)
            await wait_for_refusals(server)
            # Each address has one entry, whatever it asked.
            assert server.metric("audiocast_clients") == len(FLOODERS) + 2
    finally:
        for each in (*visitors, waiter, honest):
            await each.close()
    refused = [event for event in server.events() if event.get("status") == 429]
    assert refused == [], "nobody who is over a budget is logged"


async def wait_for_refusals(server: AudiocastServer) -> None:
    """Wait until all who asked for too much at a time were refused, each of them as often as it should."""
    quarter = len(FLOODERS) // 4
    expected = {
        "listeners": quarter * (TIMES - 1) * LISTENERS,
        "waiting_listeners": quarter * (TIMES - 1) * WAITING,
        "event_streams": quarter * (TIMES - 1) * EVENT_STREAMS,
        "sources": quarter * (TIMES - 1) * SOURCES,
    }
    async with asyncio.timeout(SECONDS):
        while True:
            refused = {
                kind: await asyncio.to_thread(
                    server.metric, "audiocast_client_refusals_total", f'{{kind="{kind}"}}'
                )
                for kind in expected
            }
            if refused == expected:
                return
            assert all(refused[kind] <= expected[kind] for kind in expected), refused
            await asyncio.sleep(0.1)


async def test_one_makes_so_many_streams_hls_and_others_are_served(server: AudiocastServer) -> None:
    broadcasters = [Visitor(server, address) for address in FLOODERS[:2]]
    greedy, honest = Visitor(server, FLOODERS[2]), Visitor(server, HONEST)
    try:
        one, two = [await each.start() for each in broadcasters]
        async with sending(broadcasters[0], one), sending(broadcasters[1], two):
            for each, broadcaster in zip((one, two), broadcasters, strict=True):
                listener = await broadcaster.get(f"/stream/{each.stream_id}")
                await listener.read_until(lambda data: b"OggS" in data)
            playlists = [f"/stream/{each.stream_id}/hls/index.m3u8" for each in (one, two)]
            statuses = [await (await greedy.get(path)).read_status() for path in playlists]
            assert statuses == [200, 429]
            # The other one is served, and now that there is a muxer, so is everybody.
            assert await (await honest.get(playlists[1])).read_status() == 200
            assert await (await greedy.get(playlists[1])).read_status() == 200
    finally:
        for visitor in (*broadcasters, greedy, honest):
            await visitor.close()


async def test_what_ends_is_given_back(server: AudiocastServer) -> None:
    broadcaster, listener = Visitor(server, HONEST), Visitor(server, FLOODERS[0])
    try:
        started = await broadcaster.start()
        async with sending(broadcaster, started):
            for _ in range(3):
                path = f"/stream/{started.stream_id}?latency=low"
                listening = [await listener.get(path) for _ in range(LISTENERS)]
                for each in listening:
                    await each.read_until(lambda data: b"OggS" in data)
                assert await (await listener.get(path)).read_status() == 429
                for each in listening:
                    each.writer.transport.abort()
                async with asyncio.timeout(SECONDS):
                    while server.metric("audiocast_listeners"):
                        await asyncio.sleep(0.05)
    finally:
        await broadcaster.close()
        await listener.close()


async def test_only_new_qr_codes_are_counted(server: AudiocastServer) -> None:
    greedy, honest = Visitor(server, FLOODERS[0]), Visitor(server, HONEST)
    try:
        same = await greedy.count(["GET /listen/one/qr.svg"] * TIMES)
        assert same == {200: TIMES}
        new = await greedy.count([f"GET /listen/other{number}/qr.svg" for number in range(TIMES)])
        assert new == {429: TIMES}
        assert await (await honest.get("/listen/new/qr.png")).read_status() == 200
    finally:
        await greedy.close()
        await honest.close()
