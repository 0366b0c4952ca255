"""Pods of a simulated cluster that are real servers, members of one real audiocast cluster on loopback."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from audiocast.rules_file import FIRST_LINE, LINKS_FIRST_LINE, LINKS_SUFFIX
from audiocast.stream.hub_state import Rule
from tests.operator.simulated.pod import SimulatedPod
from tests.support.network.ports import free_ports
from tests.support.processes.server import AudiocastServer

MOST_MEMBERS = 6
POLL_SECONDS = 0.1


@dataclass
class RealPod(SimulatedPod):
    """One server; what it says of itself is asked again and again, as the kubelet does.

    Attributes:
        server: Its process.
        internal_port: Where it is asked.
        rules_file: What it reads of streams at its start.
    """

    server: AudiocastServer = field(kw_only=True)
    internal_port: int = field(kw_only=True)
    rules_file: Path = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rules_file.write_text(f"{FIRST_LINE}\n")

    def hold_to(self, stream_id: str, rule: Rule) -> None:
        """Write a rule into the file, as the kubelet mounts it."""
        words = [stream_id, str(rule.generation)]
        words += ["suspended"] if rule.is_suspended else []
        words += ["ended"] if rule.is_ended else []
        with self.rules_file.open("a") as file:
            file.write(f"{' '.join(words)}\n")
        if rule.links_revoked_at_ms:
            beside = self.rules_file.with_name(self.rules_file.name + LINKS_SUFFIX)
            lines = beside.read_text() if beside.exists() else f"{LINKS_FIRST_LINE}\n"
            beside.write_text(f"{lines}{stream_id} {rule.links_revoked_at_ms}\n")

    def start(self) -> int:
        """Start the process; give its internal port."""
        self.is_ready = False
        self.server.__enter__()
        self._asking = asyncio.create_task(self._ask())
        return self.internal_port

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """End it as the kubelet does."""
        self._asking.cancel()
        await asyncio.to_thread(self.server.stop, number)

    async def kill(self) -> None:
        """End it at once."""
        await self.stop(signal.SIGKILL)

    async def _ask(self) -> None:
        base = f"http://{self.host}:{self.internal_port}"
        async with httpx2.AsyncClient(trust_env=False, base_url=base) as client:
            while True:
                before = (self.is_ready, self.drain, self.listeners)
                self.is_ready = (await client.get("/readyz")).is_success
                told: dict[str, Any] = (await client.get("/internal/status")).json()
                self.drain, self.listeners = told["drain"]["state"], told["listeners"]
                if before != (self.is_ready, self.drain, self.listeners):
                    self.on_change()
                await asyncio.sleep(POLL_SECONDS)


class RealPods:
    """Makes pods that are real servers.

    Args:
        folder: Where their logs are written.
        most_members: How many there may be, one after the other.
        settings: Settings of each server.
    """

    def __init__(self, folder: Path, *, most_members: int = MOST_MEMBERS, **settings: str | int) -> None:
        self._folder = folder
        self._settings = settings
        self._ports = free_ports(most_members)
        self._unused = iter(self._ports)

    def __call__(self, name: str, secrets: tuple[str, ...], on_change: Callable[[], None]) -> RealPod:
        """Start a pod at an address that no pod had before."""
        port = next(self._unused)
        rules_file = self._folder / f"{name}-{port}.rules"
        server = AudiocastServer(
            self._folder / f"{name}-{port}.log",
            STREAM_RULES_FILE=str(rules_file),
            NODE_NAME=name,
            INTERNAL_PORT=port,
            SECRET_KEYS=",".join(secrets),
            **self.discovery(name),
            **self._settings,
        )
        return RealPod(
            name,
            "127.0.0.1",
            secrets,
            on_change,
            server=server,
            internal_port=port,
            rules_file=rules_file,
        )

    def discovery(self, name: str) -> Mapping[str, str | int]:
        """Return the settings by which a new pod finds members: all addresses that pods will ever have."""
        return {"PEERS": ",".join(f"127.0.0.1:{each}" for each in self._ports)}
