"""A real `audiocast serve` in a process of its own, for tests of every kind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.support.processes.forked import ForkedServer

# Patience only, for seven at a time where other programs want both processors; one that ends is told at once.
START_SECONDS = 60.0
# After its drain, for which a member of a cluster takes its time.
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Started:
    """What `POST /api/start` has answered."""

    stream_id: str
    ingest_key: str
    ingest_url: str
    listen_url: str
    stream_url: str
    qr_url: str
    local_url: str | None = None
    access_code: str | None = None

    @property
    def keyed_url(self) -> str:
        """The ingest URL with the key in it."""
        return f"{self.ingest_url}?key={self.ingest_key}"


class AudiocastServer:
    """Starts the server on free ports, stops it by SIGTERM.

    Args:
        log: File for what it writes.
        settings: Environment names and values; and `program`, a module whose command `serve` is run. Without
            it, and without a variable of Python's own, which one that runs does not read, the server is a
            fork, which starts in a tenth of the time.
    """

    def __init__(self, log: Path, **settings: str | int | float) -> None:
        self.log = log
        is_for_python = any(name.startswith("PYTHON") for name in settings)
        self._program = str(settings.pop("program", "audiocast" if is_for_python else ""))
        self._settings = {
            "HOST": "127.0.0.1",
            "INTERNAL_HOST": "127.0.0.1",
            "PORT": "0",
            "INTERNAL_PORT": "0",
            "LOG_FORMAT": "json",
        } | {name: str(value) for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | ForkedServer | None = None
        self.port = 0
        self.internal_port = 0
        self.tls_port = 0

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            start = log.tell()
            environment = {"PATH": os.environ.get("PATH", ""), **self._settings}
            if self._program:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", self._program, "serve"], stderr=log, env=environment
                )
            else:
                self._process = ForkedServer(environment, log)
        try:
            self._wait_until_serving(start)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base(self) -> str:
        """URL of the public port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_base(self) -> str:
        """URL of the port with TLS."""
        return f"https://localhost:{self.tls_port}"

    @property
    def pid(self) -> int:
        """Of the server's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, give the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            return self._process.wait(STOP_SECONDS + float(self._settings.get("DRAIN_SECONDS", 0)))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def start_stream(self, **body: str | bool) -> Started:
        """Ask for a stream."""
        response = requests.post(f"{self.base}/api/start", json=body or None, timeout=10)
        assert response.status_code == 201, response.text
        return Started(**response.json())

    def edit_stream(self, started: Started, **edit: str | bool) -> None:
        """Change a stream, as its broadcaster does."""
        url = f"{self.base}/api/streams/{started.stream_id}?key={started.ingest_key}"
        response = requests.patch(url, json=edit, timeout=10)
        assert response.status_code == 204, response.text

    def state(self, stream_id: str) -> dict[str, Any]:
        """Give one stream's state."""
        state: dict[str, Any] = requests.get(f"{self.base}/api/streams/{stream_id}", timeout=10).json()
        return state

    def wait_for_state(self, stream_id: str, state: str, seconds: float = 15.0) -> dict[str, Any]:
        """Wait until a stream is in a state."""
        deadline = time.monotonic() + seconds
        while (last := self.state(stream_id)).get("state") != state:
            assert time.monotonic() < deadline, f"expected state {state}, still {last}"
            time.sleep(0.05)
        return last

    def wait_until_live(self, started: Started, seconds: float = 30.0) -> None:
        """Wait until a stream is on, as its broadcaster sees it: others may not see a private one."""
        url = f"{self.base}/api/streams/{started.stream_id}"
        deadline = time.monotonic() + seconds
        while requests.get(url, params={"key": started.ingest_key}, timeout=10).json().get("state") != "live":
            assert time.monotonic() < deadline, "expected a stream that is live"
            time.sleep(0.05)

    def status(self) -> dict[str, Any]:
        """Give what the server says of itself on its internal port."""
        url = f"http://127.0.0.1:{self.internal_port}/internal/status"
        status: dict[str, Any] = requests.get(url, timeout=5).json()
        return status

    def metric(self, name: str, labels: str = "") -> float:
        """Give one sample of `/metrics`; `labels` as they are written there, with braces."""
        text = requests.get(f"http://127.0.0.1:{self.internal_port}/metrics", timeout=10).text
        found = re.search(rf"^{re.escape(name + labels)} (\S+)$", text, re.MULTILINE)
        assert found, f"no sample {name}{labels}"
        return float(found[1])

    def events(self) -> list[dict[str, Any]]:
        """Give the log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def _wait_until_serving(self, start: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            with self.log.open("rb") as log:
                log.seek(start)
                for line in log.read().splitlines():
                    if b'"serving"' in line:
                        event = json.loads(line)
                        self.port, self.internal_port = event["port"], event["internal_port"]
                        self.tls_port = event.get("tls_port", 0)
                        with urllib.request.urlopen(f"http://127.0.0.1:{self.internal_port}/readyz"):
                            return
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-2000:]}")
