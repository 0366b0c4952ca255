"""What people type as a server's address, and the URLs that it may mean. For clients: it knows no network."""

from ipaddress import ip_address
from urllib.parse import urlsplit

# Names that no public server has: multicast DNS (RFC 6762), and networks' own (RFC 8375, ICANN's .internal).
_PRIVATE_ENDINGS = (".local", ".lan", ".home.arpa", ".internal", ".localhost")


def candidate_urls(address: str) -> list[str]:
    """Return the URLs to try for a server, the best first.

    An address with a scheme is meant as it is. Without one, a public name or address means HTTPS and nothing
    else, since a token must not go over the internet in the clear because somebody blocks port 443. In a
    private network most servers have no certificate: there HTTP comes first.

    Args:
        address: Like https://radio.example.org, radio.example.org or 192.168.1.5:8000.
    """
    address = address.strip()
    if not address.strip("/") or "://" in address:
        return [address if address.endswith("://") else address.rstrip("/")]
    address = address.rstrip("/")
    schemes = ("http", "https") if _is_private(address) else ("https",)
    return [f"{scheme}://{address}" for scheme in schemes]


def _is_private(address: str) -> bool:
    try:
        host = urlsplit(f"//{address}").hostname or ""
    except ValueError:
        return False
    host = host.rstrip(".")
    try:
        found = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_ENDINGS)
    return found.is_private or found.is_loopback or found.is_link_local
