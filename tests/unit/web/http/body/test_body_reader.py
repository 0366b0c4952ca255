"""Bodies are read as they come: one read, one call of the sink, and a task only while the sink is busy."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from tornado.iostream import StreamClosedError

from audiocast.web.http.body.body_reader import BodyCoding, BodyReader, BodySink, SizedBody, UnframedBody
from audiocast.web.http.body.chunked_body import ChunkedBody
from audiocast.web.http.connections import WatchedConnection
from audiocast.web.http.errors import ApiError

TURNS = 5


class FakeConnection:
    """What a reader needs of a connection; the test is the network.

    Attributes:
        reads: How much each `receive` asked for.
        is_paused: As the reader wants it.
    """

    def __init__(self, buffered: bytes = b"") -> None:
        self.reads: list[int] = []
        self.is_paused = False
        self._buffered = buffered
        self._arrived = b""
        self._on_input: Callable[[], None] | None = None
        self._done: asyncio.Future[None] | None = None

    def take_buffered(self, max_bytes: int) -> bytes:
        data, self._buffered = self._buffered[:max_bytes], self._buffered[max_bytes:]
        return data

    def watch_input(self, on_input: Callable[[], None]) -> "asyncio.Future[None]":
        self._on_input = on_input
        self._done = asyncio.get_running_loop().create_future()
        return self._done

    def receive(self, max_bytes: int) -> bytes:
        self.reads.append(max_bytes)
        data, self._arrived = self._arrived[:max_bytes], self._arrived[max_bytes:]
        return data

    def pause_input(self) -> None:
        self.is_paused = True

    def resume_input(self) -> None:
        self.is_paused = False

    def end_input(self, error: Exception | None = None) -> None:
        done, self._done, self._on_input = self._done, None, None
        if done is not None and not done.done():
            done.set_exception(error) if error is not None else done.set_result(None)

    def arrive(self, data: bytes) -> None:
        """Let bytes come, and the loop tell of them once."""
        self._arrived += data
        assert self._on_input is not None, "nobody reads"
        assert not self.is_paused, "the reader does not read now"
        self._on_input()

    def close(self) -> None:
        """As a client does that goes away."""
        self.end_input(StreamClosedError())


class Run:
    """A reader at work.

    Attributes:
        got: What the sink was called with.
        reading: The call of `read`.
    """

    def __init__(self, coding: BodyCoding, buffered: bytes = b"", sink: BodySink | None = None) -> None:
        self.connection = FakeConnection(buffered)
        self.got: list[bytes] = []
        reader = BodyReader(cast(WatchedConnection, self.connection), coding, sink or self.take)
        self.reading: asyncio.Task[None] = asyncio.create_task(reader.read())

    def take(self, data: bytes) -> Awaitable[None] | None:
        self.got.append(data)
        return None


async def settle() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def test_what_comes_is_passed_on_in_the_same_call_and_no_task_is_made() -> None:
    run = Run(ChunkedBody())
    await settle()
    tasks = asyncio.all_tasks()
    for number in range(50):
        run.connection.arrive(chunk(b"page %d" % number))
        assert run.got[-1] == b"page %d" % number
    assert len(run.connection.reads) == len(run.got) == 50
    assert asyncio.all_tasks() == tasks
    run.connection.arrive(b"0\r\n\r\n")
    await run.reading


@pytest.mark.parametrize("buffered_bytes", [0, 3, 8, 12, 20])
@pytest.mark.parametrize(
    ("coding", "data"),
    [(ChunkedBody, chunk(b"hello world") + b"0\r\n\r\n"), (lambda: SizedBody(11), b"hello world")],
    ids=["chunked", "sized"],
)
async def test_what_came_with_the_head_is_the_begin(
    coding: Callable[[], Any], data: bytes, buffered_bytes: int
) -> None:
    run = Run(coding(), data[:buffered_bytes])
    await settle()
    if data[buffered_bytes:]:
        run.connection.arrive(data[buffered_bytes:])
    await run.reading
    assert b"".join(run.got) == b"hello world"


async def test_an_empty_body_is_not_waited_for() -> None:
    run = Run(SizedBody(0), b"GET / HTTP/1.1\r\n\r\n")
    await run.reading
    assert (run.got, run.connection.reads) == ([], [])


async def test_what_is_behind_a_body_with_a_length_is_left() -> None:
    run = Run(SizedBody(10), b"hello")
    await settle()
    run.connection.arrive(b"worldGET /")
    await run.reading
    assert (run.got, run.connection.reads) == ([b"hello", b"world"], [5])
    assert run.connection.receive(9) == b"GET /"


async def test_a_sink_that_is_busy_gets_nothing_more_until_it_is_done() -> None:
    busy: list[asyncio.Future[None]] = []

    def sink(data: bytes) -> Awaitable[None] | None:
        busy.append(asyncio.get_running_loop().create_future())
        return busy[-1]

    run = Run(SizedBody(10), sink=sink)
    await settle()
    run.connection.arrive(b"hello")
    assert run.connection.is_paused
    await settle()
    assert run.connection.is_paused
    busy[-1].set_result(None)
    await settle()
    run.connection.arrive(b"world")
    await settle()
    assert not run.reading.done(), "the sink is not done with the end"
    busy[-1].set_result(None)
    await run.reading


@pytest.mark.parametrize("is_late", [False, True])
async def test_what_the_sink_raises_ends_the_reading(is_late: bool) -> None:
    async def fail() -> None:
        raise LookupError

    def sink(data: bytes) -> Awaitable[None] | None:
        if is_late:
            return fail()
        raise LookupError

    run = Run(UnframedBody(), sink=sink)
    await settle()
    run.connection.arrive(b"hello")
    with pytest.raises(LookupError):
        await run.reading


async def test_what_the_coding_raises_ends_the_reading() -> None:
    run = Run(ChunkedBody(max_body_bytes=4))
    await settle()
    run.connection.arrive(chunk(b"abc"))
    run.connection.arrive(chunk(b"de"))
    with pytest.raises(ApiError) as raised:
        await run.reading
    assert (raised.value.status, run.got) == (413, [b"abc"])


async def test_a_client_that_goes_away_ends_it_also_while_the_sink_is_busy() -> None:
    busy: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    run = Run(UnframedBody(), sink=lambda _: busy)
    await settle()
    run.connection.arrive(b"hello")
    run.connection.close()
    with pytest.raises(StreamClosedError):
        await run.reading
    busy.set_result(None)
    await settle()
