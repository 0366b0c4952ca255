"""Where other members may be: addresses of internal ports, from a list, from DNS or from Kubernetes.

`membership` finds out which of them are members.

`PEERS` is empty (alone), `host:port,...`, `dns+NAME:PORT` (a headless Service: each address of the name), or
`k8s+SERVICE[:PORT]` (a Service's EndpointSlices, with the port's number or name there).
"""

import asyncio
import re
import socket
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import structlog

from audiocast.cluster.discovery.address_resolver import AddressResolver
from audiocast.cluster.discovery.kubernetes_peers import KubernetesPeers
from audiocast.cluster.discovery.pod import Pod
from audiocast.cluster.protocol import format_address

log = structlog.get_logger()

DNS_SECONDS = 2.0
DNS_PREFIX = "dns+"
KUBERNETES_PREFIX = "k8s+"

# Names as RFC 1035 (Services) and RFC 6335 (their ports) have them.
SERVICE = re.compile(r"(?P<name>[a-z]([a-z0-9-]{0,61}[a-z0-9])?)(:(?P<port>[a-z0-9-]{1,15}))?")


class Discovery(Protocol):
    """A source of addresses."""

    def answers(self) -> AsyncGenerator[Sequence[str], None]:
        """Yield all addresses, and again when they may have changed.

        Each is "host:port"; this member's own may be among them. Nothing comes while they are not known. When
        the iteration ends, they do not change any more.
        """


class StaticPeers:
    """A fixed list.

    Args:
        addresses: Each "host:port".
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = list(addresses)

    async def answers(self) -> AsyncGenerator[Sequence[str], None]:
        """Yield the list, once."""
        yield self._addresses


class DnsPeers:
    """All addresses of a name in DNS, looked up every `DNS_SECONDS`.

    Args:
        name: A DNS name with an address for each member.
        port: Internal port of every member.
    """

    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port
        self._resolver = AddressResolver()
        self._is_known = True

    async def answers(self) -> AsyncGenerator[Sequence[str], None]:
        """Yield all addresses after each look-up.

        A name without addresses is an answer; a resolver that fails gives none.
        """
        while True:
            addresses = await self._resolve()
            if addresses is not None:
                yield addresses
            await asyncio.sleep(DNS_SECONDS)

    async def _resolve(self) -> list[str] | None:
        try:
            found = await self._resolver.resolve(self._name, self._port)
        except socket.gaierror as error:
            if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
                self._note_known(False)
                return []
            log.warning("peers_not_resolved", name=self._name, error=error.strerror)
            return None
        self._note_known(True)
        hosts = dict.fromkeys(address[0] for _, address in found)
        return [format_address(str(host), self._port) for host in hosts]

    def _note_known(self, is_known: bool) -> None:
        """Log once that the name has no address: it may be misspelt, and this member is alone by it."""
        if self._is_known and not is_known:
            log.warning(
                "peers_name_unknown", name=self._name, hint="no member was found by PEERS; is it misspelt?"
            )
        self._is_known = is_known


def parse_peers(peers: str, *, pod: Pod, internal_port: int) -> Discovery | None:
    """Return what `PEERS` describes; None for a server that is alone.

    Args:
        peers: One of the forms at the top of this module.
        pod: Asks Kubernetes.
        internal_port: This server's own, and so every pod's unless `peers` says otherwise.

    Raises:
        ValueError: `peers` has none of these forms.
    """
    if not peers.strip():
        return None
    if peers.startswith(KUBERNETES_PREFIX):
        service, port = _service(peers.removeprefix(KUBERNETES_PREFIX))
        return KubernetesPeers(service, port or internal_port, pod)
    if peers.startswith(DNS_PREFIX):
        host, number = _split(peers.removeprefix(DNS_PREFIX))
        return DnsPeers(host, number)
    addresses = [part.strip() for part in peers.split(",") if part.strip()]
    for address in addresses:
        _split(address)
    return StaticPeers(addresses)


def _service(text: str) -> tuple[str, int | str]:
    found = SERVICE.fullmatch(text)
    port = (found and found["port"]) or ""
    if found is None or (port.isdigit() and not 0 < int(port) < 65536):
        raise ValueError(f"expected SERVICE or SERVICE:PORT, got {text[:100]!r}")
    return found["name"], int(port) if port.isdigit() else port


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"expected host:port, got {address[:100]!r}")
    return host, int(port)
