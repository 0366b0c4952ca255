"""HTTP sessions for a body that never ends: they send, hear the server's answer while they send, and hang up.

A plain HTTP client listens when its body is out. A live body is never out: a server that refuses it half-way,
and the proxy before it that politely swallows the rest, would stay unheard for as long as they care to read.
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

# What the kernel may hold unsent, beyond what the network carries: 5 s of 96 kbit/s. The default holds
# minutes, in which a server that reads nothing looks like one that does.
SEND_BUFFER_BYTES = 65_536
# Sent and not acknowledged for so long: the network is gone.
UNACKNOWLEDGED_SECONDS = 10.0


class LiveSession(requests.Session):
    """A session for one thread; close it after use.

    It goes straight to the server and takes nothing from the environment: a proxy would gather up a live
    body, and a `.netrc` entry would take the key's place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        # OpenSSL's own name for the file of a private authority; requests knows it only with `trust_env`.
        self.verify = os.environ.get("SSL_CERT_FILE") or True
        self.headers["User-Agent"] = "audiocast-broadcaster"
        self._connections: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        adapter = _EarlyResponseAdapter(self._connections)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def abort(self) -> None:
        """Break whatever is on its way, from another thread: a blocked send or read ends with an error."""
        for connection in list(self._connections):
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


class _EarlyResponseConnection(HTTPConnection):
    """Stops sending as soon as the server has said something or hung up."""

    def __init__(self, *args: Any, registry: weakref.WeakSet[HTTPConnection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        registry.add(self)

    def send(self, data: Any) -> None:
        """Send a piece of the request.

        Raises:
            BrokenPipeError: There is an answer already. urllib3 then stops the body and reads the answer.
        """
        if self.sock is not None and wait_for_read(self.sock, timeout=0):
            raise BrokenPipeError("the server answered before the body ended")
        super().send(data)


class _TlsConnection(HTTPSConnection):
    """Hears nothing while it sends: TLS session tickets make a socket readable without any answer.

    An answer over TLS is heard when the server hangs up after it.
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
        # Any callable with the arguments of a pool is one.
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
