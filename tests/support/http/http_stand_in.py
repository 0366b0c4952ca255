"""HTTP services of a test's own, on a free port, for what speaks to somebody else's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

# Takes method, path without its query, and body; gives the content of a 200, or None for a 404.
Respond = Callable[[str, str, bytes], bytes | None]


@contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """Serve while the `with` block runs, each request on a thread of its own; give the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_DELETE(self) -> None:
            self._respond()

        def _respond(self) -> None:
            content = respond(self.command, self.path.partition("?")[0], self._body())
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content or b'{"kind": "Status", "code": 404, "reason": "NotFound"}')

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
