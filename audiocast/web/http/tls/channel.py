"""One TLS connection as bytes: what to send for some data, and which data came. No socket, no waiting.

A client's records are opened one at a time, so that each call does a bounded amount of work: OpenSSL itself
would go on for as long as records arrive that carry no data. An alert or a change of keys is such a record,
and an honest client sends hardly any.
"""

import contextlib
import errno
import ssl

# Of a record's head: type, version, and the length of what follows (RFC 8446 section 5.1).
HEAD_BYTES = 5

# What may follow: 16 KiB of data, and what its protection adds (section 5.2 there, 6.2.3 of RFC 5246).
MAX_RECORD_BYTES = 16_384 + 2_048

# Data in one record (RFC 8446 section 5.1).
MAX_DATA_BYTES = 16_384

# Records without data that a client may send, and one more for each so many records with data. Keys are
# changed after 16 million records, by those who change them at all.
SPARE_EMPTY_RECORDS = 8
RECORDS_FOR_AN_EMPTY_ONE = 4096


class TlsViolation(ConnectionResetError):
    """The client does not keep to TLS, or makes more work than it may.

    Args:
        message: What was expected and what came.
    """

    def __init__(self, message: str) -> None:
        super().__init__(errno.ECONNRESET, message)


class TlsChannel:
    """One TLS connection of a server.

    Args:
        context: Certificate and key, and which versions are spoken.

    Attributes:
        write: Takes data for one record, `MAX_DATA_BYTES` at most.
        outgoing: Returns what is to be sent, whole and in this order, and forgets it.
    """

    __slots__ = ("_empty_records", "_incoming", "_records", "_tls", "_unopened", "outgoing", "write")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, outgoing, server_side=True)
        self.write = self._tls.write
        self.outgoing = outgoing.read
        self._unopened = bytearray()
        self._records = 0
        self._empty_records = 0

    @property
    def unopened_bytes(self) -> int:
        """What came and is not opened yet."""
        return len(self._unopened)

    @property
    def has_record(self) -> bool:
        """Whether a whole record is there to be opened."""
        return 0 < self._record_bytes() <= len(self._unopened)

    def feed(self, data: bytes) -> None:
        """Add what has come from the client. The caller bounds how much."""
        self._unopened += data

    def shake_hands(self) -> bool:
        """Go on with the handshake; return whether it is done. For a thread: it may take milliseconds.

        Raises:
            ssl.SSLError: It has failed; `outgoing` has the alert.
            TlsViolation: What came is no TLS.
        """
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                if not self._feed_record():
                    return False
            else:
                return True

    def seal(self, data: bytes | memoryview) -> bytes:
        """Return the record that carries some data, to be sent whole and in this order.

        Args:
            data: `MAX_DATA_BYTES` at most.
        """
        self.write(data)
        return self.outgoing()

    def open_into(self, buffer: bytearray | memoryview) -> int:
        """Put data that came into a buffer, from one record at most; return how much, 0 at its end.

        Raises:
            BlockingIOError: There is no whole record.
            TlsViolation: What came is no TLS, or too much of it carries nothing.
        """
        while self._tls.pending() or self._feed_record():
            try:
                size = self._tls.read(len(buffer), buffer)
            except ssl.SSLWantReadError:
                self._count_empty_record()
            except ssl.SSLZeroReturnError:
                return 0
            except ssl.SSLError as error:
                raise TlsViolation(str(error)) from None
            else:
                return size  # type: ignore[return-value]  # with a buffer, typeshed's "str" is a number
        raise BlockingIOError

    def end(self) -> bytes:
        """Return what tells the client that no more data comes (close_notify)."""
        # It then looks for the client's own, of which there is nothing to be opened.
        with contextlib.suppress(OSError, ValueError):
            self._tls.unwrap()
        return self.outgoing()

    def _record_bytes(self) -> int:
        """Return the size of the record that comes first, with its head; 0 until its head is there.

        Raises:
            TlsViolation: It is longer than any.
        """
        if len(self._unopened) < HEAD_BYTES:
            return 0
        size = int.from_bytes(self._unopened[3:HEAD_BYTES], "big")
        if size > MAX_RECORD_BYTES:
            raise TlsViolation(f"expected a record of at most {MAX_RECORD_BYTES} bytes, got {size}")
        return HEAD_BYTES + size

    def _feed_record(self) -> bool:
        """Give OpenSSL one record; return whether there was a whole one."""
        size = self._record_bytes()
        if not 0 < size <= len(self._unopened):
            return False
        self._incoming.write(self._unopened[:size])
        del self._unopened[:size]
        self._records += 1
        return True

    def _count_empty_record(self) -> None:
        self._empty_records += 1
        if self._empty_records > SPARE_EMPTY_RECORDS + self._records // RECORDS_FOR_AN_EMPTY_ONE:
            raise TlsViolation("expected data, got one record after the other without any")
