"""A receiver of webhooks on loopback: it answers as a test says, and others' code judges each request."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"known to everybody, for tests").decode()


@dataclass(frozen=True, slots=True)
class Received:
    """A request.

    Attributes:
        event_id: Of its header.
        type: Of the event.
        data: Of the event.
        at: When it came, by the monotonic clock.
        headers: All of them, names in small letters.
    """

    event_id: str
    type: str
    data: dict[str, Any]
    at: float
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        status: HTTP status.
        headers: Beside the length.
        body: Content.
        after_seconds: How long the receiver thinks before it answers.
    """

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_seconds: float = 0.0


OK = Reply()


class Receiver:
    """Serves while the `with` block runs, each request on a thread of its own.

    Args:
        reply: Returns the answer to a request.
        secret: What requests must be signed with.
        port: 0: a free one.
    """

    def __init__(
        self, reply: Callable[[Received], Reply] = lambda _: OK, *, secret: str = SECRET, port: int = 0
    ) -> None:
        self.received: list[Received] = []
        self._judge = Webhook(secret)
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received = receiver._take(dict(self.headers), body)
                answer = reply(received)
                if receiver._stopping.wait(answer.after_seconds):
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: object) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on; each handshake is made on the thread of its request."""
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What events are sent to, with a token that no log may show."""
        return f"http://127.0.0.1:{self.port}/hooks/path-token?key=query-token"

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to know."""
        return {"WEBHOOK_URLS": self.url, "WEBHOOK_SECRETS": SECRET, "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1"}

    def of(self, stream_id: str) -> list[Received]:
        """Give what came about a stream, in the order in which it came."""
        with self._changed:
            return [each for each in self.received if each.data["stream_id"] == stream_id]

    def told(self, stream_id: str) -> list[str]:
        """Give the types of what came about a stream, each id once, in the order of their sequence."""
        events = {each.event_id: each for each in reversed(self.of(stream_id))}
        return [each.type for each in sorted(events.values(), key=lambda each: each.data["sequence"])]

    def wait_until(self, holds: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something holds, which may change with each request."""
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            assert left > 0, f"came: {[(each.type, each.data) for each in self.received]}"
            with self._changed:
                self._changed.wait(min(left, 0.1))

    def wait_for(self, stream_id: str, event_type: str, seconds: float = 30.0) -> Received:
        """Wait for an event of a stream, and give the last one."""
        self.wait_until(lambda: any(each.type == event_type for each in self.of(stream_id)), seconds)
        return [each for each in self.of(stream_id) if each.type == event_type][-1]

    def _take(self, headers: dict[str, str], body: bytes) -> Received:
        names = {name.lower(): value for name, value in headers.items()}
        payload = self._judge.verify(body, names)
        assert payload == json.loads(body)
        received = Received(names["webhook-id"], payload["type"], payload["data"], time.monotonic(), names)
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()
        return received
