"""Some real servers that are members of one cluster, to be killed, stopped and drained by tests."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from audiocast.cluster.ring import order
from audiocast.cluster.signature import HEADER, Signer
from tests.server import AudiocastServer, Started

SECRET = "a-secret-of-the-cluster"
SETTLE_SECONDS = 10.0


class Members:
    """Starts them together, on free ports, each with the whole list of peers.

    Args:
        folder: For their logs.
        count: How many are on the list.
        start: How many of them to start; all of them unless said otherwise.
        settings: Of each.
    """

    def __init__(
        self, folder: Path, count: int = 3, *, start: int | None = None, **settings: str | int | float
    ) -> None:
        self._folder = folder
        self._ports = {f"m{number}": port for number, port in enumerate(_free_ports(count))}
        self._settings = settings
        self._servers = {name: self._member(name) for name in self._ports}
        self._started = self.names[:start]

    def __enter__(self) -> Self:
        # All at once: a member that finds nobody at its start waits for nobody either.
        servers = [self._servers[name] for name in self._started]
        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(AudiocastServer.__enter__, servers))
        self.wait_for_view(self._started)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor(len(self._servers)) as pool:
            list(pool.map(_end, self._servers.values()))

    def __getitem__(self, name: str) -> AudiocastServer:
        return self._servers[name]

    @property
    def names(self) -> list[str]:
        """All, dead or alive."""
        return list(self._servers)

    def start(self, name: str, **settings: str | int | float) -> None:
        """Start a member that was not, or is not any more."""
        self._servers[name] = self._member(name, **settings)
        self._servers[name].__enter__()

    def start_stream(self, *, owner: str, at: str) -> Started:
        """Ask one member for a stream whose owner will be another one, or itself."""
        while True:
            started = self[at].start_stream()
            if order(started.stream_id, self.names)[0] == owner:
                return started

    def wait_for_view(self, names: list[str], of: list[str] | None = None) -> None:
        """Wait until members think that the ring is these."""
        deadline = time.monotonic() + SETTLE_SECONDS
        for name in of or names:
            while (seen := self.ring(name)) != sorted(names):
                assert time.monotonic() < deadline, f"expected {name} to see {names}, it sees {seen}"
                time.sleep(0.05)

    def call(self, name: str, method: str, target: str, *, secret: str = SECRET) -> requests.Response:
        """Ask a member something as another one would."""
        url = f"http://127.0.0.1:{self[name].internal_port}{target}"
        headers = {HEADER: Signer([secret], "a-test").sign(method, target, time.time())}
        return requests.request(method, url, headers=headers, timeout=5)

    def ring(self, name: str) -> list[str]:
        """Give the ring as one member sees it."""
        url = f"http://127.0.0.1:{self[name].internal_port}/internal/status"
        members: list[str] = requests.get(url, timeout=5).json()["ring"]
        return members

    def _member(self, name: str, **settings: str | int | float) -> AudiocastServer:
        peers = ",".join(f"127.0.0.1:{port}" for port in self._ports.values())
        usual: dict[str, str | int | float] = {
            "NODE_NAME": name,
            "INTERNAL_PORT": self._ports[name],
            "PEERS": peers,
            "SECRET_KEYS": SECRET,
        }
        return AudiocastServer(self._folder / f"{name}.log", **{**usual, **self._settings, **settings})


def _end(server: AudiocastServer) -> None:
    if server.is_running:
        server.stop()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
