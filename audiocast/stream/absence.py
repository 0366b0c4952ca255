"""A source is away: its listeners get silence in real time until it is back, or until the grace is over."""

from collections.abc import Callable

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.stream.bitstream import Bitstream
from audiocast.stream.clock import Clock
from audiocast.stream.counters import Counters
from audiocast.stream.hold import TICK_SECONDS, Hold


class Absence:
    """One absence; it begins now.

    Args:
        bitstream: To be filled.
        clock: Time and timers.
        counters: Of this node.
        grace_seconds: How long it may last.
        on_over: Called when it has lasted that long.
    """

    def __init__(
        self,
        bitstream: Bitstream,
        clock: Clock,
        counters: Counters,
        *,
        grace_seconds: float,
        on_over: Callable[[], None],
    ) -> None:
        self._bitstream = bitstream
        self._clock = clock
        self._counters = counters
        self._on_over = on_over
        now = clock.time()
        self._over_at = now + grace_seconds
        self._hold = Hold(bitstream.muxer.opus_head, bytes_per_second=bitstream.bytes_per_second(), now=now)
        self._timer = clock.call_later(TICK_SECONDS, self._tick)

    def end(self) -> None:
        """The source is back, or the stream has ended."""
        self._timer.cancel()

    def _tick(self) -> None:
        now = self._clock.time()
        if now >= self._over_at:
            self._on_over()
            return
        packets = self._hold.silence(now)
        if packets:
            self._bitstream.append(packets, now)
            self._counters.silence_seconds += sum(samples for _, samples in packets) / SAMPLE_RATE
        self._timer = self._clock.call_later(TICK_SECONDS, self._tick)
