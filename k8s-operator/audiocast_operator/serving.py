"""The operator's own HTTP: probes for the kubelet, metrics for Prometheus. In threads, beside the event loop.

It listens on all addresses that the pod has, IPv4 or IPv6 or both: a cluster may have either alone.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import structlog

log = structlog.get_logger()

TEXT = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """An answer.

    Attributes:
        status: HTTP status.
        body: Its body.
        content_type: What the body is.
    """

    status: int
    body: bytes
    content_type: str = TEXT


Routes = Mapping[str, Callable[[], Answer]]


class OwnServer(ThreadingHTTPServer):
    """Answers `GET` of some paths until it is closed.

    Args:
        port: Where it listens; 0: the system chooses.
        routes: By path: what makes the answer. It runs in a thread of its own.

    Raises:
        OSError: Somebody else has the port.
    """

    daemon_threads = True

    def __init__(self, port: int, routes: Routes) -> None:
        try:
            self.address_family = socket.AF_INET6
            super().__init__(("::", port), _handler(routes))
        except OSError:
            # A node without IPv6; if it is the port that is taken, this says so.
            self.address_family = socket.AF_INET
            super().__init__(("0.0.0.0", port), _handler(routes))
        threading.Thread(target=self.serve_forever, name="own-http", daemon=True).start()

    def server_bind(self) -> None:
        """Bind to both families where there are both."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # The base class asks DNS for a name, which nothing here needs.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "", int(self.server_address[1])

    def close(self) -> None:
        """Stop answering."""
        self.shutdown()
        self.server_close()


def _handler(routes: Routes) -> type[BaseHTTPRequestHandler]:
    class ProbeHandler(BaseHTTPRequestHandler):
        """One request."""

        timeout = 5

        def do_GET(self) -> None:
            """Answer with what the route makes."""
            make = routes.get(self.path.partition("?")[0])
            try:
                answer = make() if make is not None else Answer(404, b"not found\n")
            except Exception:
                log.exception("bug", path=self.path)
                answer = Answer(500, b"a bug; see the log\n")
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Log nothing: probes and scrapes come every few seconds."""

    return ProbeHandler
