"""HTTP sessions for a body that never ends: they notice a response while they send, and can be aborted.

A plain HTTP client reads the response when its body is sent. A live body has no end: if a server refuses it
half-way and reads on, or a proxy in front of the server does, a plain client would not notice for as long as
they read.
"""

from __future__ import annotations

import contextlib
import os
import socket
import weakref
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read

# How much the kernel may hold unsent, beyond what the network carries: 5 s at 96 kbit/s. The default holds
# minutes, and for so long a server that reads nothing would look like one that does.
SEND_BUFFER_BYTES = 65_536
# After so long without an acknowledgement the network counts as gone.
UNACKNOWLEDGED_SECONDS = 10.0


class LiveSession(requests.Session):
    """A session for one thread; close it after use.

    The session connects to the server directly and ignores the environment: a proxy would buffer a live body,
    and an entry in `.netrc` would replace the key.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        # OpenSSL's variable for the file of a private authority; requests ignores it without `trust_env`.
        self.verify = os.environ.get("SSL_CERT_FILE") or True
        self.headers["User-Agent"] = "audiocast-broadcaster"
        self._connections: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        adapter = _EarlyResponseAdapter(self._connections)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def abort(self) -> None:
        """Break all connections, from another thread: a send or read that blocks raises an error."""
        for connection in list(self._connections):
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


class _EarlyResponseConnection(HTTPConnection):
    """Stops sending as soon as the server has responded or closed the connection."""

    def __init__(self, *args: Any, registry: weakref.WeakSet[HTTPConnection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        registry.add(self)

    def send(self, data: Any) -> None:
        """Send a piece of the request.

        Raises:
            BrokenPipeError: There is a response already. urllib3 then ends the body and reads the response.
        """
        if self.sock is not None and wait_for_read(self.sock, timeout=0):
            raise BrokenPipeError("the server answered before the body ended")
        super().send(data)


class _TlsConnection(HTTPSConnection):
    """Notices no response while it sends, because TLS session tickets make a socket readable without one.

    A response over TLS is noticed when the server closes the connection after it.
    """

    def __init__(self, *args: Any, registry: weakref.WeakSet[HTTPConnection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        registry.add(self)


class _EarlyResponsePool(HTTPConnectionPool):
    ConnectionCls = _EarlyResponseConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _EarlyResponseAdapter(HTTPAdapter):
    def __init__(self, registry: weakref.WeakSet[HTTPConnection]) -> None:
        self._registry = registry
        super().__init__()

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, socket_options=_socket_options(), **kwargs)  # type: ignore[arg-type]
        # urllib3 calls these like classes; any callable with the arguments of a pool will do.
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(_EarlyResponsePool, registry=self._registry),
            "https": partial(_TlsPool, registry=self._registry),
        }


def _socket_options() -> list[tuple[int, int, int]]:
    options = [
        *HTTPConnection.default_socket_options,
        (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES),
    ]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(UNACKNOWLEDGED_SECONDS * 1000)))
    return options
