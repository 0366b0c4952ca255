"""Accepting connections, and answers to those that never become requests.

Tornado closes a connection without an answer when its request head is too large or does not come in time. The
client, most often a person with a wrong tool, should read why: here it is answered.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from tornado.iostream import StreamClosedError, UnsatisfiableReadError
from tornado.netutil import bind_sockets

from audiocast.web.http.accept_queue import ADMITTED_PER_TURN, AcceptQueue
from audiocast.web.http.connections import StallWatch, WatchedConnection, bound_connections
from audiocast.web.http.errors import ApiError
from audiocast.web.http.http1 import Http1Server, NoteRefusal
from audiocast.web.http.raw_response import error_response

log = structlog.get_logger()

# A thousand listeners that join in one second are normal. The kernel cuts it to net.core.somaxconn.
ACCEPT_BACKLOG = 4096

# Without a descriptor left, a waiting connection would wake the loop over and over.
ACCEPT_PAUSE_SECONDS = 1.0

HEAD_TIMEOUT_SECONDS = 15.0
BODY_TIMEOUT_SECONDS = 15.0
# Request heads up to here are parsed; those over `handlers.MAX_HEADER_BYTES` are refused by the handlers.
MAX_PARSED_HEAD_BYTES = 65_536

# What Icecast's oldest source clients write for the version of HTTP.
ICE_VERSION = b" ICE/1.0"

# How a connection begins on which TLS is spoken: a handshake record of SSL 3 or TLS 1 (RFC 8446 section 5.1).
# There may be no end of a request head in it.
TLS_START = b"\x16\x03"
TLS_HELLO = rb"\A\x16\x03"

# A method and a URL up to its path. The first group is before the path, the second behind its first slash.
ABSOLUTE_FORM = re.compile(rb"^(\S+ )https?://[^/?\s]+/?([^\s]*)", re.IGNORECASE)


class Server:
    """One port.

    Args:
        application: Called with each request.
        host: Address to listen on; empty for all.
        port: Port; 0 for a free one.
        max_body_bytes: Bound of a request's body, unless its handler lifts it.
        note_refusal: Called with each refusal that no handler has sent: of what is no request, or is late.
        stall_seconds: How long a client may take nothing of a response; 0: no bound.
        shares_port: Other processes of this user listen on the port too (SO_REUSEPORT).
    """

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
    ) -> None:
        self._http = Http1Server(
            application,
            idle_connection_timeout=HEAD_TIMEOUT_SECONDS,
            body_timeout=BODY_TIMEOUT_SECONDS,
            max_header_size=MAX_PARSED_HEAD_BYTES,
            max_body_size=max_body_bytes,
            max_buffer_size=4 * 1024 * 1024,
        )
        self._http.note_refusal = note_refusal
        self._sockets = bind_sockets(
            port, host or None, backlog=ACCEPT_BACKLOG, family=_family(host), reuse_port=shares_port
        )
        self._watch = StallWatch(stall_seconds) if stall_seconds else None
        if stall_seconds:
            for each in self._sockets:
                bound_connections(each, stall_seconds)
        self._port: int = self._sockets[0].getsockname()[1]
        self._is_accepting = False
        self._paused_sockets = 0
        self._queue = AcceptQueue()

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
            stream = _PublicConnection(connection, max_buffer_size=self._http.max_buffer_size)
            stream.queue = self._queue
            stream.note_refusal = self._http.note_refusal
            if self._watch is not None:
                self._watch.add(stream)
            self._http.handle_stream(stream, address)


class _PublicConnection(WatchedConnection):
    """A connection that answers when a request's head is too large or too slow, before it closes."""

    queue: AcceptQueue
    note_refusal: NoteRefusal
    _reads_request_head = False

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        # Tornado's server reads the head of a request, and nothing else, with a regular expression.
        self._reads_request_head = True
        reading = super().read_until_regex(TLS_HELLO + b"|" + regex, max_bytes)
        future = asyncio.ensure_future(self._read_request_head(reading))
        future.add_done_callback(self._on_request_head)
        return future

    def close(self, exc_info: Any = False) -> None:
        if self._reads_request_head and not self.closed() and not self._has_peer_closed():
            if isinstance(exc_info, UnsatisfiableReadError):
                message = f"expected a head below {MAX_PARSED_HEAD_BYTES} bytes"
                self._send_error(ApiError(431, "headers_too_large", message))
            elif not exc_info:
                message = f"expected a request within {HEAD_TIMEOUT_SECONDS:g} s"
                self._send_error(ApiError(408, "request_timeout", message))
        self._reads_request_head = False
        super().close(exc_info)

    def _has_peer_closed(self) -> bool:
        """Return whether the client has closed, so that it would read no answer."""
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _on_request_head(self, _: object) -> None:
        self._reads_request_head = False

    async def _read_request_head(self, reading: Awaitable[bytes]) -> bytes:
        """Read a request head, wait for its turn, and return it in the form that Tornado parses.

        "ICE/1.0" in the request line means HTTP/1.0. A whole URL as the target, as proxies get it, means its
        path (RFC 9112 section 3.2.2); its host is in the Host field too.

        Raises:
            ApiError: 400, TLS is spoken.
            StreamClosedError: The connection is closed. Requests that a client has sent ahead, thousands
                perhaps, are still in the buffer then, and nobody would get their answers.
        """
        head = await reading
        if head.startswith(TLS_START):
            raise ApiError(400, "tls", "expected HTTP, got TLS: this port has http:// links only")
        request_line, end, fields = head.partition(b"\r\n")
        await self.queue.wait_for_turn()
        if self.closed():
            raise StreamClosedError
        if request_line.endswith(ICE_VERSION):
            request_line = request_line.removesuffix(ICE_VERSION) + b" HTTP/1.0"
        return ABSOLUTE_FORM.sub(rb"\1/\2", request_line) + end + fields

    def _send_error(self, error: ApiError) -> None:
        self.note_refusal(error)
        try:
            self.socket.send(error_response(error))
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_UNSPEC if host or socket.has_ipv6 else socket.AF_INET
