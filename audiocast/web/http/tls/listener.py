"""A listener's connection over TLS, for the fan-out: it takes bytes as a non-blocking socket does.

What it has taken is sealed into a record, and a record has to be sent whole and in its order. So the rest of
a record that the system has not taken is kept here and goes first; until it is out, nothing more is taken.
The fan-out need not know: to it, a page that was taken is sent, and a slow listener is moved behind that.
A slow listener costs at most one record.

The fan-out does not read. What a listener sends, changes of keys included, stays with the system, which
takes no more of it than its buffer holds.
"""

import asyncio
import contextlib

from audiocast.web.http.listener_socket import ListenerSocket
from audiocast.web.http.tls.channel import TlsChannel

# Data in one record: what is kept of a slow listener, and what OpenSSL's buffers grow to for each listener.
RECORD_BYTES = 4096

# How long the rest of a record may take when the listener is closed.
END_SECONDS = 5.0
RETRY_SECONDS = 0.1


class TlsListener:
    """See the module. A `Sink` of the fan-out.

    Args:
        connection: Closed here in the end.
        channel: After its handshake.
        unsent: The rest of a record; goes first.
    """

    __slots__ = ("_channel", "_connection", "_end_at", "_outgoing", "_send", "_unsent", "_write")

    def __init__(self, connection: ListenerSocket, channel: TlsChannel, unsent: bytes) -> None:
        self._connection = connection
        self._channel = channel
        self._unsent = unsent
        self._end_at = 0.0
        # What each send calls is looked up once.
        self._write, self._outgoing, self._send = channel.write, channel.outgoing, connection.send

    def send(self, data: bytes, /) -> int:
        """Take some of the bytes; return how many.

        Raises:
            BlockingIOError: The rest of the record before is not out yet.
            OSError: The connection is gone.
        """
        if self._unsent:
            self._send_rest()
        if len(data) > RECORD_BYTES:
            return self._send_records(data)
        self._write(data)
        record = self._outgoing()
        try:
            sent_bytes = self._send(record)
        except BlockingIOError:
            sent_bytes = 0
        if sent_bytes < len(record):
            self._unsent = record[sent_bytes:]
        return len(data)

    def getsockopt(self, level: int, option: int, size_bytes: int) -> bytes:
        """Return what the system says of the connection; see `socket.socket`."""
        return self._connection.getsockopt(level, option, size_bytes)

    def close(self) -> None:
        """Close the connection; what was taken is still delivered, if the listener takes it soon."""
        self._connection.lease.release()
        self._unsent += self._channel.end()
        self._end_at = asyncio.get_running_loop().time() + END_SECONDS
        self._close_when_sent()

    def _send_records(self, data: bytes) -> int:
        taken_bytes = 0
        while taken_bytes < len(data) and not self._unsent:
            taken_bytes += self.send(data[taken_bytes : taken_bytes + RECORD_BYTES])
        return taken_bytes

    def _send_rest(self) -> None:
        """Send the rest of the record before.

        Raises:
            BlockingIOError: It is not out yet.
        """
        self._unsent = self._unsent[self._send(self._unsent) :]
        if self._unsent:
            raise BlockingIOError

    def _close_when_sent(self) -> None:
        """Send the rest, and close; try again while the system takes nothing, for `END_SECONDS`."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            try:
                if self._unsent:
                    self._send_rest()
            except BlockingIOError:
                if loop.time() < self._end_at:
                    loop.call_later(RETRY_SECONDS, self._close_when_sent)
                    return
        self._connection.close()
