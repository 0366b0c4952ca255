"""When a listener whose connection is gone has left: up to two passes before a send tells it.

The kernel knows when it last heard of the other end (`tcpi_last_ack_recv` of `struct tcp_info`, whose begin
never changes). Asked once, when the listener is closed.
"""

import errno
import socket
import struct
from typing import Any

# Eight bytes of state, then numbers of 32 bits; which of these, in milliseconds.
_STATE_BYTES = 8
_LAST_ACK = 12
_READ_BYTES = _STATE_BYTES + 4 * (_LAST_ACK + 1)


def seconds_since_heard(sink: Any) -> float | None:
    """Return how long ago the other end was last heard of; None: the system does not say.

    Args:
        sink: The listener's `Sink`, still open.
    """
    try:
        info = sink.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _READ_BYTES)
    except (AttributeError, OSError):
        return None
    if len(info) < _READ_BYTES:
        return None
    return float(struct.unpack_from("=I", info, _STATE_BYTES + 4 * _LAST_ACK)[0]) / 1000


def seconds_since_left(sink: Any, error: OSError | None) -> float:
    """Return how long ago a listener has left; 0 when nothing is known.

    Args:
        sink: The listener's `Sink`, still open.
        error: What the last send has failed with; None: it took nothing for too long.
    """
    heard = seconds_since_heard(sink)
    if heard is None:
        return 0.0
    # With EPIPE the end of its side came first, and was the last that was heard. A reset is not noted: it
    # came some time between the last acknowledgement and now.
    return heard / 2 if error is not None and error.errno == errno.ECONNRESET else heard
