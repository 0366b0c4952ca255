"""A scripted server: a real socket on loopback that does with each connection what the test says."""

import json
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self

SECONDS = 20.0


class ClientConnection:
    """One connection: its request, and what a script can do with it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._input: IO[bytes] = connection.makefile("rb")
        self.request_line = self._input.readline().decode().strip()
        self.headers: dict[str, str] = {}
        while (line := self._input.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()

    def json_body(self) -> object:
        """Read a body with a Content-Length."""
        return json.loads(self._input.read(int(self.headers["content-length"])))

    def chunk(self) -> bytes:
        """Read one chunk; empty at the end of the body, or when the client is gone."""
        size = int(self._input.readline().strip() or b"0", 16)
        data = self._input.read(size)
        self._input.readline()
        return data

    def chunks(self) -> list[bytes]:
        """Read all the body."""
        found = []
        while chunk := self.chunk():
            found.append(chunk)
        return found

    def answer(
        self, status: int, body: object = None, *, text: bytes | None = None, headers: str = ""
    ) -> None:
        """Send a whole answer that closes the connection."""
        payload = text if text is not None else json.dumps({} if body is None else body).encode()
        headers += f"Content-Length: {len(payload)}\r\nConnection: close\r\n"
        self._connection.sendall(f"HTTP/1.1 {status} Whatever\r\n{headers}\r\n".encode() + payload)

    def break_off(self) -> None:
        """Hang up from another thread than the one that serves."""
        self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self._input.close()
        self._connection.close()


class ScriptedServer:
    """Listens while the `with` block runs.

    Args:
        scenes: What happens in the first connection, the second, and so on; the last one stays for the rest.
    """

    def __init__(self, *scenes: Callable[[ClientConnection], None]) -> None:
        self._scenes = scenes
        self.connections: list[ClientConnection] = []
        self._failures: list[BaseException] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(SECONDS)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A blocked accept() wakes for a shutdown, not for a close.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(SECONDS)
        self._listening.close()
        assert not self._thread.is_alive()
        if error is None and self._failures:
            raise self._failures[0]

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.settimeout(SECONDS)
            client = ClientConnection(connection)
            scene = self._scenes[min(len(self.connections), len(self._scenes) - 1)]
            self.connections.append(client)
            try:
                scene(client)
            except BaseException as failure:
                self._failures.append(failure)
            finally:
                client.close()
