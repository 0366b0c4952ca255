"""Where other members may be: addresses of internal ports, from a list or from DNS.

Who is really there is found out by `membership`.

`PEERS` is empty (alone), `host:port,...`, or `dns+NAME:PORT` (a headless Service: each address of the name).
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Protocol

import structlog

log = structlog.get_logger()

DNS_SECONDS = 2.0
DNS_PREFIX = "dns+"


class Discovery(Protocol):
    """A source of addresses."""

    interval_seconds: float
    """How long an answer is good."""

    async def addresses(self) -> Sequence[str] | None:
        """Give all addresses ("host:port", this member's own may be among them); None: unknown just now."""


class StaticPeers:
    """A fixed list.

    Args:
        addresses: Each "host:port".
    """

    interval_seconds = 3600.0

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = list(addresses)

    async def addresses(self) -> Sequence[str]:
        """Give the list."""
        return self._addresses


class DnsPeers:
    """All addresses of a name, asked for again and again.

    Args:
        name: In DNS.
        port: Internal port of every member.
    """

    interval_seconds = DNS_SECONDS

    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port

    async def addresses(self) -> Sequence[str] | None:
        """Ask the resolver. A name without addresses is an answer; a resolver that fails is none."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
                return []
            log.warning("peers_not_resolved", name=self._name, error=error.strerror)
            return None
        hosts = dict.fromkeys(address[0] for *_, address in found)
        return [f"[{host}]:{self._port}" if ":" in str(host) else f"{host}:{self._port}" for host in hosts]


def discovery(peers: str) -> Discovery | None:
    """Read `PEERS`; None for a server that is alone.

    Raises:
        ValueError: It is not of the forms above.
    """
    if not peers.strip():
        return None
    if peers.startswith(DNS_PREFIX):
        host, port = _split(peers.removeprefix(DNS_PREFIX))
        return DnsPeers(host, port)
    addresses = [part.strip() for part in peers.split(",") if part.strip()]
    for address in addresses:
        _split(address)
    return StaticPeers(addresses)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"expected host:port, got {address[:100]!r}")
    return host, int(port)
