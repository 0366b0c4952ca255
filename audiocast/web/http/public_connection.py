"""One connection of a port of ours: how its requests' heads are read, and what is answered to what is none.

Tornado closes a connection without an answer when its request head is too large or does not come in time. The
client, most often a person with a wrong tool, should read why: here it is answered.
"""

import asyncio
import os
import re
import socket
from collections.abc import Awaitable
from typing import Any

from tornado.iostream import StreamClosedError, UnsatisfiableReadError

from audiocast.stream.fanout.listener import Sink
from audiocast.web.http.accept_queue import AcceptQueue
from audiocast.web.http.clients import Lease
from audiocast.web.http.connections import WatchedConnection
from audiocast.web.http.errors import ApiError
from audiocast.web.http.http1 import NoteRefusal
from audiocast.web.http.listener_socket import ListenerSocket
from audiocast.web.http.raw_response import error_response

HEAD_TIMEOUT_SECONDS = 15.0
# Request heads up to here are parsed; those over `handlers.MAX_HEADER_BYTES` are refused by the handlers.
MAX_PARSED_HEAD_BYTES = 65_536

# What Icecast's oldest source clients write for the version of HTTP.
ICE_VERSION = b" ICE/1.0"

# How a connection begins on which TLS is spoken: a handshake record of SSL 3 or TLS 1 (RFC 8446 section 5.1).
# There may be no end of a request head in it.
TLS_START = b"\x16\x03"
TLS_HELLO = rb"\A\x16\x03"

# What those are told who speak TLS to a server that has none.
NO_TLS = "this port has http:// links only"

# A method and a URL up to its path. The first group is before the path, the second behind its first slash.
ABSOLUTE_FORM = re.compile(rb"^(\S+ )https?://[^/?\s]+/?([^\s]*)", re.IGNORECASE)


class PublicConnection(WatchedConnection):
    """A connection that answers when a request's head is too large or too slow, before it closes.

    Attributes:
        queue: Lets a few requests through in one turn of the loop.
        note_refusal: Called with each refusal that no handler has sent.
        tls_hint: What those are told who speak TLS here, behind "expected HTTP, got TLS".
    """

    queue: AcceptQueue
    note_refusal: NoteRefusal
    tls_hint = NO_TLS
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

    def detach_listener(self, lease: Lease) -> Sink | None:
        """Return the connection without Tornado, for a fan-out; None when the listener has closed it.

        The descriptor is duplicated, because an IOStream closes its own when it leaves the event loop.

        Args:
            lease: Released when the listener's connection is closed, and if there is none any more.

        Raises:
            OSError: There is no descriptor left; the stream is still open.
        """
        if self.closed():
            lease.release()
            return None
        try:
            connection = ListenerSocket(os.dup(self.socket.fileno()), lease)
        except OSError:
            lease.release()
            raise
        listener = self._listener(connection)
        self.close()
        return listener

    def _listener(self, connection: ListenerSocket) -> Sink:
        return connection

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
            raise ApiError(400, "tls", f"expected HTTP, got TLS: {self.tls_hint}")
        request_line, end, fields = head.partition(b"\r\n")
        await self.queue.wait_for_turn()
        if self.closed():
            raise StreamClosedError
        if request_line.endswith(ICE_VERSION):
            request_line = request_line.removesuffix(ICE_VERSION) + b" HTTP/1.0"
        return ABSOLUTE_FORM.sub(rb"\1/\2", request_line) + end + fields

    def _send_error(self, error: ApiError) -> None:
        self.note_refusal(error)
        self.send_now(error_response(error))
        self.end_output()
