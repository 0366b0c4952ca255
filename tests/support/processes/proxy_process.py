"""A real reverse proxy as `deploy/` ships its configuration, changed in nothing but addresses and paths."""

import abc
import re
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.network.certificates import make_pair
from tests.support.network.ports import free_ports
from tests.support.processes.server import Started

DEPLOY = Path(__file__).parents[3] / "deploy"
HOST = "127.0.0.1"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
START_SECONDS = 10.0
STOP_SECONDS = 10.0

# A regular expression that is found once in the shipped file, and what a test has instead.
Change = tuple[str, str]


class ProxyProcess(abc.ABC):
    """Runs while the `with` block does, on free ports of the loopback address.

    Args:
        folder: Where its files go; of its own.
        upstream_port: The server's public port.
        connections: How many clients it has room for.
    """

    def __init__(self, folder: Path, upstream_port: int, *, connections: int = 200) -> None:
        self.folder = folder
        self.port, self.tls_port, self.source_port = free_ports(3)
        self.log = folder / "log"
        self._upstream_port = upstream_port
        self._connections = connections
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(exist_ok=True)
        self._pair = make_pair(self.folder)
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                self.command(), env={"PATH": SYSTEM_PATH}, stdout=output, stderr=output
            )
        self._wait_until_serving()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(STOP_SECONDS)

    @abc.abstractmethod
    def command(self) -> list[str]:
        """Write the configuration, give the command that runs it in the foreground."""

    @property
    def pid(self) -> int:
        """Of its first process; others are its children."""
        assert self._process is not None
        return self._process.pid

    @property
    def certificate(self) -> Path:
        """The file that vouches for `tls_base`."""
        return self._pair.certificate

    @property
    def base(self) -> str:
        """URL of the plain port."""
        return f"http://{HOST}:{self.port}"

    @property
    def tls_base(self) -> str:
        """URL of the HTTPS port; `certificate` vouches for it."""
        return f"https://{HOST}:{self.tls_port}"

    def keyed_url(self, stream: Started) -> str:
        """Give the URL for a framed POST through this proxy."""
        return f"{self.base}/ingest/{stream.stream_id}?key={stream.ingest_key}"

    def _wait_until_serving(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except ConnectionRefusedError:
                assert self._process is not None
                said = (self.folder / "output").read_text()
                assert self._process.poll() is None, f"the proxy did not start:\n{said}"
                assert time.monotonic() < deadline, f"the proxy takes no connections:\n{said}"
                time.sleep(0.02)
            else:
                return


def changed(shipped: str, changes: Sequence[Change]) -> str:
    """Give what is shipped with a test's addresses and paths."""
    for pattern, replacement in changes:
        shipped, count = re.subn(pattern, replacement, shipped, flags=re.MULTILINE)
        assert count == 1, f"expected one {pattern!r} in what is shipped, got {count}"
    return shipped
