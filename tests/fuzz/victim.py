"""The stream that nobody may disturb: numbered packets in real time, and a listener who gets each at once."""

import time
from itertools import pairwise
from types import TracebackType
from typing import Self

from tests.fuzz.cases import VICTIM, key_of
from tests.support.audio.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

# Number 0 is what silence that the server makes has.
FIRST_NUMBER = 1
START_SECONDS = 15.0


class Victim:
    """On the air while the `with` block runs.

    Args:
        source_at: The server that its encoder is connected to.
        listener_at: The server that its listener is connected to.
        seconds: How long it lasts at most.
        stream_id: Name of its stream.
    """

    def __init__(
        self,
        source_at: AudiocastServer,
        listener_at: AudiocastServer,
        *,
        seconds: float,
        stream_id: str = VICTIM,
    ) -> None:
        self._listener_at = listener_at
        self._stream_id = stream_id
        url = f"{source_at.base}/ingest/{stream_id}?key={key_of(stream_id)}"
        self._source = PacedSource(url, numbered_audio(seconds=seconds, first_number=FIRST_NUMBER))
        self._listener: Listener | None = None

    def __enter__(self) -> Self:
        self._source.__enter__()
        try:
            self._listener_at.wait_for_state(self._stream_id, "live", START_SECONDS)
            path = f"/stream/{self._stream_id}?latency=low&preroll=0"
            self._listener = Listener(self._listener_at.port, path)
            self._listener.wait_for_audio(0.3)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.close()
        self._source.kill()

    def harm(self) -> str:
        """Return what the listener has missed or got that was not sent; empty: nothing.

        It is waited for what was sent until now.
        """
        assert self._listener is not None
        sent = int(self._source.sent_seconds / PACKET_SECONDS)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self._listener.end is not None:
                return f"the listener's response has ended: {self._listener.end}"
            numbers = [number_of(packet) for packet in self._listener.capture().packets]
            if numbers[-1] >= FIRST_NUMBER + sent - 1:
                break
            if time.monotonic() > deadline:
                return f"expected packet {FIRST_NUMBER + sent - 1} in {START_SECONDS:g} s, got {numbers[-1]}"
            time.sleep(0.05)
        wrong = [(before, after) for before, after in pairwise(numbers) if after != before + 1]
        return f"packets that do not follow each other: {wrong[:10]}" if wrong else ""

    @property
    def longest_gap_ms(self) -> float:
        """The longest time between two arrivals at the listener."""
        assert self._listener is not None
        times = [at for at, _ in self._listener.arrivals]
        return max((after - before for before, after in pairwise(times)), default=0.0) * 1000
