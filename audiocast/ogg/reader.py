"""Bytes to pages: finds, checks and hands out Ogg pages (RFC 3533 section 6). It knows no packets.

Memory is bounded: bytes are kept only while they may still be part of a page. Work is linear in the bytes
that are fed, whatever the cuts, as long as the pages are good. After an error the body of the bad page is
searched again, so a caller that goes on after errors should limit their number.
"""

from audiocast.ogg.crc import crc_field
from audiocast.ogg.errors import FOUND_BYTES, BadCrc, BadVersion, LostSync, PageError, PageTooLarge, Truncated
from audiocast.ogg.page import (
    CAPTURE_PATTERN,
    CRC_BYTES,
    CRC_OFFSET,
    HEADER,
    HEADER_BYTES,
    MAX_HEADER_BYTES,
    MAX_PAGE_BYTES,
    VERSION,
    VERSION_OFFSET,
    Page,
)


class PageReader:
    """Finds pages in bytes that come in any cuts.

    Call `feed`, then `next_page` until it returns None: at most `max_page_bytes` and one feed are ever held.

    The resync rule: when `next_page` raises, the start of the trouble is dropped already, with all that
    follows it and cannot begin a page. The next call goes on at the next capture pattern. So garbage raises
    once for a run of it, not once for each byte, and a page whose checksum is wrong is never returned.

    Args:
        max_page_bytes: Longer pages are refused as soon as their header is there.

    Raises:
        ValueError: `max_page_bytes` is less than a page header may need.
    """

    def __init__(self, *, max_page_bytes: int = MAX_PAGE_BYTES) -> None:
        if max_page_bytes < MAX_HEADER_BYTES:
            raise ValueError(f"expected max_page_bytes of at least {MAX_HEADER_BYTES}, got {max_page_bytes}")
        self._max_page_bytes = max_page_bytes
        # What is fed while nothing is left stays the object that it is: mostly a page, or a few whole ones.
        self._buffer: bytes | bytearray = b""
        self._start = 0  # where the unconsumed bytes begin
        self._wanted_bytes = 1  # with fewer bytes than this, another look at them would tell nothing new
        self._searching = False  # an error was raised, and no capture pattern has come since

    @property
    def buffered_bytes(self) -> int:
        """Bytes that were fed and are not consumed yet."""
        return len(self._buffer) - self._start

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Add the next bytes of the input, any number of them."""
        buffer = self._buffer
        if self._start == len(buffer):
            self._buffer, self._start = bytes(data), 0
            return
        if isinstance(buffer, bytes):
            buffer = self._buffer = bytearray(buffer[self._start :])
            self._start = 0
        buffer += data

    def next_page(self) -> Page | None:
        """Return the next whole page, or None when more bytes are needed.

        Raises:
            LostSync: A page must start here and does not. Raised at the first byte that is wrong.
            BadVersion: The page's version is not 0.
            PageTooLarge: The page is longer than `max_page_bytes`.
            BadCrc: The checksum is wrong.
        """
        if self._searching and not self._find_capture():
            return None
        buffer, start = self._buffer, self._start
        available_bytes = len(buffer) - start
        if available_bytes < self._wanted_bytes:
            return None
        if available_bytes < HEADER_BYTES:
            self._check_begin()
            return None
        capture, version, flags, granule_position, serial, sequence, _, segments = HEADER.unpack_from(
            buffer, start
        )
        if capture != CAPTURE_PATTERN or version != VERSION:
            self._check_begin()
        lacing_at = start + HEADER_BYTES
        body_at = lacing_at + segments
        if len(buffer) < body_at:
            self._wanted_bytes = body_at - start
            return None
        lacing = bytes(buffer[lacing_at:body_at])
        end = body_at + sum(lacing)
        if end - start > self._max_page_bytes:
            message = f"expected a page of at most {self._max_page_bytes} bytes, got one of {end - start}"
            raise self._give_up(PageTooLarge(message))
        if len(buffer) < end:
            self._wanted_bytes = end - start
            return None
        crc_at = start + CRC_OFFSET
        stored = buffer[crc_at : crc_at + CRC_BYTES]
        computed = crc_field(buffer[start:crc_at], buffer[crc_at + CRC_BYTES : end])
        if computed != stored:
            message = f"expected CRC {_hex(computed)} for page {sequence}, got {_hex(stored)}"
            raise self._give_up(BadCrc(message))
        body = bytes(buffer[body_at:end])
        self._consume(end - start)
        return Page(flags, granule_position, serial, sequence, lacing, body)

    def close(self) -> None:
        """End the input; what is left is dropped.

        Raises:
            Truncated: It ended inside a page, or inside what could have become one.
        """
        left_bytes, wanted_bytes = self.buffered_bytes, max(self._wanted_bytes, HEADER_BYTES)
        self._consume(left_bytes)
        if left_bytes:
            raise Truncated(f"expected a page of at least {wanted_bytes} bytes, got {left_bytes} and the end")

    def _check_begin(self) -> None:
        """Check what is there of capture pattern and version.

        Raises:
            LostSync, BadVersion: See `next_page`.
        """
        buffer, start = self._buffer, self._start
        if not CAPTURE_PATTERN.startswith(buffer[start : start + len(CAPTURE_PATTERN)]):
            raise self._give_up(LostSync(bytes(buffer[start : start + FOUND_BYTES])))
        if self.buffered_bytes > VERSION_OFFSET and buffer[start + VERSION_OFFSET] != VERSION:
            version = buffer[start + VERSION_OFFSET]
            raise self._give_up(BadVersion(f"expected page version {VERSION}, got {version}"))

    def _give_up(self, error: PageError) -> PageError:
        """Drop the bad start and what follows it up to the next capture pattern; return `error`."""
        self._consume(1)
        self._find_capture()
        return error

    def _find_capture(self) -> bool:
        """Drop what cannot begin a page; return True when a whole capture pattern is at the start."""
        found = self._buffer.find(CAPTURE_PATTERN, self._start)
        self._searching = found < 0
        if found < 0:
            found = len(self._buffer) - self._capture_tail_bytes()
        self._consume(found - self._start)
        return not self._searching

    def _capture_tail_bytes(self) -> int:
        """Return how many bytes at the end may be the start of a capture pattern, not all there yet."""
        for tail_bytes in range(min(len(CAPTURE_PATTERN) - 1, self.buffered_bytes), 0, -1):
            if self._buffer.endswith(CAPTURE_PATTERN[:tail_bytes]):
                return tail_bytes
        return 0

    def _consume(self, count_bytes: int) -> None:
        self._start += count_bytes
        self._wanted_bytes = 1
        # Move the rest to the front only when it is the smaller half: each byte then costs one move at most.
        if isinstance(self._buffer, bytearray) and self._start * 2 >= len(self._buffer):
            del self._buffer[: self._start]
            self._start = 0


def _hex(field: bytes | bytearray) -> str:
    return f"{int.from_bytes(field, 'little'):08x}"
