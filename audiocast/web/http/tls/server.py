"""The port on which TLS is spoken: a server whose connections shake hands first."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Callable
from typing import Any

from audiocast.web.http.clients import Clients
from audiocast.web.http.connections import LINGER_SECONDS
from audiocast.web.http.errors import ApiError
from audiocast.web.http.raw_response import error_response
from audiocast.web.http.server import MAX_BUFFER_BYTES, Server
from audiocast.web.http.tls.channel import TlsChannel
from audiocast.web.http.tls.connection import TlsConnection
from audiocast.web.http.tls.handshakes import Handshakes
from audiocast.web.http.urls import is_host

HOST_FIELD = re.compile(rb"\r\nHost:[ \t]*([^\r\n]+)", re.IGNORECASE)
READ_BYTES = 16_384


class TlsServer(Server):
    """One port with TLS.

    Args:
        application: See `Server`.
        context: Returns the context for a new connection.
        clients: Budgets of those who connect.
        count_handshake: Called with the result of each handshake.
        others: As of `Server`.
    """

    protocol = "https"

    def __init__(
        self,
        application: Callable[..., Any],
        *,
        context: Callable[[], ssl.SSLContext],
        clients: Clients,
        count_handshake: Callable[[str], None],
        **others: Any,
    ) -> None:
        super().__init__(application, **others)
        self._handshakes = Handshakes(
            context,
            clients,
            on_done=self._serve_channel,
            answer_plain_http=self._answer_plain_http,
            count=count_handshake,
        )

    def admit(self, connection: socket.socket, address: tuple[Any, ...]) -> None:
        """Begin the handshake of a connection that was accepted."""
        self._handshakes.start(connection, address)

    async def close(self) -> None:
        """Close all connections."""
        await self._handshakes.close()
        await super().close()

    def _serve_channel(
        self, connection: socket.socket, address: tuple[Any, ...], channel: TlsChannel
    ) -> None:
        self.serve(TlsConnection(connection, channel, max_buffer_size=MAX_BUFFER_BYTES), address)

    async def _answer_plain_http(self, connection: socket.socket, data: bytes) -> None:
        """Say where HTTPS is, to a client that has sent an HTTP request; it is read as far as it has come."""
        found = HOST_FIELD.search(data)
        host = found[1].decode("latin-1").strip() if found else ""
        url = f"https://{host}/" if is_host(host) else "https:// links"
        error = ApiError(400, "plain_http", f"expected TLS, got plain HTTP: this port has {url}")
        self._http.note_refusal(error)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, error_response(error))
        connection.shutdown(socket.SHUT_WR)
        # It reads the answer while its request is still on the way (see `discard_input`).
        with contextlib.suppress(OSError):
            async with asyncio.timeout(LINGER_SECONDS):
                while await loop.sock_recv(connection, READ_BYTES):
                    pass
