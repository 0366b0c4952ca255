"""A real server in a process of its own, as it is or with longer pages. Used by the measurements only."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 20.0
STOP_SECONDS = 10.0

_SERVE = """
import sys
from audiocast.cli import main
sys.exit(main(["serve"]))
"""
# No setting does this: pages for listeners are as long as the source's.
_LIFT_BOUND = """
from audiocast.stream import splice
splice.MAX_PAGE_SAMPLES = {}
"""


@dataclass(frozen=True)
class MeasuredStream:
    """A stream that was started for a measurement.

    Attributes:
        ingest_url: Where to post, key included.
        stream_url: Where to listen.
    """

    ingest_url: str
    stream_url: str


class ServerProcess:
    """Runs while the `with` block does, on free ports of the loopback address.

    Args:
        log: File for what it writes.
        page_samples: The longest page that listeners get, in 48 kHz samples; None for the server's own bound.
    """

    def __init__(self, log: Path, *, page_samples: int | None = None) -> None:
        self._log = log
        self._program = _SERVE if page_samples is None else _LIFT_BOUND.format(page_samples) + _SERVE
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def __enter__(self) -> Self:
        settings = {"HOST": "127.0.0.1", "INTERNAL_HOST": "127.0.0.1", "PORT": "0", "INTERNAL_PORT": "0"}
        settings |= {"LOG_FORMAT": "json", "PATH": os.environ.get("PATH", "")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([sys.executable, "-c", self._program], stderr=log, env=settings)
        self._port = self._wait_until_serving()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(STOP_SECONDS)

    def start_stream(self) -> MeasuredStream:
        """Ask for a stream."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/api/start", method="POST")
        with urllib.request.urlopen(request, timeout=STOP_SECONDS) as response:
            started = json.load(response)
        return MeasuredStream(
            ingest_url=f"{started['ingest_url']}?key={started['ingest_key']}",
            stream_url=started["stream_url"],
        )

    def _wait_until_serving(self) -> int:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in self._log.read_text().splitlines():
                if '"serving"' in line:
                    return int(json.loads(line)["port"])
            time.sleep(0.05)
        raise RuntimeError(f"the server did not start:\n{self._log.read_text()[-2000:]}")
