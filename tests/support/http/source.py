"""A source of the test's own: sends Ogg pages in real time, framed or raw, and ends as a test wants it to."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from audiocast.ogg.headers import OpusHead, is_opus_head, is_opus_tags
from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from audiocast.ogg.tags_sieve import MAX_TAGS_BYTES
from tests.support.http.exchange import ANSWER_SECONDS, Answer, connect, read_answer

Framing = Literal["chunked", "raw"]

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class PacedSource:
    """Sends on a thread of its own while the `with` block runs.

    Args:
        url: Where to, with the key.
        stream: Whole Ogg streams, one after another.
        framing: "chunked", or "raw" for a body that ends with the connection.
        lead_seconds: How far ahead of real time it is from the start.
        speed: 1 for real time.
        burst_seconds: How much it sends at once, in whole pages; 0 for page by page.
        tls: The port speaks TLS.

    Attributes:
        sent_seconds: How much audio is out.
        sent_at: When each page of audio went out (`time.monotonic`).
        began_at: When it began, by the wall clock; unix seconds.
    """

    def __init__(
        self,
        url: str,
        stream: bytes,
        *,
        framing: Framing = "chunked",
        lead_seconds: float = 0.0,
        speed: float = 1.0,
        burst_seconds: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = urlsplit(url)
        self._stream = stream
        self._framing = framing
        self._tls = tls
        self._lead_seconds = lead_seconds
        self._speed = speed
        self._burst_seconds = burst_seconds
        self._stop = threading.Event()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._send_all, daemon=True)
        self.sent_seconds = 0.0
        self.sent_at: list[float] = []
        self.began_at = 0.0

    def __enter__(self) -> Self:
        assert self._url.port is not None
        self._connection = connect(self._url.port, tls=self._tls)
        self._connection.sendall(ingest_head(f"{self._url.path}?{self._url.query}", self._framing))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End without a goodbye: the server gets a reset, as when a process or a machine dies."""
        self._stop.set()
        self._thread.join()
        if self._connection is not None:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._connection.close()
            self._connection = None

    def wait_until_sent(self, seconds: float = 60.0) -> None:
        """Wait until all pages are out."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"not all was sent in {seconds} s"

    def finish(self) -> Answer:
        """End the (chunked) body and give the answer."""
        self.wait_until_sent()
        assert self._connection is not None
        self._connection.sendall(b"0\r\n\r\n")
        return self.answer()

    def answer(self, seconds: float = ANSWER_SECONDS) -> Answer:
        """Wait for what the server says."""
        assert self._connection is not None
        return read_answer(self._connection, seconds)

    def _send_all(self) -> None:
        assert self._connection is not None
        start, self.began_at = time.monotonic(), time.time()
        burst_began_at = 0.0
        for page, seconds in pages_in_time(self._stream):
            if self.sent_seconds >= burst_began_at + self._burst_seconds:
                burst_began_at = self.sent_seconds
            due = start + (burst_began_at - self._lead_seconds) / self._speed
            if self._stop.wait(max(0.0, due - time.monotonic())):
                return
            if seconds:
                self.sent_at.append(time.monotonic())
            try:
                self._connection.sendall(framed(page) if self._framing == "chunked" else page)
            except OSError:
                return  # refused: the test reads why
            self.sent_seconds += seconds


def ingest_head(target: str, framing: Framing) -> bytes:
    """Give the head of a POST."""
    chunked = "Transfer-Encoding: chunked\r\n" if framing == "chunked" else ""
    return f"POST {target} HTTP/1.1\r\nHost: localhost\r\n{chunked}\r\n".encode("latin-1")


def framed(data: bytes) -> bytes:
    """Give one chunk (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def timed_pages(stream: bytes) -> list[tuple[bytes, float]]:
    """Give each page of good Ogg Opus and the seconds of audio that end on it."""
    return list(pages_in_time(stream))


def pages_in_time(stream: bytes) -> Iterator[tuple[bytes, float]]:
    """Give what `timed_pages` gives, one by one: most sources are ended long before their last page."""
    assembler = PacketAssembler(max_packet_bytes=MAX_TAGS_BYTES)
    stream_count = 1
    reader = PageReader()
    reader.feed(stream)
    while page := reader.next_page():
        seconds = 0.0
        for packet in assembler.push(page):
            if is_opus_head(packet):
                stream_count = OpusHead.parse(packet).stream_count
            elif not is_opus_tags(packet):
                seconds += packet_samples(packet, stream_count) / SAMPLE_RATE
        yield page.encode(), seconds
