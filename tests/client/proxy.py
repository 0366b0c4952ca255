"""A TCP proxy before a server, for broadcasters only: a test cuts their connections and lets them back.

The server and its other clients notice nothing of it but what a network's failure is.
"""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_READ_BYTES = 65_536
_STOP_SECONDS = 10.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Relays connections to the server's port while the `with` block runs.

    Args:
        server_port: On the loopback address.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)
        self._listening.close()

    def cut(self) -> None:
        """Reset all connections, and each new one, until `mend`."""
        self._is_cut = True
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Relay again."""
        self._is_cut = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self._is_cut:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._open |= {client, server}
            self._begin(self._relay, client, server)

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        back = self._begin(_pump, server, client)
        _pump(client, server)
        back.join()
        for each in (client, server):
            self._open.discard(each)
            each.close()

    def _begin(self, target: object, *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()
        return thread


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_READ_BYTES):
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
