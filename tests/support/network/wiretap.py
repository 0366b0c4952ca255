"""A tap on the wire between a real program and the server: passes every byte on and keeps it."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from tests.support.http.exchange import HOST, Answer

_READ_BYTES = 65_536


class Wiretap:
    """Takes one connection on a free port and relays it both ways until both sides have ended.

    Args:
        port: Of the server.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self._sent = bytearray()
        self._received = bytearray()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._relay, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in (self._listening, *self._open):
            each.close()

    @property
    def request_head(self) -> str:
        """Head of the program's request."""
        return bytes(self._sent).partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def sent_body(self) -> bytes:
        """Body of the program's request, which is chunked; without the frames (RFC 9112 section 7.1)."""
        rest = bytes(self._sent).partition(b"\r\n\r\n")[2]
        chunks = []
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            chunks.append(rest[: int(size, 16)])
            rest = rest[int(size, 16) + 2 :]
        return b"".join(chunks)

    @property
    def answer(self) -> Answer:
        """What the server has answered."""
        return Answer.parse(bytes(self._received))

    def _relay(self) -> None:
        try:
            program, _ = self._listening.accept()
        except OSError:
            return
        server = socket.create_connection((HOST, self._server_port))
        self._open += [program, server]
        upstream = threading.Thread(target=_pump, args=(program, server, self._sent), daemon=True)
        upstream.start()
        _pump(server, program, self._received)
        upstream.join()


def _pump(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_READ_BYTES):
            kept += data
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
