"""Some real servers that are members of one cluster, to be killed, stopped, cut off and drained by tests."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from audiocast.cluster.protocol import PROTOCOL_HEADER, PROTOCOL_VERSION, SIGNATURE_HEADER, PeerRequest
from audiocast.cluster.ring import order
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.signer import Signer
from tests.cluster.partitions import PartitionedNetwork
from tests.support.network.ports import free_ports
from tests.support.processes.server import AudiocastServer, Started

SECRET = "a-secret-of-the-cluster"
SETTLE_SECONDS = 20.0

Setting = str | int | float


class Members:
    """Starts them together, on free ports, each with the whole list of peers.

    Args:
        folder: For their logs.
        count: How many are on the list.
        start: How many of them to start; all of them unless said otherwise.
        is_partitionable: They reach each other over `network` only.
        settings: Of each.
    """

    def __init__(
        self,
        folder: Path,
        count: int = 3,
        *,
        start: int | None = None,
        is_partitionable: bool = False,
        **settings: Setting,
    ) -> None:
        self._folder = folder
        self._ports = {f"m{number}": port for number, port in enumerate(free_ports(count))}
        self._settings = settings
        self._servers: dict[str, AudiocastServer] = {}
        self._started = self.names[:start]
        self._network = PartitionedNetwork(self._ports) if is_partitionable else None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._network is not None:
            self._stack.enter_context(self._network)
        self._servers = {name: self._member(name) for name in self._ports}
        # All at once: a member that finds nobody at its start waits for nobody either.
        servers = [self._servers[name] for name in self._started]
        self._stack.callback(self._end)
        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(AudiocastServer.__enter__, servers))
        self.wait_for_view(self._started)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __getitem__(self, name: str) -> AudiocastServer:
        return self._servers[name]

    @property
    def names(self) -> list[str]:
        """All, dead or alive."""
        return list(self._ports)

    @property
    def network(self) -> PartitionedNetwork:
        """What connects them, if they were made to be partitioned."""
        assert self._network is not None
        return self._network

    def start(self, name: str, **settings: Setting) -> None:
        """Start a member that was not, or is not any more."""
        self._servers[name] = self._member(name, **settings)
        self._servers[name].__enter__()

    def revive(self) -> None:
        """Start the members that a test before has killed."""
        for name in self.names:
            if not self[name].is_running:
                self.start(name)
        self.wait_for_view(self.names)

    def start_stream(self, *, owner: str, at: str, heir: str = "", visibility: str = "public") -> Started:
        """Ask one member for a stream whose owner will be another one, or itself; and who is next, maybe."""
        while True:
            started = self[at].start_stream(visibility=visibility)
            first, second, *_ = order(started.stream_id, self.names)
            if first == owner and heir in ("", second):
                return started

    def keyed_url(self, started: Started, *, at: str) -> str:
        """Give where a stream's encoder connects to another member than the one that has started it."""
        return f"{self[at].base}/ingest/{started.stream_id}?key={started.ingest_key}"

    def wait_for_view(self, names: list[str], of: list[str] | None = None) -> None:
        """Wait until members think that the ring is these."""
        deadline = time.monotonic() + SETTLE_SECONDS
        for name in of or names:
            while (seen := self.ring(name)) != sorted(names):
                assert time.monotonic() < deadline, f"expected {name} to see {names}, it sees {seen}"
                time.sleep(0.05)

    def wait_for_owner(self, stream_id: str, owner: str, seconds: float, of: list[str] | None = None) -> None:
        """Wait until members agree on a stream's owner."""
        deadline = time.monotonic() + seconds
        for name in of or self.names:
            while (seen := self[name].state(stream_id).get("owner")) != owner:
                assert time.monotonic() < deadline, f"expected {owner} to own it, {name} says {seen}"
                time.sleep(0.05)

    def wait_for_metric(self, name: str, metric: str, value: float) -> None:
        """Wait until a member's metric has a value."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (seen := self[name].metric(metric)) != value:
            assert time.monotonic() < deadline, f"expected {metric} of {name} to be {value}, it is {seen}"
            time.sleep(0.05)

    def call(
        self, name: str, method: str, target: str, *, secret: str = SECRET, **request: Any
    ) -> requests.Response:
        """Ask a member something as another one would; what it answers to a member, it has signed."""
        url = f"http://127.0.0.1:{self[name].internal_port}{target}"
        headers = {PROTOCOL_HEADER: str(PROTOCOL_VERSION), **request.pop("headers", {})}
        prepared = requests.Request(method, url, headers=headers, **request).prepare()
        body = prepared.body or b""
        content = body if isinstance(body, bytes) else body.encode()
        signer = member_signer(secret)
        sent = PeerRequest(method, target, headers, content)
        signature = signer.sign_request(sent, self.identity(name), time.time())
        prepared.headers[SIGNATURE_HEADER] = str(signature)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.send(prepared, timeout=5)
        if secret == SECRET:
            proven = signer.check_answer(signature, answer.status_code, answer.headers, answer.content)
            assert proven.sender == self.identity(name)
        return answer

    def port(self, name: str) -> int:
        """Give the internal port that a member has, or would have."""
        return self._ports[name]

    def identity(self, name: str) -> Identity:
        """Give who a member's process is."""
        return Identity(name, self[name].status()["instance"])

    def ring(self, name: str) -> list[str]:
        """Give the ring as one member sees it."""
        members: list[str] = self[name].status()["ring"]
        return members

    def complaints(self) -> list[str]:
        """Give what any member has logged as an error so far, or written past its log, as tracebacks are."""
        return [
            line
            for server in self._servers.values()
            if server.log.exists()
            for line in server.log.read_text().splitlines()
            if not line.startswith("{") or json.loads(line)["level"] in ("error", "critical")
        ]

    def _member(self, name: str, **settings: Setting) -> AudiocastServer:
        peers = ",".join(f"127.0.0.1:{port}" for port in self._ports.values())
        usual: dict[str, Setting] = {
            "NODE_NAME": name,
            "INTERNAL_PORT": self._ports[name],
            "PEERS": peers if self._network is None else self._network.peers_of(name),
            "SECRET_KEYS": SECRET,
        }
        return AudiocastServer(self._folder / f"{name}.log", **{**usual, **self._settings, **settings})

    def _end(self) -> None:
        # Nobody is left to move to: drained all together they would only wait for each other.
        with ThreadPoolExecutor(len(self._servers)) as pool:
            list(pool.map(_kill, self._servers.values()))


def member_signer(secret: str = SECRET) -> Signer:
    """Give what another member would sign with."""
    return Signer([secret], Identity.of_new_process("a-test"))


def _kill(server: AudiocastServer) -> None:
    if server.is_running:
        server.stop(signal.SIGKILL)
