"""What stands for a client's address in the audience log: a hash, a network, or the address itself.

The hash is salted anew each day, so that a client of today is not found in yesterday's log. The salt is made
of the server's secret and the day: all members of a cluster have the same without a word, and a listener
that moves from one to another is one client in a report. Who has both the secret and the log could try
addresses; nobody else can.
"""

import hashlib
import hmac
import ipaddress

ANONYMOUS, PREFIX, FULL = "none", "prefix", "full"

PURPOSE = b"audiocast audience "
HASH_CHARACTERS = 16
IPV4_PREFIX, IPV6_PREFIX = 24, 48


class ClientNames:
    """Names clients.

    Args:
        kind: `ANONYMOUS`, `PREFIX` or `FULL`.
        secret: Of the server; the same at all members.
    """

    def __init__(self, kind: str, secret: str) -> None:
        self._kind = kind
        self._secret = secret.encode()
        self._day = ""
        self._salt = b""

    def name(self, address: str, day: str) -> str:
        """Return what stands for an address; empty when there is none.

        Args:
            address: As text; may be empty.
            day: Of the record, as in "2026-11-30".
        """
        if not address:
            return ""
        if self._kind == FULL:
            return address
        if self._kind == PREFIX:
            return _network_of(address)
        if day != self._day:
            self._day = day
            self._salt = hmac.digest(self._secret, PURPOSE + day.encode(), "sha256")
        return hashlib.blake2b(address.encode(), key=self._salt).hexdigest()[:HASH_CHARACTERS]


def _network_of(address: str) -> str:
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return ""
    prefix = IPV4_PREFIX if version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
