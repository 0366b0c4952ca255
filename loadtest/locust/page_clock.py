"""When a page was made: a source that is paced from a known start, and what a listener can tell from that.

It owns the arithmetic of granule positions and time, and a scan of Ogg pages (RFC 3533 section 6) that sees
only their heads. It reads no socket and no clock. Starts are wall clock times, so that listeners on other
machines know them too; their clocks must agree.
"""

import re
from dataclasses import dataclass
from typing import Self

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.page import CAPTURE_PATTERN, HEADER, HEADER_BYTES, SEQUENCE_MODULUS

NS_A_MS = 1_000_000
_TITLE = re.compile(r"load test, from (\d+), pages of (\d+) ms")


@dataclass(frozen=True, slots=True)
class PageClock:
    """The pace of one source.

    Attributes:
        start_ns: When its first sample was made (`time.time_ns`).
        page_ms: Audio on each of its pages.
    """

    start_ns: int
    page_ms: int

    @property
    def title(self) -> str:
        """The stream's title, by which listeners that know nothing but the server learn the clock."""
        return f"load test, from {self.start_ns}, pages of {self.page_ms} ms"

    @classmethod
    def of_title(cls, title: str) -> Self | None:
        """Give the clock that a title tells; None for the title of another stream."""
        found = _TITLE.fullmatch(title)
        return cls(int(found[1]), int(found[2])) if found else None

    def sent_ns(self, granule_position: int) -> int:
        """Give when the source's page was full that holds the last sample before this position."""
        page_samples = self.page_ms * SAMPLE_RATE // 1000
        return self.start_ns + -(-granule_position // page_samples) * self.page_ms * NS_A_MS


@dataclass(frozen=True, slots=True)
class Second:
    """One second of live audio as a listener got it.

    Attributes:
        delay_ms: Of its latest page, from the source's page to its arrival.
        missing_pages: How many page numbers are not there.
        size_bytes: Of its pages.
    """

    delay_ms: float
    missing_pages: int
    size_bytes: int


class Hearing:
    """What one listener hears: bytes of the response's body in, seconds of audio out.

    Pages that are older than the request are backlog: they are heard, and tell nothing about delay.

    Args:
        clock: Of the stream's source.
        asked_ns: When the listener asked for the stream (`time.time_ns`).
    """

    def __init__(self, clock: PageClock, asked_ns: int) -> None:
        self._clock = clock
        self._asked_ns = asked_ns
        self._buffer = bytearray()
        self._next_sequence: int | None = None
        self._second_began: int | None = None
        self._delay_ms = 0.0
        self._missing_pages = 0
        self._size_bytes = 0
        self.has_audio = False

    def feed(self, data: bytes, now_ns: int) -> list[Second]:
        """Take the next bytes; give the seconds that are full now.

        Raises:
            ValueError: They are no Ogg pages.
        """
        self._buffer += data
        seconds = []
        while (page_bytes := self._page_bytes()) is not None:
            _, _, _, granule, _, sequence, _, _ = HEADER.unpack_from(self._buffer)
            del self._buffer[:page_bytes]
            if granule > 0:
                self._size_bytes += page_bytes
                seconds += self._hear(granule, sequence, now_ns)
        return seconds

    def _page_bytes(self) -> int | None:
        """Give the size of the page at the front; None while it is not whole."""
        buffer = self._buffer
        if buffer[: len(CAPTURE_PATTERN)] != CAPTURE_PATTERN[: len(buffer)]:
            raise ValueError(f"expected an Ogg page, got {bytes(buffer[:16])!r}")
        if len(buffer) < HEADER_BYTES:
            return None
        head_bytes = HEADER_BYTES + buffer[HEADER_BYTES - 1]
        page_bytes = head_bytes + sum(buffer[HEADER_BYTES:head_bytes])
        return page_bytes if len(buffer) >= max(head_bytes, page_bytes) else None

    def _hear(self, granule: int, sequence: int, now_ns: int) -> list[Second]:
        if self.has_audio and sequence != self._next_sequence:
            self._missing_pages += (sequence - (self._next_sequence or 0)) % SEQUENCE_MODULUS
        self.has_audio = True
        self._next_sequence = (sequence + 1) % SEQUENCE_MODULUS
        sent_ns = self._clock.sent_ns(granule)
        if sent_ns < self._asked_ns:
            return []
        if self._second_began is None:
            self._second_began = granule
        self._delay_ms = max(self._delay_ms, (now_ns - sent_ns) / NS_A_MS)
        if granule - self._second_began < SAMPLE_RATE:
            return []
        second = Second(self._delay_ms, self._missing_pages, self._size_bytes)
        self._second_began, self._delay_ms, self._missing_pages, self._size_bytes = granule, 0.0, 0, 0
        return [second]
