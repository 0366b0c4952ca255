"""URLs that work for the client: on a configured domain, or on the address that its request came to."""

import ipaddress
import re
from collections.abc import Mapping
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPServerRequest

from audiocast.web.http.addresses.local_network import LocalNetwork, is_loopback
from audiocast.web.http.addresses.trusted_proxies import TrustedProxies, parse_address

# A reg-name (RFC 3986 section 3.2.2) that needs no escaping anywhere. Private networks have names with "_".
# What stands in brackets must be an address, which no pattern tells.
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[(?P<ipv6>[0-9A-Fa-f:.]+)\](:[0-9]{1,5})?")

# At the end of a host.
_PORT = re.compile(r":[0-9]+$")

# As long as a domain name may be (RFC 1035 section 2.3.4).
MAX_HOST_CHARACTERS = 255


class Urls:
    """Makes absolute URLs.

    Args:
        domain: Host (and port) of all URLs; empty: taken from the request.
        scheme: "http" or "https"; empty: taken from the request.
        trusted_proxies: Peers whose `X-Forwarded-Proto` and `X-Forwarded-Host` are believed.
        trust_forwarded_host: `X-Forwarded-Host` is. Otherwise the host is `Host`, whoever asks.
        https_redirect_port: Port of the URLs that plain requests are redirected to; 0: to none.
        local_network: Knows this machine's address for devices nearby; None: nothing does.
    """

    def __init__(
        self,
        *,
        domain: str,
        scheme: str,
        trusted_proxies: TrustedProxies,
        trust_forwarded_host: bool = True,
        https_redirect_port: int = 0,
        local_network: LocalNetwork | None = None,
    ) -> None:
        self._domain = domain
        self._scheme = scheme
        self._trusted_proxies = trusted_proxies
        self._trust_forwarded_host = trust_forwarded_host
        self._https_redirect_port = https_redirect_port
        self._local_network = local_network

    def base(self, request: HTTPServerRequest) -> str:
        """Return "scheme://host" for the URLs of a response, without a slash at the end."""
        return f"{self._scheme or self._scheme_of(request)}://{self._host_of(request)}"

    def is_for_this_computer(self, request: HTTPServerRequest) -> bool:
        """Return whether URLs that begin with `base` work on the client's own computer alone."""
        return is_loopback(self._host_of(request))

    def local_base(self, request: HTTPServerRequest) -> str | None:
        """Return "scheme://host" for devices in the client's network, where `base` is a loopback host.

        None: `base` is none, there is no such address, or something between the client and this server has
        another port or tells of itself: then nobody knows where that listens.
        """
        if self._local_network is None or not self.is_for_this_computer(request):
            return None
        peer = parse_address(request.remote_ip or "")
        is_direct = peer is not None and peer.is_loopback and not any(map(_is_of_proxy, request.headers))
        scheme = self._scheme or self._scheme_of(request)
        port = _PORT.search(self._host_of(request))
        used = int(port[0][1:]) if port else {"http": 80, "https": 443}[scheme]
        host = self._local_network.host() if is_direct and used == _own_port(request) else None
        return f"{scheme}://{host}{port[0] if port else ''}" if host else None

    def https_url(self, request: HTTPServerRequest) -> str | None:
        """Return the URL that a plain request is redirected to; None: it is answered."""
        path = request.uri or ""
        if not self._https_redirect_port or not path.startswith("/") or self._scheme_of(request) == "https":
            return None
        host = self._host_of(request)
        if host != self._domain:
            port = "" if self._https_redirect_port == 443 else f":{self._https_redirect_port}"
            host = _PORT.sub("", host) + port
        return f"https://{host}{path}"

    def _scheme_of(self, request: HTTPServerRequest) -> str:
        """Return the scheme that the client has used, as a trusted proxy says it or as it came here."""
        scheme = _first(self._forwarded(request).get("X-Forwarded-Proto", "")).lower()
        return scheme if scheme in ("http", "https") else request.protocol

    def _host_of(self, request: HTTPServerRequest) -> str:
        forwarded_host = (
            self._forwarded(request).get("X-Forwarded-Host", "") if self._trust_forwarded_host else ""
        )
        hosts = (self._domain, _first(forwarded_host), request.host)
        return next(filter(is_host, hosts), "localhost")

    def _forwarded(self, request: HTTPServerRequest) -> Mapping[str, str]:
        """Return the headers in which a trusted proxy speaks of its client."""
        is_trusted = self._trusted_proxies.has(parse_address(request.remote_ip or ""))
        return request.headers if is_trusted else {}

    @property
    def cache_scope(self) -> str:
        """Which caches may keep a response with a URL in it, as Cache-Control says it: "public" or "private".

        Without a domain of its own, a URL is what the request or its proxy says. A cache that all visitors
        share would give the URL of one of them to the others, and `Vary` cannot help: such a cache does not
        see what a proxy behind it adds.
        """
        return "public" if self._domain else "private"


def is_host(text: str) -> bool:
    """Return whether a text is a host, with or without a port, that can stand in a URL as it is."""
    found = _HOST.fullmatch(text) if len(text) <= MAX_HOST_CHARACTERS else None
    if found is None:
        return False
    if found["ipv6"] is None:
        return True
    try:
        ipaddress.IPv6Address(found["ipv6"])
    except ValueError:
        return False
    return True


def _is_of_proxy(header: str) -> bool:
    return header.lower().startswith(("x-forwarded-", "x-real-", "forwarded", "via"))


def _own_port(request: HTTPServerRequest) -> int:
    """Return the port that a request came to; 0: its connection is gone."""
    stream = cast(HTTP1Connection, request.connection).stream
    return 0 if stream.closed() else int(stream.socket.getsockname()[1])


def _first(value: str) -> str:
    """Return the first item of a list header, which the proxy nearest to the client has set."""
    return value.partition(",")[0].strip()
