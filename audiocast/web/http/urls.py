"""URLs that work for the client: on a configured domain, or on the address that its request came to."""

import ipaddress
import re
from collections.abc import Sequence

from tornado.httputil import HTTPServerRequest

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


class Urls:
    """Makes absolute URLs.

    Args:
        domain: Host (and port) of all URLs; empty: taken from the request.
        scheme: "http" or "https"; empty: taken from the request.
        trusted_proxies: Peers whose `X-Forwarded-Proto` and `X-Forwarded-Host` are believed.
    """

    def __init__(self, *, domain: str, scheme: str, trusted_proxies: Sequence[IPNetwork]) -> None:
        self._domain = domain
        self._scheme = scheme
        self._trusted_proxies = tuple(trusted_proxies)

    def base(self, request: HTTPServerRequest) -> str:
        """Return "scheme://host" for the URLs of a response, without a slash at the end."""
        forwarded = request.headers if self._trusts(request.remote_ip) else {}
        scheme = self._scheme or _first(forwarded.get("X-Forwarded-Proto", "")).lower()
        if scheme not in ("http", "https"):
            scheme = request.protocol
        for host in (self._domain, _first(forwarded.get("X-Forwarded-Host", "")), request.host):
            if host and _HOST.fullmatch(host):
                return f"{scheme}://{host}"
        return f"{scheme}://localhost"

    def _trusts(self, peer: str | None) -> bool:
        try:
            address = ipaddress.ip_address((peer or "").partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._trusted_proxies)


def _first(value: str) -> str:
    """Return the first item of a list header, which the proxy nearest to the client has set."""
    return value.partition(",")[0].strip()
