"""Ports for programs that have to be told one, and listen on it some time later.

A port that the kernel has chosen (0 in `bind`), and that is closed again, is anybody's: beside other tests a
server may be given it before the program is up. So these are below those that the kernel gives out
(net.ipv4.ip_local_port_range, from 32,768 on), and reserved for one process among all tests of the machine.
"""

import atexit
import random
import socket

FIRST, LAST = 20_000, 29_999
# Reserved by a name in Linux's abstract namespace, which ends with the process that holds it: unix(7).
_NAME = "\0audiocast test port {}"

_reserved: list[socket.socket] = []


def free_port() -> int:
    """Give a port that nobody listens on, and no other test will use while this process lives."""
    (port,) = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Give as many of them, one behind the other.

    Raises:
        AssertionError: There is no such row.
    """
    rows = range(FIRST, LAST + 2 - count)
    for first in random.sample(rows, len(rows)):
        ports = list(range(first, first + count))
        holders = _reservations(ports)
        if holders:
            _reserved.extend(holders)
            return ports
    raise AssertionError(f"expected {count} free ports from {FIRST} to {LAST}")


def _reservations(ports: list[int]) -> list[socket.socket]:
    """Reserve ports; give what holds them, or nothing if one of them is taken."""
    holders: list[socket.socket] = []
    try:
        for port in ports:
            holder = socket.socket(socket.AF_UNIX)
            holders.append(holder)
            holder.bind(_NAME.format(port))
            socket.create_server(("", port)).close()
    except OSError:
        for holder in holders:
            holder.close()
        return []
    return holders


@atexit.register
def _release() -> None:
    """Close what holds the ports: Python warns of each one that is left open at its end."""
    while _reserved:
        _reserved.pop().close()
