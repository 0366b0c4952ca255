"""What every server that is compared has: it is started on the server's core, and says where audio goes."""

import abc
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from loadtest.bench.processes import SERVER_CORE, on_core

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 20.0


class Contender(abc.ABC):
    """One server; it runs while the `with` block does.

    Args:
        folder: For its files; readable by everybody, since Icecast does not stay root.
        streams: How many it will carry.

    Attributes:
        name: For tables.
        gentle_pause_ms: Between two listeners that come gently.
        steady_seconds: So long after its listeners have joined, it does the same in each second.
        tls: Its listeners speak TLS. Its source does not.
        port: Where listeners go.
        pid: Of its (first) process.
    """

    name: str
    tls = False
    gentle_pause_ms = 1
    steady_seconds = 1.0
    port = 0
    pid = 0

    def __init__(self, folder: Path, *, streams: int = 1) -> None:
        self.folder = folder
        self.streams = streams

    def __enter__(self) -> Self:
        with on_core(SERVER_CORE):
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abc.abstractmethod
    def start(self) -> None:
        """Start it, and wait until it serves."""

    @abc.abstractmethod
    def stop(self) -> None:
        """End it, and wait until it has ended."""

    @abc.abstractmethod
    def source_urls(self) -> list[str]:
        """Give where the sources go, in the order of `paths`; see `loadtest.source`."""

    @abc.abstractmethod
    def paths(self) -> list[str]:
        """Give the paths that listeners ask for. After `source_urls`."""

    @property
    def pids(self) -> list[int]:
        """All processes that are counted as this server, without their children."""
        return [self.pid]

    def skips(self) -> int:
        """Give how many times it has moved a slow listener ahead, and hidden it in the page numbers."""
        return 0


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
