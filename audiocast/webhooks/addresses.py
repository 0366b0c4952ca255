"""Which addresses webhooks may go to: those of the public Internet, and what WEBHOOK_ALLOW_PRIVATE names.

Whoever names a target could otherwise make the server ask what only the server can reach: other programs on
its machine, its network, a cloud's metadata service. What counts is the address that is dialled.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# Networks of IPv6 whose addresses lead to one of IPv4, and at which bit that one begins.
_CARRIERS = tuple(
    (ipaddress.IPv6Network(network), first_bit)
    for network, first_bit in (
        ("::ffff:0:0/96", 96),
        # Translated by a host itself (RFC 2765), then by a network (NAT64: RFC 6052, RFC 8215).
        ("::ffff:0:0:0/96", 96),
        ("64:ff9b::/96", 96),
        ("64:ff9b:1::/48", 96),
        # Compatible (RFC 4291), 6to4 (RFC 3056).
        ("::/96", 96),
        ("2002::/16", 16),
    )
)
_OTHERS = tuple(
    map(
        ipaddress.ip_network,
        # IANA's registries of special addresses, where Python's versions differ: protocols (with Teredo,
        # which hides an address of IPv4), benchmarks, relays of 6to4, documentation, segment routing.
        ("192.0.0.0/24", "198.18.0.0/15", "192.88.99.0/24", "2001::/23", "3fff::/20", "5f00::/16"),
    )
)

# All that IANA has given out as global unicast of IPv6.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")


def is_literal(host: str) -> bool:
    """Return whether a host is an address, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class AddressRefused(OSError):
    """No address of a host may be dialled."""


def inner_address(address: IPAddress) -> IPAddress:
    """Return the address of IPv4 that one of IPv6 leads to; of any other, itself."""
    if isinstance(address, ipaddress.IPv6Address):
        for network, first_bit in _CARRIERS:
            if address in network:
                return ipaddress.IPv4Address(int(address) >> (96 - first_bit) & 0xFFFF_FFFF)
    return address


def is_public(address: IPAddress) -> bool:
    """Return whether an address is one of the public Internet, and of one host."""
    inner = inner_address(address)
    return (
        inner.is_global
        and not (inner.is_multicast or inner.is_reserved or inner.is_unspecified or inner.is_loopback)
        and (inner.version == 4 or inner in _GLOBAL_IPV6)
        and not any(each.version == inner.version and inner in each for each in _OTHERS)
    )


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What may be dialled beside the public Internet.

    Attributes:
        networks: Their addresses.
        names: Hosts that may have any address, in small letters.
    """

    networks: tuple[IPNetwork, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Self:
        """Read networks, addresses and names of hosts.

        Raises:
            ValueError: One is none of these.
        """
        networks, names = [], set()
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError:
                name = entry.lower()
                if not _NAME.fullmatch(name) or name.replace(".", "").isdigit():
                    raise ValueError(
                        f"expected networks or names of hosts, as 10.0.0.0/8,hooks.local; got {entry[:100]!r}"
                    ) from None
                names.add(name.rstrip("."))
        return cls(tuple(networks), frozenset(names))

    def allows(self, host: str, address: str) -> bool:
        """Return whether an address of a host may be dialled.

        Args:
            host: As the URL names it.
            address: IPv4 or IPv6, as sockets have it: there may be a zone behind a %.
        """
        if host.lower().rstrip(".") in self.names:
            return True
        found = ipaddress.ip_address(address.partition("%")[0])
        forms = {found, inner_address(found)}
        return is_public(found) or any(
            each.version == form.version and form in each for each in self.networks for form in forms
        )
