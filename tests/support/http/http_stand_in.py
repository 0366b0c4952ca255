"""HTTP services of a test's own, on a free port, for what speaks to somebody else's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

# Takes method, path without its query, and body; gives the content of a 200, or None for a 404.
Respond = Callable[[str, str, bytes], bytes | None]

NOT_FOUND = b'{"kind": "Status", "code": 404, "reason": "NotFound"}'


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Attributes:
        method: HTTP method.
        path: With its query.
        content_type: Empty: not said.
        body: Without its framing.
    """

    method: str
    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        status: HTTP status.
        content: Of type JSON.
    """

    status: int
    content: bytes


@contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """Serve while the `with` block runs, each request on a thread of its own; give the URL."""

    def answer(request: Request) -> Answer:
        content = respond(request.method, request.path.partition("?")[0], request.body)
        return Answer(404, NOT_FOUND) if content is None else Answer(200, content)

    with answering(answer) as base:
        yield base


@contextmanager
def answering(answer: Callable[[Request], Answer]) -> Iterator[str]:
    """Serve likewise what has a status of its own for each request; give the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_PUT(self) -> None:
            self._respond()

        def do_PATCH(self) -> None:
            self._respond()

        def do_DELETE(self) -> None:
            self._respond()

        def _respond(self) -> None:
            content_type = self.headers.get("Content-Type", "")
            given = answer(Request(self.command, self.path, content_type, self._body()))
            self.send_response(given.status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(given.content)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            return body

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with _running(Handler) as base:
        yield base


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """Serve the files of a folder likewise; give the URL."""
    with _running(partial(_Files, directory=str(folder))) as base:
        yield base


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def _running(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as service:
        thread = Thread(target=service.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{service.server_port}"
        finally:
            service.shutdown()
            thread.join()
