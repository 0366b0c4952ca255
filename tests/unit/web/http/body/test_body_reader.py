"""Bodies are read as they come: one read, one call of the sink, and a task only while the sink is busy."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from tornado.iostream import StreamClosedError

from audiocast.web.http.body.body_reader import (
    BodyCoding,
    BodyReader,
    BodySink,
    DeferRead,
    SizedBody,
    UnframedBody,
)
from audiocast.web.http.body.chunked_body import ChunkedBody
from audiocast.web.http.connections import WatchedConnection
from audiocast.web.http.errors import ApiError

TURNS = 5


class FakeConnection:
    """What a reader needs of a connection; the test is the network.

    Attributes:
        reads: How much each `receive` asked for.
        is_paused: As the reader wants it.
        unread: What has come and was not received.
    """

    def __init__(self, buffered: bytes = b"") -> None:
        self.reads: list[int] = []
        self.is_paused = False
        self._buffered = buffered
        self.unread = b""
        self._is_closed = False
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
        data, self.unread = self.unread[:max_bytes], self.unread[max_bytes:]
        return data

    def pause_input(self) -> None:
        self.is_paused = True

    def resume_input(self) -> None:
        self.is_paused = False

    def end_input(self, error: Exception | None = None) -> None:
        done, self._done, self._on_input = self._done, None, None
        if done is not None and not done.done():
            done.set_exception(error) if error is not None else done.set_result(None)

    def leave(self, data: bytes) -> None:
        """Let bytes come that the loop does not tell of."""
        self.unread += data

    def closed(self) -> bool:
        return self._is_closed

    def arrive(self, data: bytes) -> None:
        """Let bytes come, and the loop tell of them once."""
        self.unread += data
        assert self._on_input is not None, "nobody reads"
        assert not self.is_paused, "the reader does not read now"
        self._on_input()

    def close(self) -> None:
        """As a client does that goes away."""
        self._is_closed = True
        self.end_input(StreamClosedError())


class Run:
    """A reader at work.

    Attributes:
        got: What the sink was called with.
        reading: The call of `read`.
    """

    def __init__(
        self,
        coding: BodyCoding,
        buffered: bytes = b"",
        sink: BodySink | None = None,
        defer: DeferRead | None = None,
    ) -> None:
        self.connection = FakeConnection(buffered)
        self.got: list[bytes] = []
        reader = BodyReader(cast(WatchedConnection, self.connection), coding, sink or self.take, defer=defer)
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


class Deferring:
    """Takes reads for later while it `may`.

    Attributes:
        may: Whether it does.
        reads: What was taken.
    """

    def __init__(self) -> None:
        self.may = True
        self.reads: list[Callable[[], None]] = []

    def __call__(self, read: Callable[[], None]) -> bool:
        if self.may:
            self.reads.append(read)
        return self.may

    def turn(self) -> None:
        """Make the reads that were deferred."""
        reads, self.reads = self.reads, []
        for read in reads:
            read()


async def test_the_rest_of_a_full_read_is_not_deferred() -> None:
    deferring = Deferring()
    run = Run(ChunkedBody(), defer=deferring)
    await settle()
    data = chunk(b"x" * 10_000)
    run.connection.arrive(data)
    assert (run.connection.is_paused, deferring.reads) == (False, [])
    run.connection.arrive(b"")
    assert (run.connection.is_paused, len(deferring.reads)) == (True, 1)
    assert len(b"".join(run.got)) == 10_000
    run.connection.leave(data)
    deferring.turn()
    assert not run.connection.is_paused, "a deferred read that is full"


async def test_a_sender_that_is_faster_than_audio_is_not_held_up() -> None:
    deferring = Deferring()
    run = Run(SizedBody(100_000), defer=deferring)
    await settle()
    run.connection.arrive(b"x" * 16_384)
    assert (run.connection.is_paused, deferring.reads) == (False, [])
    run.connection.arrive(b"x" * 16_383)
    assert (run.connection.is_paused, len(deferring.reads)) == (True, 1)


async def deferred() -> tuple[Run, Deferring]:
    """Return a reader whose first read was deferred."""
    deferring = Deferring()
    run = Run(SizedBody(20), defer=deferring)
    await settle()
    run.connection.arrive(b"12345")
    return run, deferring


async def test_a_deferred_read_is_made_in_its_turn_and_not_when_something_comes() -> None:
    run, deferring = await deferred()
    assert run.connection.is_paused
    run.connection.leave(b"67890")
    assert run.got == [b"12345"]
    deferring.turn()
    assert run.got == [b"12345", b"67890"]
    assert (run.connection.is_paused, len(deferring.reads)) == (True, 1)


async def test_a_turn_without_anything_ends_the_deferring() -> None:
    run, deferring = await deferred()
    deferring.turn()
    assert (run.connection.is_paused, deferring.reads) == (False, [])
    run.connection.arrive(b"67890")
    assert (run.connection.is_paused, len(deferring.reads)) == (True, 1)


async def test_who_may_not_defer_any_more_is_read_when_something_comes() -> None:
    run, deferring = await deferred()
    deferring.may = False
    run.connection.leave(b"67890")
    deferring.turn()
    assert not run.connection.is_paused
    run.connection.arrive(b"12345")
    run.connection.arrive(b"67890")
    await run.reading


async def test_a_body_may_end_in_a_deferred_read() -> None:
    run, deferring = await deferred()
    run.connection.leave(b"6" * 15)
    deferring.turn()
    await run.reading
    assert deferring.reads == []


async def test_a_deferred_read_of_a_body_that_is_over_reads_nothing() -> None:
    run, deferring = await deferred()
    run.connection.close()
    with pytest.raises(StreamClosedError):
        await run.reading
    reads = len(run.connection.reads)
    deferring.turn()
    assert len(run.connection.reads) == reads
