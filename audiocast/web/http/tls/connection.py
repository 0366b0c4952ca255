"""A connection of the HTTP server over TLS: Tornado reads and writes plain bytes, the socket has records.

A private method of Tornado is called here; it was read in 6.6.1, and tests/unit/web/http/test_http1.py fails
when another version has another one.
"""

import socket

from audiocast.web.http.listener_socket import ListenerSocket
from audiocast.web.http.public_connection import PublicConnection
from audiocast.web.http.tls.channel import MAX_DATA_BYTES, TlsChannel
from audiocast.web.http.tls.listener import TlsListener

# Of what the system holds, at a time.
READ_BYTES = 16_384

# After so many records the event loop has its turn: a record of one byte costs as much as one of a thousand.
RECORDS_PER_TURN = 64


class TlsConnection(PublicConnection):
    """See the module.

    Args:
        connection: The socket; non-blocking from here on.
        channel: After its handshake. What came behind that may be in it.
        max_buffer_size: See `IOStream`, bytes.
    """

    def __init__(self, connection: socket.socket, channel: TlsChannel, *, max_buffer_size: int) -> None:
        super().__init__(connection, max_buffer_size=max_buffer_size)
        self._channel = channel
        self._is_detached = False
        self._records_in_turn = 0
        # The rest of a record that the system has not taken whole, and how much data is in that record.
        self._unsent = b""
        self._unsent_data_bytes = 0

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Put what came into a buffer; return how much, 0 at the end, None while nothing is there."""
        if self._records_in_turn >= RECORDS_PER_TURN:
            self._records_in_turn = 0
            self.io_loop.add_callback(self._continue_reading)
            return None
        self._records_in_turn += 1
        while True:
            try:
                return self._channel.open_into(buf)
            except BlockingIOError:
                pass
            try:
                data = self.socket.recv(READ_BYTES)
            except BlockingIOError:
                self._records_in_turn = 0
                return None
            if not data:
                return 0
            self._channel.feed(data)

    def resume_input(self) -> None:
        super().resume_input()
        # What came before the pause may be in hand already.
        self.io_loop.add_callback(self._continue_reading)

    def receive(self, max_bytes: int) -> bytes:
        received_bytes = 0
        with memoryview(bytearray(max_bytes)) as buffer:
            while received_bytes < max_bytes:
                try:
                    size = self.read_from_fd(buffer[received_bytes:])
                except OSError as error:
                    self.io_loop.add_callback(self.close, exc_info=error)
                    break
                if size is None:
                    break
                if not size:
                    self.io_loop.add_callback(self.close)
                    break
                received_bytes += size
            else:
                self.io_loop.add_callback(self._continue_reading)
            return bytes(buffer[:received_bytes])

    def write_to_fd(self, data: memoryview) -> int:
        """Send some of the data; return how much is sent whole. Tornado repeats what is not."""
        if not self._unsent:
            with data[:MAX_DATA_BYTES] as piece:
                self._unsent = self._channel.seal(piece)
                self._unsent_data_bytes = len(piece)
        sent_bytes = super().write_to_fd(memoryview(self._unsent))
        self._unsent = self._unsent[sent_bytes:]
        return 0 if self._unsent else self._unsent_data_bytes

    def send_now(self, data: bytes) -> None:
        if not self._unsent:
            super().send_now(self._channel.seal(data[:MAX_DATA_BYTES]))

    def end_output(self) -> None:
        if not self.closed():
            self._send_end()
        super().end_output()

    def close_fd(self) -> None:
        self._send_end()
        super().close_fd()

    def _send_end(self) -> None:
        """Tell the client that this is all, as far as the system takes it; a record's rest goes first."""
        if not self._is_detached and not self._unsent:
            super().send_now(self._channel.end())

    def _listener(self, connection: ListenerSocket) -> TlsListener:
        self._is_detached = True
        return TlsListener(connection, self._channel, self._unsent)
