"""A program that knows no secret, at an address that members greet: it says what helps it, and keeps all."""

import json
import struct
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.support.audio.numbered_audio import numbered_audio

# Of the first packet that it sends: no source of a test counts so far.
FORGED_NUMBER = 600_000


class Received(NamedTuple):
    """A request that a member has sent to it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Impostor:
    """Listens while the `with` block runs.

    Args:
        port: Port that members take for another member's.
        stream_id: A stream that it pretends to own.
        signature: Value of the header that it answers with; empty: it sends none.

    Attributes:
        received: Every request.
        frames: Bytes that came behind a request for a connection with audio.
    """

    def __init__(self, port: int, stream_id: str, signature: str = "") -> None:
        self.port = port
        self.stream_id = stream_id
        self.signature = signature
        self.received: list[Received] = []
        self.frames = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, target: str) -> dict[str, Any]:
        """Give what a member of its name would say."""
        summary = {"version": 1, "entries": 1, "digest": "0" * 16}
        greeting = {"protocol": 2, "internal_port": self.port, "draining": False, "view": ""}
        changes = {"cursor": "1.1", "version": 1, "is_first": True}
        return {
            **{"name": "evil", "instance": "e", "owned": {self.stream_id: "ffffffffffffffff-1"}},
            **greeting,
            "lists": {"owned": summary, "hls": summary},
            **changes,
            "changes": {self.stream_id: "ffffffffffffffff-1"},
            "state": {"stream_id": self.stream_id, "state": "live", "is_owner": True},
        }


def _handler_of(impostor: Impostor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            impostor.received.append(Received(self.command, self.path, dict(self.headers), body))
            signature = f"Audiocast-Signature: {impostor.signature}\r\n" if impostor.signature else ""
            if "/relay/" in self.path or "/forward/" in self.path:
                self.wfile.write(f"HTTP/1.1 200 OK\r\n{signature}\r\n".encode())
                self._send_audio()
                return
            data = json.dumps(impostor.answer(self.path)).encode()
            head = f"HTTP/1.1 200 OK\r\n{signature}Content-Length: {len(data)}\r\n\r\n"
            self.wfile.write(head.encode() + data)

        def _send_audio(self) -> None:
            audio = numbered_audio(seconds=2, first_number=FORGED_NUMBER)
            for kind, data in ((b"O", b"ffffffffffffffff-1 0"), (b"P", audio[:60_000])):
                self.wfile.write(struct.pack(">cI", kind, len(data)) + data + bytes(16))
            self.wfile.flush()
            while came := self.rfile.read1(65_536):
                impostor.frames += len(came)

    for method in ("GET", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._answer)
    return Handler
