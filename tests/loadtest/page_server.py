"""A server that gives every listener the same bytes and then holds the line, for tests of the crowd."""

import socket
import ssl
import threading
from types import TracebackType
from typing import Self

from tests.support.network.certificates import Pair

HOST = "127.0.0.1"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: audio/ogg\r\n\r\n"
_POLL_SECONDS = 0.1


class PageServer:
    """Serves while the `with` block runs.

    Args:
        body: What listeners get after the response's head.
        head: The response's head.
        cut_bytes: How many bytes it sends at a time.
        pair: It speaks TLS with this certificate.
    """

    def __init__(
        self,
        body: bytes,
        *,
        head: bytes = HEAD,
        cut_bytes: int = 65_536,
        pair: Pair | None = None,
    ) -> None:
        self._response = head + body
        self._cut_bytes = cut_bytes
        self._tls = _context(pair) if pair else None
        self._listening = socket.create_server((HOST, 0))
        self._listening.settimeout(_POLL_SECONDS)
        self._connections: list[socket.socket] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let all listeners go, when they have all."""
        self._over.set()
        self._thread.join()
        for connection in self._connections:
            connection.close()
        self._listening.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._connections.append(connection)
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(1000)
            for start in range(0, len(self._response), self._cut_bytes):
                connection.sendall(self._response[start : start + self._cut_bytes])


def _context(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context
