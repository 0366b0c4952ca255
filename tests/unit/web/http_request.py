"""HTTP requests as Tornado's parser gives them, without a connection."""

from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine


class _Peer:
    """What a request learns from its connection."""

    def __init__(self, remote_ip: str, protocol: str) -> None:
        self.remote_ip = remote_ip
        self.protocol = protocol


class _Connection:
    def __init__(self, peer: _Peer) -> None:
        self.context = peer


def request(
    uri: str = "/",
    *,
    method: str = "GET",
    peer: str = "192.0.2.7",
    protocol: str = "http",
    host: str = "radio.example",
    **headers: str,
) -> HTTPServerRequest:
    """Make a request; header names are written with `_` for `-`."""
    fields = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
    fields["Host"] = host
    start_line = RequestStartLine(method, uri, "HTTP/1.1")
    connection: Any = _Connection(_Peer(peer, protocol))
    return HTTPServerRequest(start_line=start_line, headers=fields, connection=connection)
