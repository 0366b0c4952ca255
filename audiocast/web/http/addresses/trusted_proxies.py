"""Addresses in requests: which peer is a trusted proxy, and whom it names as its client.

`X-Forwarded-For` is a list to which each proxy adds the address that its request came from (RFC 7239 section
7.4 has the form). Only what trusted proxies have added is believed, so it is read from right to left: the
first address that is no trusted proxy is the client, and whatever is left of it may be made up.
"""

import ipaddress
from collections.abc import Sequence

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# More proxies than that in a row there are not; a longer list is made up, and costs no more work.
MAX_PROXIES = 16

# "[2001:db8:ffff:ffff:ffff:ffff:255.255.255.255%interface]:65535", quoted.
MAX_ADDRESS_CHARACTERS = 80


class TrustedProxies:
    """The networks of `TRUSTED_PROXIES`.

    Args:
        networks: Peers in them are believed in what they say of others.
    """

    def __init__(self, networks: Sequence[IPNetwork]) -> None:
        self._networks = tuple(networks)

    def has(self, address: IPAddress | None) -> bool:
        """Return whether an address is that of a trusted proxy."""
        return address is not None and any(address in network for network in self._networks)

    def client_of(self, peer: IPAddress | None, forwarded_for: str) -> IPAddress | None:
        """Return the address that a request comes from; None: a trusted proxy does not say it.

        Args:
            peer: The other end of the connection.
            forwarded_for: All values of `X-Forwarded-For`, joined by commas.
        """
        if not self.has(peer):
            return peer
        for entry in reversed(forwarded_for.rsplit(",", MAX_PROXIES)[-MAX_PROXIES:]):
            address = parse_address(entry)
            if not self.has(address):
                return address
        return None


def parse_address(text: str) -> IPAddress | None:
    """Return the address of a text; None, if it has none: it may be "unknown", or made up.

    Args:
        text: An address as sockets and proxies write it: with a port or without, in brackets or quoted, with
            a zone (RFC 4007 section 11). IPv4 inside of IPv6 is IPv4.
    """
    text = text.strip().strip('"')
    if len(text) > MAX_ADDRESS_CHARACTERS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
