"""The address at which other devices in the same network reach this machine.

A page that was opened as localhost shows links that work on this computer alone. Nothing is sent to find out:
the system is asked for the addresses of its interfaces, and for the one that it would send from.
"""

import fcntl
import ipaddress
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from audiocast.web.http.addresses.trusted_proxies import IPAddress, parse_address

# Interfaces whose other end is in this machine: containers and virtual machines.
_INNER = (
    "lo",
    "docker",
    "br-",
    "veth",
    "virbr",
    "cni",
    "flannel",
    "cali",
    "lxc",
    "lxd",
    "podman",
    "vmnet",
    "vbox",
)

# Tunnels, whose other end is a network that the phone beside this computer is not in.
_TUNNELS = ("tun", "tap", "wg", "ppp", "tailscale", "zt", "utun")

# Addresses change seldom: as a laptop changes networks.
_GOOD_SECONDS = 10.0

# Linux, <bits/ioctls.h>: the IPv4 address of an interface.
_SIOCGIFADDR = 0x8915

_WILDCARDS = ("", "0.0.0.0", "::")


class InterfaceAddress(NamedTuple):
    """An address of this machine, and the name of its interface; empty: not known."""

    interface: str
    address: IPAddress


class LocalNetwork:
    """Knows this machine's address in its network.

    Args:
        listens_on: The setting `HOST`. On one address, there is no other to offer.
        list_addresses: Returns what there is; replaced in tests.
    """

    def __init__(
        self, listens_on: str, list_addresses: Callable[[], Iterable[InterfaceAddress]] | None = None
    ) -> None:
        self._is_open = listens_on in _WILDCARDS
        self._list_addresses = list_addresses or _list_addresses
        self._found: str | None = None
        self._good_until = 0.0

    def host(self) -> str | None:
        """Return the host for URLs; None: there is no such address, or the server does not listen on it."""
        now = time.monotonic()
        if self._is_open and now >= self._good_until:
            self._found = choose(self._list_addresses())
            self._good_until = now + _GOOD_SECONDS
        return self._found


def is_loopback(host: str) -> bool:
    """Return whether a host, with a port or without, is whoever asks (RFC 6761 section 6.3)."""
    address = parse_address(host)
    if address is not None:
        return address.is_loopback
    name = host.partition(":")[0].rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost")


def choose(addresses: Iterable[InterfaceAddress]) -> str | None:
    """Return the address that a device nearby most likely reaches, as the host of a URL.

    Args:
        addresses: The preferred one first, among equals.
    """
    usable = [
        each for each in addresses if not each.interface.startswith(_INNER) and _is_usable(each.address)
    ]
    best = min(usable, key=_rank, default=None)
    if best is None:
        return None
    return f"[{best.address}]" if best.address.version == 6 else str(best.address)


def _is_usable(address: IPAddress) -> bool:
    return not (
        address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
    )


def _rank(each: InterfaceAddress) -> tuple[bool, bool, bool]:
    return each.interface.startswith(_TUNNELS), each.address.version == 6, not each.address.is_private


def _list_addresses() -> list[InterfaceAddress]:
    known = [*_ipv4_addresses(), *_ipv6_addresses()]
    first = _source_address()
    if first is None:
        return known
    names = {each.address: each.interface for each in known}
    return [InterfaceAddress(names.get(first, ""), first), *known]


def _source_address() -> IPAddress | None:
    """Return the address that packets to elsewhere have.

    Connecting a UDP socket chooses the way and sends nothing; the destination is one of RFC 5737, nobody's.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("198.51.100.1", 9))
        return parse_address(probe.getsockname()[0])
    return None


def _ipv4_addresses() -> list[InterfaceAddress]:
    """Return one address of each interface, where the system is Linux."""
    found: list[InterfaceAddress] = []
    if sys.platform != "linux":
        return found
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            # One without an address answers with an error.
            with suppress(OSError):
                answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                found.append(InterfaceAddress(name, ipaddress.IPv4Address(answer[20:24])))
    return found


def _ipv6_addresses() -> list[InterfaceAddress]:
    """Return the global addresses, where the system is Linux: address, index, prefix, scope, flags, name."""
    with suppress(OSError):
        lines = [line.split() for line in Path("/proc/net/if_inet6").read_text().splitlines()]
        return [
            InterfaceAddress(fields[5], ipaddress.IPv6Address(bytes.fromhex(fields[0])))
            for fields in lines
            if len(fields) == 6 and fields[3] == "00"
        ]
    return []
