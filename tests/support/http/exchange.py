"""Requests byte by byte, for what no client library would send, and the answers to them."""

import contextlib
import json
import socket
import ssl
from dataclasses import dataclass
from typing import Any, Self

HOST = "127.0.0.1"
ANSWER_SECONDS = 10.0
_READ_BYTES = 65_536


@dataclass(frozen=True)
class Answer:
    """A response.

    Attributes:
        version: "HTTP/1.1".
        status: Of the response.
        headers: Names in lower case.
        body: All that came after the head.
    """

    version: str
    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Take a response apart; interim ones (100) are left out."""
        head, _, body = data.partition(b"\r\n\r\n")
        assert head, "expected a response, got nothing"
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ")
        if status == "100":
            return cls.parse(body)
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        return cls(version, int(status), headers, body)

    @property
    def error(self) -> str:
        """The code of a JSON error, whose form is checked."""
        assert self.headers["content-type"].startswith("application/json"), self
        said: dict[str, Any] = json.loads(self.body)
        assert set(said) == {"error", "message"}, said
        assert 5 < len(said["message"]) <= 300
        assert "Traceback" not in said["message"]
        return str(said["error"])


def connect(port: int, *, receive_buffer_bytes: int = 0, tls: ssl.SSLContext | None = None) -> socket.socket:
    """Open a connection, over TLS if there is a context; a receive buffer of 0 is the system's."""
    connection = socket.socket()
    if receive_buffer_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    connection.settimeout(ANSWER_SECONDS)
    connection.connect((HOST, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return connection
    # An end that was not told (no close_notify) is an error.
    return tls.wrap_socket(connection, server_hostname="localhost", suppress_ragged_eofs=False)


def read_answer(connection: socket.socket, seconds: float = ANSWER_SECONDS) -> Answer:
    """Read one response: as much as its length says, else until the server closes."""
    connection.settimeout(seconds)
    data = b""
    while not _is_whole(data):
        try:
            more = connection.recv(_READ_BYTES)
        except ConnectionResetError:
            assert data, "expected a response, got a reset"
            break
        if not more:
            break
        data += more
    return Answer.parse(data)


def exchange(port: int, request: bytes, seconds: float = ANSWER_SECONDS) -> Answer:
    """Send a request on a connection of its own; read the response."""
    with connect(port) as connection:
        # The server may have answered before all is sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return read_answer(connection, seconds)


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or head.startswith(b"HTTP/1.1 100"):
        return False
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    return False
