"""A listener's connection as its stream's fan-out has it: a non-blocking socket without Tornado."""

import socket

from audiocast.web.http.clients import Lease

# Unsent bytes that the kernel may hold for each listener; its default is minutes of audio.
UNSENT_BYTES = 16_384


class ListenerSocket(socket.socket):
    """A listener's connection, which gives back its client's lease when it is closed. Sending is as ever.

    Args:
        fileno: Of a connected TCP socket; closed here in the end.
        lease: The listener's place among those of its client.
    """

    __slots__ = ("lease",)

    def __init__(self, fileno: int, lease: Lease) -> None:
        super().__init__(fileno=fileno)
        self.lease = lease
        self.setblocking(False)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def close(self) -> None:
        super().close()
        self.lease.release()
