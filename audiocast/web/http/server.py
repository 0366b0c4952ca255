"""One port: accepting connections, a few in each turn of the loop, and bounds of them all."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import structlog
from tornado.netutil import bind_sockets

from audiocast.web.http.accept_queue import ADMITTED_PER_TURN, AcceptQueue
from audiocast.web.http.connections import StallWatch, bound_connections
from audiocast.web.http.http1 import Http1Server, NoteRefusal
from audiocast.web.http.public_connection import (
    HEAD_TIMEOUT_SECONDS,
    MAX_PARSED_HEAD_BYTES,
    NO_TLS,
    PublicConnection,
)

log = structlog.get_logger()

# A thousand listeners that join in one second are normal. The kernel cuts it to net.core.somaxconn.
ACCEPT_BACKLOG = 4096

# Without a descriptor left, a waiting connection would wake the loop over and over.
ACCEPT_PAUSE_SECONDS = 1.0

BODY_TIMEOUT_SECONDS = 15.0
MAX_BUFFER_BYTES = 4 * 1024 * 1024


class CannotListen(OSError):
    """A port cannot be listened on.

    Attributes:
        port: Its number, 0 for a free one.
        reason: What the system says.
    """

    def __init__(self, port: int, reason: OSError) -> None:
        super().__init__(reason.errno, reason.strerror or str(reason))
        self.port = port
        self.reason = reason


class Server:
    """One port.

    Attributes:
        protocol: "http" or "https", as links are made of it.
        queue: See below.
        tls_hint: What those are told who speak TLS to a port without it.

    Args:
        application: Called with each request.
        host: Address to listen on; empty for all.
        port: Port; 0 for a free one.
        max_body_bytes: Bound of a request's body, unless its handler lifts it.
        note_refusal: Called with each refusal that no handler has sent: of what is no request, or is late.
        stall_seconds: How long a client may take nothing of a response; 0: no bound.
        shares_port: Other processes of this user listen on the port too (SO_REUSEPORT).
        queue: Lets a few requests through in one turn; servers of one loop may share it.

    Raises:
        CannotListen: The port is taken, or is not for this user.
    """

    protocol = "http"

    def __init__(
        self,
        application: Callable[..., Any],
        *,
        host: str,
        port: int,
        max_body_bytes: int,
        note_refusal: NoteRefusal = lambda _: None,
        stall_seconds: float = 0.0,
        shares_port: bool = False,
        queue: AcceptQueue | None = None,
    ) -> None:
        self._http = Http1Server(
            application,
            protocol=self.protocol,
            idle_connection_timeout=HEAD_TIMEOUT_SECONDS,
            body_timeout=BODY_TIMEOUT_SECONDS,
            max_header_size=MAX_PARSED_HEAD_BYTES,
            max_body_size=max_body_bytes,
            max_buffer_size=MAX_BUFFER_BYTES,
        )
        self._http.note_refusal = note_refusal
        try:
            self._sockets = bind_sockets(
                port, host or None, backlog=ACCEPT_BACKLOG, family=_family(host), reuse_port=shares_port
            )
        except OSError as error:
            raise CannotListen(port, error) from None
        self._watch = StallWatch(stall_seconds) if stall_seconds else None
        if stall_seconds:
            for each in self._sockets:
                bound_connections(each, stall_seconds)
        self._port: int = self._sockets[0].getsockname()[1]
        self._is_accepting = False
        self._paused_sockets = 0
        self.queue = queue or AcceptQueue()
        self.tls_hint = NO_TLS

    @property
    def port(self) -> int:
        """The port, also after `stop_accepting`, for requests that are still under way."""
        return self._port

    @property
    def can_accept(self) -> bool:
        """Whether new connections are accepted: not while the process has no descriptor left for one."""
        return self._is_accepting and not self._paused_sockets

    def start(self) -> None:
        """Start to accept, in the running loop."""
        self._is_accepting = True
        if self._watch is not None:
            self._watch.start()
        for each in self._sockets:
            self._watch_socket(each)

    def stop_accepting(self) -> None:
        """Accept no more connections; open ones go on."""
        self._is_accepting = False
        for each in self._sockets:
            asyncio.get_running_loop().remove_reader(each)
            each.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._watch is not None:
            self._watch.stop()
        await self._http.close_all_connections()

    def _watch_socket(self, listening: socket.socket) -> None:
        if self._is_accepting:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _resume(self, listening: socket.socket) -> None:
        self._paused_sockets -= 1
        self._watch_socket(listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ADMITTED_PER_TURN):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                log.error("accept_failed", error=error.strerror, hint="raise the limit of open files")
                loop = asyncio.get_running_loop()
                loop.remove_reader(listening)
                self._paused_sockets += 1
                loop.call_later(ACCEPT_PAUSE_SECONDS, self._resume, listening)
                return
            self.admit(connection, address)

    def admit(self, connection: socket.socket, address: tuple[Any, ...]) -> None:
        """Serve a connection that was accepted."""
        self.serve(PublicConnection(connection, max_buffer_size=MAX_BUFFER_BYTES), address)

    def serve(self, stream: PublicConnection, address: tuple[Any, ...]) -> None:
        """Serve the requests of a connection."""
        stream.queue = self.queue
        stream.note_refusal = self._http.note_refusal
        stream.tls_hint = self.tls_hint
        if self._watch is not None:
            self._watch.add(stream)
        self._http.handle_stream(stream, address)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_UNSPEC if host or socket.has_ipv6 else socket.AF_INET
