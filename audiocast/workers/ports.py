"""Ports that several processes of ours will listen on, reserved so that no other program gets them.

A socket that is bound with SO_REUSEPORT and does not listen gets no connection, and lets others of the same
user that also say SO_REUSEPORT listen there (socket(7)).
"""

import socket

from audiocast.web.http.server import CannotListen

LOOPBACK = "127.0.0.1"


def reserve(host: str, port: int) -> socket.socket:
    """Reserve a port until the returned socket is closed.

    Args:
        host: Address to listen on; empty for all.
        port: 0 for a free one.

    Raises:
        CannotListen: Another process listens there, even one that would share the port.
    """
    try:
        return _reserve(host, port)
    except OSError as error:
        raise CannotListen(port, error) from None


def _reserve(host: str, port: int) -> socket.socket:
    address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    family, kind, protocol, _, where = address
    with socket.socket(family, kind, protocol) as alone:
        # Without SO_REUSEPORT at first: two servers on one port would each get some of the connections.
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind(where)
        where = alone.getsockname()
    reserved = socket.socket(family, kind, protocol)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind(where)
    return reserved


def port_of(reserved: socket.socket) -> int:
    """Return the number of a reserved port."""
    number: int = reserved.getsockname()[1]
    return number
