"""A listener that keeps every byte of its stream and when it came; it can stop reading, as slow ones do."""

import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from tests.support.audio.capture import Capture
from tests.support.http.exchange import Answer, connect

_POLL_SECONDS = 0.1
_LEAST_SLEEP_SECONDS = 0.02
_READ_BYTES = 65_536
_WAIT_SECONDS = 15.0


class Listener:
    """Asks for a stream at once; reads on a thread of its own until the end or `close`.

    Args:
        port: Public port of the server.
        path: Of the stream, with its query.
        headers: More header lines, each ended by CR LF.
        version: Of HTTP.
        receive_buffer_bytes: Of its socket; 0 for the system's.
        reading: False: do not read until `resume`.
        tls: The port speaks TLS; a response that ends without close_notify is "reset" then.

    Attributes:
        asked_at: When the request went out (`time.monotonic`).
        arrivals: When bytes came, and how many there were by then in all.
        end: None while it is open, then "closed", "reset", or "left" after `close`.
    """

    def __init__(
        self,
        port: int,
        path: str,
        *,
        headers: str = "",
        version: Literal["HTTP/1.0", "HTTP/1.1"] = "HTTP/1.1",
        receive_buffer_bytes: int = 0,
        reading: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.arrivals: list[tuple[float, int]] = []
        self.end: Literal["closed", "reset", "left"] | None = None
        self._data = bytearray()
        self._reads = threading.Event()
        self._leaves = threading.Event()
        if reading:
            self._reads.set()
        self._connection = connect(port, receive_buffer_bytes=receive_buffer_bytes, tls=tls)
        self._connection.settimeout(_POLL_SECONDS)
        self.asked_at = time.monotonic()
        self._connection.sendall(f"GET {path} {version}\r\nHost: localhost\r\n{headers}\r\n".encode())
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Go away."""
        self._leaves.set()
        self._reads.set()
        self._thread.join()
        self._connection.close()

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._reads.clear()

    def resume(self) -> None:
        """Read again."""
        self._reads.set()

    @property
    def answer(self) -> Answer:
        """The response so far."""
        return Answer.parse(bytes(self._data))

    @property
    def body(self) -> bytes:
        """The stream so far."""
        return bytes(self._data).partition(b"\r\n\r\n")[2]

    @property
    def size_bytes(self) -> int:
        """How much has come, the response's head included."""
        return len(self._data)

    @property
    def head_bytes(self) -> int:
        """How much of it is the response's head."""
        return self._data.index(b"\r\n\r\n") + 4

    def capture(self) -> Capture:
        """Give the stream so far, taken apart."""
        return Capture.parse(self.body)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = _WAIT_SECONDS) -> None:
        """Wait until something is true."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= deadline:
                raise AssertionError(f"not in {seconds} s: {what}; {self.size_bytes} bytes, end {self.end}")
            time.sleep(_LEAST_SLEEP_SECONDS)

    def wait_for_audio(self, audio_seconds: float, seconds: float = _WAIT_SECONDS) -> Capture:
        """Wait until this much audio has come in all."""
        deadline = time.monotonic() + seconds
        while (missing := audio_seconds - (capture := self.capture()).seconds) > 0:
            if time.monotonic() >= deadline:
                what = f"{audio_seconds} s of audio, {missing:.2f} s are missing"
                raise AssertionError(f"not in {seconds} s: {what}; {self.size_bytes} bytes, end {self.end}")
            # All that has come is taken apart each time: not oftener than it helps.
            time.sleep(min(max(missing / 2, _LEAST_SLEEP_SECONDS), _POLL_SECONDS))
        return capture

    def wait_for_end(self, seconds: float = _WAIT_SECONDS) -> Capture:
        """Wait until the server has ended the response."""
        self.wait(lambda: self.end is not None, "the end", seconds)
        return self.capture()

    def _read(self) -> None:
        while not self._leaves.is_set():
            if not self._reads.wait(_POLL_SECONDS):
                continue
            try:
                data = self._connection.recv(_READ_BYTES)
            except TimeoutError:
                continue
            except OSError:
                self.end = "reset"
                return
            if not data:
                self.end = "closed"
                return
            self._data += data
            self.arrivals.append((time.monotonic(), len(self._data)))
        self.end = "left"
