"""A source over a WebSocket, as a browser is one: a plain client on a thread of its own."""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import requests
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from audiocast.ogg.headers import OpusHead
from tests.support.audio.numbered_audio import PACKET_SECONDS, numbered_packet
from tests.support.processes.server import Started

HEAD = OpusHead(channels=1, pre_skip=312).encode()
WAIT_SECONDS = 15.0

# RFC 6455 section 5.2.
BINARY = 0x82
MASKED = 0x80

# The nonce is that of RFC 6455 section 1.3.
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class SocketSource:
    """Sends messages while the `with` block runs.

    Args:
        base: URL of the server's public port, or of a proxy before it.
        started: Its stream.
        messages: Binary ones, or texts.
        interval_seconds: From one to the next; 0 for all at once.
        origin: Of the page that it claims to be on.
        certificate: The one that is trusted, when the URL is HTTPS.

    Attributes:
        closed: Code and reason, once the server has closed the connection.
    """

    def __init__(
        self,
        base: str,
        started: Started,
        messages: Sequence[bytes | str],
        *,
        interval_seconds: float = PACKET_SECONDS,
        origin: str = "",
        certificate: Path | None = None,
    ) -> None:
        self.closed: tuple[int | None, str] | None = None
        self._request = HTTPRequest(
            socket_url(base, started).replace("http", "ws", 1),
            headers={"Origin": origin} if origin else {},
            ca_certs=str(certificate) if certificate else None,
        )
        self._key = started.ingest_key
        self._messages = messages
        self._interval_seconds = interval_seconds
        self._connection: WebSocketClientConnection | None = None
        self._loop = asyncio.new_event_loop()
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._connected.wait(WAIT_SECONDS), "expected an upgrade, got none"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def subprotocol(self) -> str | None:
        """What the server has chosen."""
        assert self._connection is not None
        return self._connection.selected_subprotocol

    def kill(self) -> None:
        """End without a goodbye."""
        # Its loop is closed already when the server has ended it.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def wait_until_closed(self, seconds: float = WAIT_SECONDS) -> tuple[int | None, str]:
        """Wait until the server has closed the connection; give code and reason."""
        deadline = time.monotonic() + seconds
        while self.closed is None:
            assert time.monotonic() < deadline, f"expected to be closed within {seconds} s"
            time.sleep(0.02)
        return self.closed

    def _run(self) -> None:
        self._task = self._loop.create_task(self._live())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _live(self) -> None:
        connection = await websocket_connect(self._request, subprotocols=["audiocast", self._key])
        self._connection = connection
        self._connected.set()
        sends = asyncio.ensure_future(self._send(connection))
        try:
            assert await connection.read_message() is None, "expected no messages from the server"
            self.closed = (connection.close_code, connection.close_reason or "")
        finally:
            sends.cancel()
            await asyncio.gather(sends, return_exceptions=True)
            if connection.protocol is not None:
                # No close frame: the server sees what it sees when a browser is killed.
                connection.protocol._abort()
            connection.close()

    async def _send(self, connection: WebSocketClientConnection) -> None:
        start = self._loop.time()
        for number, message in enumerate(self._messages):
            if self._interval_seconds:
                await asyncio.sleep(start + number * self._interval_seconds - self._loop.time())
            await connection.write_message(message, binary=isinstance(message, bytes))


def socket_url(base: str, started: Started) -> str:
    """Give where a stream's WebSocket is, as HTTP."""
    return f"{base}/ingest/{started.stream_id}/ws"


def open_socket(connection: socket.socket, started: Started) -> None:
    """Ask for the upgrade on a connection that is open, and wait for it."""
    fields = {**UPGRADE, "Host": "localhost", "Sec-WebSocket-Protocol": f"audiocast, {started.ingest_key}"}
    lines = [f"GET /ingest/{started.stream_id}/ws HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    assert connection.recv(65_536).startswith(b"HTTP/1.1 101")


def socket_frame(payload: bytes) -> bytes:
    """Return a masked frame (RFC 6455 section 5.2); a mask of zeros leaves the payload as it is."""
    size = (
        bytes((MASKED | len(payload),))
        if len(payload) < 126
        else struct.pack("!BH", MASKED | 126, len(payload))
    )
    return bytes((BINARY,)) + size + bytes(4) + payload


def numbered_messages(seconds: float, *, first_number: int = 0, packet_bytes: int = 240) -> list[bytes]:
    """Give an OpusHead and numbered packets."""
    end = first_number + round(seconds / PACKET_SECONDS)
    return [HEAD, *(numbered_packet(number, packet_bytes) for number in range(first_number, end))]


def ask_for_upgrade(url: str, **headers: str) -> requests.Response:
    """Ask for a WebSocket that will be refused; header names are written with `_` for `-`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers={**UPGRADE, **fields}, timeout=10)
