"""How old each packet is when it reaches a listener, before anything decodes it."""

import socket
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from audiocast.ogg.headers import OpusHead, is_opus_head, is_opus_tags
from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader

_READ_BYTES = 65_536
_POLL_SECONDS = 0.2


class RawDelay:
    """Listens with `latency=low` and no backlog while the `with` block runs.

    Args:
        stream_url: What to listen to.
        first_sample_at: When the source's first sample was made (`time.time`).

    Attributes:
        seconds: Of each packet so far, how old its first sample was when it came.
    """

    def __init__(self, stream_url: str, first_sample_at: float) -> None:
        self.seconds: list[float] = []
        self._url = urlsplit(stream_url)
        self._first_sample_at = first_sample_at
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _listen(self) -> None:
        request = f"GET {self._url.path}?latency=low&preroll=0 HTTP/1.0\r\nHost: {self._url.netloc}\r\n\r\n"
        with socket.create_connection((self._url.hostname, self._url.port)) as connection:
            connection.settimeout(_POLL_SECONDS)
            connection.sendall(request.encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += self._receive(connection)
            self._take_apart(connection, head.partition(b"\r\n\r\n")[2])

    def _take_apart(self, connection: socket.socket, data: bytes) -> None:
        reader, assembler, pre_skip = PageReader(), PacketAssembler(), 0
        while not self._stop.is_set():
            now = time.time()
            reader.feed(data)
            for page in iter(reader.next_page, None):
                packets = assembler.push(page)
                if is_opus_head(packets[0]):
                    pre_skip = OpusHead.parse(packets[0]).pre_skip
                elif not is_opus_tags(packets[0]):
                    self._note(packets, page.granule_position - pre_skip, now)
            data = self._receive(connection)

    def _note(self, packets: list[bytes], end_samples: int, now: float) -> None:
        """Note the age of each packet of a page whose last sample is number `end_samples` of the source."""
        begin = end_samples - sum(packet_samples(packet, 1) for packet in packets)
        for packet in packets:
            self.seconds.append(now - self._first_sample_at - begin / SAMPLE_RATE)
            begin += packet_samples(packet, 1)

    def _receive(self, connection: socket.socket) -> bytes:
        while not self._stop.is_set():
            try:
                data = connection.recv(_READ_BYTES)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionError("expected a stream without an end, got its end")
            return data
        return b""
