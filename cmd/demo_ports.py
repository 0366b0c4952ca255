"""Ports and addresses of this machine, for demos: what is free, how others reach it. It serves nothing."""

import argparse
import errno
import socket

from demo_child import DemoFailed

WILDCARD_HOSTS = ("", "0.0.0.0", "::")


def free_port(first: int, host: str) -> int:
    """Give the first port from `first` up that nobody listens on.

    Raises:
        DemoFailed: There is none, or `host` is no address of this machine.
    """
    try:
        addresses = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for port in range(first, 65_536):
            if all(_is_free(family, (address[0], port, *address[2:])) for family, *_, address in addresses):
                return port
    except OSError as error:
        raise DemoFailed(f"cannot listen on {host!r}: {error.strerror}") from error
    raise DemoFailed(f"expected a free port from {first} up, there is none")


def public_port(wanted: int, host: str) -> int:
    """Give the wanted port or the next free one, and say so when it is another.

    Raises:
        DemoFailed: As `free_port`.
    """
    port = free_port(wanted, host)
    if port != wanted:
        print(f"Port {wanted} is taken, so this is port {port}.")
    return port


def lan_address() -> str | None:
    """Give the IPv4 address that packets to elsewhere would have.

    Connecting a UDP socket chooses the way and sends nothing; the destination is one of RFC 5737, nobody's.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") or address == "0.0.0.0" else address


def port_number(text: str) -> int:
    """Read a port, for argparse."""
    value = int(text)
    if not 1 <= value <= 65_535:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, got {text}")
    return value


def _is_free(family: int, address: tuple[object, ...]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True
