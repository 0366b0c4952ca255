"""What is asked of every connection of the public port: to take what it has asked for, and to be there.

Listeners are watched by their fan-out. All other responses are watched here: a client that asks for files and
reads none of them would hold two descriptors and megabytes of the system's memory for as long as it likes.

The bodies of requests are read past Tornado's buffers (`body_reader`). The private parts of Tornado that this
needs are used here; see `http1`.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from tornado.iostream import IOStream, StreamClosedError

# Bytes that the system may hold unsent or unacknowledged for a connection; its own bound is 4 MiB. The first
# seconds of a listener's backlog fit, and a segment of HLS goes out at 5 Mbit/s over 200 ms.
SEND_BUFFER_BYTES = 131_072

# A connection on which nothing is sent or received is asked so often whether it is still there (TCP
# keepalive), and so many questions may stay unanswered.
KEEPALIVE_SECONDS = 30
KEEPALIVE_PROBES = 3

# How much later than this server the system gives a connection up. Only what this server has already closed,
# and what it cannot see, is left to the system.
SYSTEM_DELAY_SECONDS = 10.0

# The watch looks so often in the time that it allows.
LOOKS = 4

# What a client still sends when it is refused is discarded for so long, and so much of it: if the server
# closed at once, the kernel would send a reset, and the client could not read why.
LINGER_SECONDS = 2.0
LINGER_BYTES = 8 * 1024 * 1024
READ_BYTES = 65_536

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def bound_connections(listening: socket.socket, stall_seconds: float) -> None:
    """Set the bounds of all connections that a listening socket accepts: they inherit its options.

    Args:
        listening: A TCP socket.
        stall_seconds: How long a client may take nothing.
    """
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    milliseconds = int((stall_seconds + SYSTEM_DELAY_SECONDS) * 1000)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_SECONDS),
        ("TCP_KEEPINTVL", KEEPALIVE_SECONDS),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
        ("TCP_USER_TIMEOUT", milliseconds),
    ):
        # Which of them there are depends on the platform.
        option = getattr(socket, name, None)
        if option is not None:
            listening.setsockopt(socket.IPPROTO_TCP, option, value)


async def discard_input(stream: IOStream, max_bytes: int = LINGER_BYTES) -> None:
    """Discard what still arrives, until the client closes, or for `LINGER_SECONDS`. Nothing else may read.

    Args:
        stream: All that its client should read is written.
        max_bytes: More is not read.
    """
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while max_bytes > 0:
                max_bytes -= len(await stream.read_bytes(READ_BYTES, partial=True))
    except (StreamClosedError, TimeoutError):
        pass


class WatchedConnection(IOStream):
    """A connection that knows when its client last took something, and whose input can be had as it comes.

    Attributes:
        taken_at: By the loop's clock; it is valid while something is being written.
    """

    taken_at = 0.0
    _on_input: Callable[[], None] | None = None
    _is_input_paused = False

    def take_buffered(self, max_bytes: int) -> bytes:
        """Return, and forget, what Tornado has read ahead; empty when that is nothing, or used up."""
        return self._consume(min(max_bytes, self._read_buffer_size))

    def watch_input(self, on_input: Callable[[], None]) -> "asyncio.Future[None]":
        """Call `on_input` in each turn of the loop in which there is something to `receive`.

        To Tornado this is one read, which is under way until `end_input`: it starts no other, and ends this
        one when the connection is closed.

        Args:
            on_input: Never raises.

        Returns:
            Done with `end_input`. Raises the error that it got, or StreamClosedError.

        Raises:
            StreamClosedError: The connection is closed.
        """
        self._check_closed()
        done = self._start_read()
        self._on_input = on_input
        self._listen(is_reading=True)
        return done

    def receive(self, max_bytes: int) -> bytes:
        """Return what has come and is in no buffer of Tornado's; empty when that is nothing, or the end.

        A connection that is more than a socket, as with TLS, and has more in hand than it returns, calls
        `on_input` again: no selector would tell.

        Args:
            max_bytes: More is not returned.
        """
        try:
            data = self.socket.recv(max_bytes)
        except BlockingIOError:
            return b""
        except OSError as error:
            self.close(exc_info=error)
            return b""
        if not data:
            self.close()
        return data

    def pause_input(self) -> None:
        """Leave what comes in the kernel."""
        self._is_input_paused = True
        self._listen(is_reading=False)

    def resume_input(self) -> None:
        """Go on after `pause_input`, unless the input has ended."""
        self._is_input_paused = False
        if self._on_input is not None and not self.closed():
            self._listen(is_reading=True)

    def end_input(self, error: Exception | None = None) -> None:
        """Watch no more; the first call counts."""
        done, self._on_input, self._is_input_paused = self._read_future, None, False
        self._read_future = None
        if done is None or done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def _listen(self, *, is_reading: bool) -> None:
        state = self.io_loop.ERROR | (self.io_loop.READ if is_reading else 0)
        state |= self.io_loop.WRITE if self.writing() else 0
        if self._state is None:
            self._add_io_state(state)
        elif state != self._state:
            self._state = state
            self.io_loop.update_handler(self.fileno(), state)

    def _continue_reading(self) -> None:
        """Read though the selector has told nothing."""
        if not self.closed() and self.reading():
            self._handle_events(self.socket, self.io_loop.READ)

    def _handle_events(self, fd: Any, events: int) -> None:
        if events == self.io_loop.READ and self._on_input is not None:
            if not self._is_input_paused:
                self._on_input()
            return
        super()._handle_events(fd, events)
        if self._is_input_paused and not self.closed():
            # A read is under way, as Tornado sees it.
            self._listen(is_reading=False)

    def write(self, data: bytes | memoryview) -> "asyncio.Future[None]":
        if not self.writing():
            self.taken_at = asyncio.get_running_loop().time()
        return super().write(data)

    def write_to_fd(self, data: memoryview) -> int:
        sent_bytes: int = super().write_to_fd(data)
        if sent_bytes:
            self.taken_at = asyncio.get_running_loop().time()
        return sent_bytes

    def send_now(self, data: bytes) -> None:
        """Send what the system takes of it at once, beside all that is written; the rest is lost."""
        with contextlib.suppress(OSError):
            self.socket.send(data)

    def end_output(self) -> None:
        """Tell the client that nothing more comes; what is written is sent."""
        if not self.closed():
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close the connection, and discard what the client has not taken."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close()


class StallWatch:
    """Closes connections whose clients take nothing of a response.

    Args:
        stall_seconds: How long a client may take nothing.
    """

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._connections: WeakSet[WatchedConnection] = WeakSet()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: WatchedConnection) -> None:
        """Watch a connection until it is closed."""
        self._connections.add(connection)

    def start(self) -> None:
        """Start to look, in the running loop."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._stall_seconds / LOOKS, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        oldest = asyncio.get_running_loop().time() - self._stall_seconds
        for connection in list(self._connections):
            if connection.closed():
                self._connections.discard(connection)
            elif connection.writing() and connection.taken_at <= oldest:
                connection.reset()
        self.start()
