"""A station's own program that is asked who may listen and who may broadcast."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs


class AuthProgram:
    """Listens on a free port of loopback, and answers as it is told.

    Attributes:
        questions: The fields of each question, of JSON or of a form; and the Bearer token as "bearer".
        answer: What it answers as JSON.
        headers: Sent beside it.
        status: Of the answer.
        delay_seconds: How long it takes.
    """

    def __init__(self) -> None:
        self.questions: list[dict[str, Any]] = []
        self.answer: Any = {"allowed": True}
        self.headers: dict[str, str] = {}
        self.status = 200
        self.delay_seconds = 0.0
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.headers["Content-Type"] == "application/json":
                    fields = json.loads(body)
                else:
                    fields = {name: values[-1] for name, values in parse_qs(body).items()}
                bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                program.questions.append(fields | ({"bearer": bearer} if bearer else {}))
                time.sleep(program.delay_seconds)
                said = json.dumps(program.answer).encode()
                self.send_response(program.status)
                for name, value in program.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Be away; again: nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/auth"
