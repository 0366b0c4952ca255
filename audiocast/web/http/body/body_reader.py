"""Reads the body of one request off its connection: one read whenever something is there.

    connection --bytes--> coding --bytes of the body--> sink

An encoder sends 50 pages a second for hours. Tornado's own reading makes a future, a step of a task and two
more turns of the event loop of each of them. Here the loop calls the reader, and the reader calls the sink; a
task is made only while the sink is not done with what it has got. The socket is not read meanwhile, so what
the client sends waits in the kernel and slows it.

A turn of the loop reads each connection once, `max_read_bytes` at most: a fast one does not hold the loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from audiocast.web.http.connections import READ_BYTES, WatchedConnection

# Who sends so much at once sends a file: the kernel would hold it up after some hundred KiB. Audio of
# 510 kbit/s, Opus' most, is 10 KiB in the 150 ms that a read is put off for at most.
FAST_BYTES = 16_384

# Takes the next bytes of a body. Returns what to wait for before it gets more, or None; never waits.
BodySink = Callable[[bytes], Awaitable[None] | None]

# Asked after each read: takes a call that reads again, to be made later, and returns True; or returns False,
# and the connection is read as soon as something comes.
DeferRead = Callable[[Callable[[], None]], bool]


class BodyCoding(Protocol):
    """How a body ends, and what beside it is on the connection (RFC 9112 section 6). No input, no output.

    Attributes:
        is_complete: The end of the body has come.
    """

    is_complete: bool

    @property
    def max_read_bytes(self) -> int:
        """How many bytes of the connection may be read at once."""

    def decode(self, data: bytes) -> bytes:
        """Return what of the body is in the next bytes of the connection."""


class SizedBody:
    """A body with `Content-Length`. What is behind it is not read.

    Args:
        size_bytes: Of the body.
    """

    def __init__(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes
        self.is_complete = not size_bytes

    @property
    def max_read_bytes(self) -> int:
        """See `BodyCoding`."""
        return min(READ_BYTES, self._left_bytes)

    def decode(self, data: bytes) -> bytes:
        """Return the data, at most `max_read_bytes` of it."""
        self._left_bytes -= len(data)
        self.is_complete = not self._left_bytes
        return data


class UnframedBody:
    """A body that ends with the connection."""

    is_complete = False
    max_read_bytes = READ_BYTES

    def decode(self, data: bytes) -> bytes:
        """Return the data."""
        return data


class BodyReader:
    """Reads one body.

    Args:
        connection: Nothing else reads it meanwhile; anything may write to it, or close it.
        coding: Of the body.
        sink: Gets the body. Called no more after it has raised.
        defer: See `DeferRead`. A deferred read that finds nothing ends that.
    """

    def __init__(
        self,
        connection: WatchedConnection,
        coding: BodyCoding,
        sink: BodySink,
        *,
        defer: DeferRead | None = None,
    ) -> None:
        self._connection = connection
        self._coding = coding
        self._sink = sink
        self._defer = defer
        self._is_deferred = False
        self._task: asyncio.Task[None] | None = None

    async def read(self) -> None:
        """Return when the whole body has come and the sink is done with it.

        Raises:
            tornado.iostream.StreamClosedError: The connection is closed, by either side, before that.
            Exception: What the coding or the sink raises, from its call or from what it has returned.
        """
        connection, coding = self._connection, self._coding
        while not coding.is_complete and (data := connection.take_buffered(coding.max_read_bytes)):
            wait = self._pass_on(data)
            if wait is not None:
                await wait
            elif not coding.is_complete:
                await asyncio.sleep(0)
        if coding.is_complete:
            return
        try:
            await connection.watch_input(self._read_once)
        finally:
            self._is_deferred = False
            connection.end_input()

    def _read_once(self) -> None:
        """Read what is there; called by the loop, and never raises."""
        connection, coding = self._connection, self._coding
        max_bytes = coding.max_read_bytes
        data = connection.receive(max_bytes)
        if not data:
            self._watch()
            return
        try:
            wait = self._pass_on(data)
        except Exception as error:
            connection.end_input(error)
            return
        if wait is not None:
            connection.pause_input()
            self._task = asyncio.create_task(self._go_on_after(wait))
        elif coding.is_complete:
            connection.end_input()
        elif (
            self._defer is None
            # Of a read that is full the rest is there already.
            or len(data) >= min(max_bytes, FAST_BYTES)
            or not self._defer(self._read_deferred)
        ):
            self._watch()
        elif not self._is_deferred:
            self._is_deferred = True
            connection.pause_input()

    def _read_deferred(self) -> None:
        if self._is_deferred and not self._connection.closed():
            self._read_once()

    def _watch(self) -> None:
        """Read as soon as something comes."""
        if self._is_deferred:
            self._is_deferred = False
            self._connection.resume_input()

    def _pass_on(self, data: bytes) -> Awaitable[None] | None:
        body = self._coding.decode(data)
        return self._sink(body) if body else None

    async def _go_on_after(self, wait: Awaitable[None]) -> None:
        try:
            await wait
        except Exception as error:
            self._connection.end_input(error)
            return
        if self._coding.is_complete:
            self._connection.end_input()
        else:
            self._is_deferred = False
            self._connection.resume_input()
