"""TLS handshakes under way. They hold neither the event loop nor each other's places for long.

The loop waits until a whole record is there; then a thread of a small pool does a step of the handshake,
which takes milliseconds with an RSA key and is OpenSSL's work, outside of Python's lock. How many there may
be is bounded, for each client and in all, and so is the time of each. When there are too many, the oldest
makes room: who is honest is done within a few round trips.
"""

import asyncio
import os
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from audiocast.web.http.clients import Clients, Holding, Lease
from audiocast.web.http.errors import ApiError
from audiocast.web.http.tls.channel import TlsChannel, TlsViolation

Address = tuple[Any, ...]

MAX_HANDSHAKES = 1024
HANDSHAKE_SECONDS = 10.0

# What a client may send until it is done: its first message has about 2 KB, with keys that resist quantum
# computers, and no certificate is asked for.
MAX_CLIENT_BYTES = 32_768
READ_BYTES = 16_384

# The loop's own core stays out of it where there is another.
MAX_THREADS = 4

# So much less than the event loop's is their claim to a core that they share with it (nice(7)): of a crowd's
# handshakes, nobody who listens already should notice anything.
NICE = 10

# RFC 8446 section 5.1: the type of a record that a handshake begins with.
HANDSHAKE_RECORD = b"\x16"
HTTP_REQUEST = re.compile(rb"[A-Z]{3,16} [/*h]")


def give_way() -> None:
    """Have the event loop's thread come before this one. Linux knows a niceness for each thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(19, os.nice(0) + NICE))


class PlainHttp(Exception):
    """A client speaks HTTP where TLS is expected.

    Args:
        data: What it has sent so far.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__("expected TLS, got HTTP")
        self.data = data


class Handshakes:
    """The handshakes of one port. Used in the running loop.

    Args:
        context: Returns the context for a new connection.
        clients: Budgets of those who connect.
        on_done: Called with each connection whose handshake is done; the connection is the callee's.
        answer_plain_http: Answers a client that speaks HTTP, within the time of a handshake.
        count: Called with the result of each handshake: "done", "failed", "late" or "dropped".
        max_handshakes: How many there may be at a time.
    """

    def __init__(
        self,
        context: Callable[[], ssl.SSLContext],
        clients: Clients,
        *,
        on_done: Callable[[socket.socket, Address, TlsChannel], None],
        answer_plain_http: Callable[[socket.socket, bytes], Any],
        count: Callable[[str], None],
        max_handshakes: int = MAX_HANDSHAKES,
    ) -> None:
        self._context = context
        self._clients = clients
        self._on_done = on_done
        self._answer_plain_http = answer_plain_http
        self._count = count
        self._max_handshakes = max_handshakes
        threads = min(MAX_THREADS, max(1, (os.cpu_count() or 1) - 1))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tls-handshake", initializer=give_way)
        # In the order in which they began.
        self._tasks: dict[asyncio.Task[None], None] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, connection: socket.socket, address: Address) -> None:
        """Begin the handshake of a connection that was accepted; it is closed here if that fails."""
        try:
            lease = self._clients.acquire_for(self._clients.identify_peer(address[0]), Holding.HANDSHAKES)
        except ApiError:
            connection.close()
            return
        if len(self._tasks) >= self._max_handshakes:
            oldest = next(iter(self._tasks))
            del self._tasks[oldest]
            oldest.cancel()
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._run(connection, address))
        self._tasks[task] = None
        task.add_done_callback(partial(self._forget, lease))

    async def close(self) -> None:
        """Drop all handshakes."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _forget(self, lease: Lease, task: asyncio.Task[None]) -> None:
        lease.release()
        self._tasks.pop(task, None)

    async def _run(self, connection: socket.socket, address: Address) -> None:
        result = "dropped"
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                try:
                    channel = await self._shake_hands(connection)
                except PlainHttp as plain:
                    result = "failed"
                    await self._answer_plain_http(connection, plain.data)
                    return
            result = "done"
            self._on_done(connection, address, channel)
        except TimeoutError:
            result = "late"
        except OSError:
            # That of TLS too.
            result = "failed"
        finally:
            self._count(result)
            if result != "done":
                connection.close()

    async def _shake_hands(self, connection: socket.socket) -> TlsChannel:
        """Return the connection's channel when its handshake is done.

        Raises:
            OSError: It has failed, or the client is gone.
            PlainHttp: HTTP is spoken.
        """
        loop = asyncio.get_running_loop()
        left_bytes = MAX_CLIENT_BYTES
        channel: TlsChannel | None = None
        while True:
            data = await loop.sock_recv(connection, READ_BYTES)
            left_bytes -= len(data)
            if not data or left_bytes < 0:
                raise TlsViolation(f"expected a handshake within {MAX_CLIENT_BYTES} bytes")
            if channel is None:
                if not data.startswith(HANDSHAKE_RECORD):
                    if HTTP_REQUEST.match(data):
                        raise PlainHttp(data)
                    raise TlsViolation("expected a handshake of TLS")
                channel = TlsChannel(self._context())
            channel.feed(data)
            if not channel.has_record:
                continue
            try:
                is_done = await loop.run_in_executor(self._pool, channel.shake_hands)
            except ssl.SSLError:
                await loop.sock_sendall(connection, channel.outgoing())
                raise
            await loop.sock_sendall(connection, channel.outgoing())
            if is_done:
                return channel
