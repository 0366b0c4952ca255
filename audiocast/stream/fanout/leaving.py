"""The last bytes of listeners that leave while their stream goes on: a full socket gets some seconds."""

from audiocast.stream.clock import Clock, Timer
from audiocast.stream.fanout.listener import Sink

LEAVE_SECONDS = 5.0
RETRY_SECONDS = 0.1


class LeavingListeners:
    """Sockets that are closed when they have taken what is left for them.

    Args:
        clock: Time and timers.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[Sink, tuple[bytes, float]] = {}
        self._timer: Timer | None = None

    def add(self, sink: Sink, data: bytes) -> None:
        """Send `data`, and close the socket then, or when it has not taken all in time."""
        self._left[sink] = data, self._clock.time() + LEAVE_SECONDS
        self._send(sink)
        self._arm()

    def _send(self, sink: Sink) -> None:
        data, deadline = self._left[sink]
        try:
            data = data[sink.send(data) :]
        except BlockingIOError:
            pass
        except OSError:
            data = b""
        if data and self._clock.time() < deadline:
            self._left[sink] = data, deadline
        else:
            del self._left[sink]
            sink.close()

    def _retry(self) -> None:
        self._timer = None
        for sink in tuple(self._left):
            self._send(sink)
        self._arm()

    def _arm(self) -> None:
        if self._left and self._timer is None:
            self._timer = self._clock.call_later(RETRY_SECONDS, self._retry)
