"""What happens while a source is away: the gap is noticed, and filled with silence until the source is back.

    source lost, or connected and silent --> silence in real time --source back--> its audio
                                                                  '--grace over--> the stream ends

The silence is padded to the stream's own byte rate: an `<audio>` element reads in blocks of 32 KiB and
starves on the 3-byte packets of plain digital silence (15 s of those stopped Chromium and Firefox for 12 s).
There is one timer for each stream, whatever its page rate. Nothing here sends.
"""

from collections.abc import Callable

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.silence import MAX_SILENCE_BYTES, SILENCE_SAMPLES, silence_packet
from audiocast.stream.bitstream import Bitstream
from audiocast.stream.clock import Clock, Timer
from audiocast.stream.counters import Counters
from audiocast.stream.muxer import TimedPacket

# How often silence is made: five packets at a time.
TICK_SECONDS = 0.1

PACKET_SECONDS = SILENCE_SAMPLES / SAMPLE_RATE


class IdleWatch:
    """Notices that a connected source has sent no audio for too long; watches from the first audio on.

    Args:
        clock: Time and timers.
        active_seconds: How long without audio is not idle yet.
        on_idle: Called once when the source becomes idle, and again only after further audio.

    Attributes:
        heard_at: When the last audio came, the clock's seconds.
    """

    def __init__(self, clock: Clock, *, active_seconds: float, on_idle: Callable[[], None]) -> None:
        self.heard_at = 0.0
        self._clock = clock
        self._active_seconds = active_seconds
        self._on_idle = on_idle
        self._timer: Timer | None = None

    @property
    def is_idle(self) -> bool:
        """There has been no audio for `active_seconds`."""
        return self._clock.time() - self.heard_at >= self._active_seconds

    def note_audio(self, now: float) -> None:
        """Start the wait anew."""
        self.heard_at = now
        if self._timer is None:
            self._timer = self._clock.call_later(self._active_seconds, self._check)

    def stop(self) -> None:
        """Watch no more, until audio comes again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        if self.is_idle:
            self._on_idle()
        else:
            self._timer = self._clock.call_at(self.heard_at + self._active_seconds, self._check)


class Silence:
    """Packets of silence in real time, as many bytes a second as the audio before them.

    Args:
        opus_head: Decoder set-up of the stream.
        bytes_per_second: What a listener got until now, Ogg's own bytes included.
        now: When the silence begins, the clock's seconds.
    """

    def __init__(self, opus_head: OpusHead, *, bytes_per_second: float, now: float) -> None:
        size_bytes = min(round(bytes_per_second * PACKET_SECONDS), MAX_SILENCE_BYTES)
        self._packet = silence_packet(opus_head, size_bytes)
        self._began_at = now
        self._made = 0

    def packets(self, now: float) -> list[TimedPacket]:
        """Return the packets that are due since the last call, so that silence lasts as long as the gap."""
        due = int((now - self._began_at) / PACKET_SECONDS) - self._made
        self._made += due
        return [(self._packet, SILENCE_SAMPLES)] * due


class SourceGap:
    """The gaps of one stream's sources, one after another.

    Args:
        clock: Time and timers.
        counters: Seconds of silence are added to it.
        active_seconds: See `IdleWatch`.
        grace_seconds: How long a gap may last.
        on_idle: Called when a connected source becomes idle; no gap is started by that.
        on_over: Called when a gap has lasted `grace_seconds`.
    """

    def __init__(
        self,
        clock: Clock,
        counters: Counters,
        *,
        active_seconds: float,
        grace_seconds: float,
        on_idle: Callable[[], None],
        on_over: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._grace_seconds = grace_seconds
        self._on_over = on_over
        self._watch = IdleWatch(clock, active_seconds=active_seconds, on_idle=on_idle)
        self._timer: Timer | None = None

    @property
    def is_open(self) -> bool:
        """Listeners get silence."""
        return self._timer is not None

    @property
    def is_idle(self) -> bool:
        """There has been no audio for `active_seconds`."""
        return self._watch.is_idle

    @property
    def heard_at(self) -> float:
        """When the last audio came, the clock's seconds."""
        return self._watch.heard_at

    def start(self, bitstream: Bitstream) -> None:
        """Fill `bitstream` with silence from now on, unless that is done already."""
        if not self.is_open:
            now = self._clock.time()
            silence = Silence(
                bitstream.muxer.opus_head, bytes_per_second=bitstream.bytes_per_second(), now=now
            )
            self._schedule(bitstream, silence, now + self._grace_seconds)

    def end(self) -> bool:
        """Make no more silence; return whether there was a gap."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def note_audio(self, now: float) -> bool:
        """End the gap, if any, since audio has come; return whether there was one."""
        self._watch.note_audio(now)
        return self.end()

    def stop(self) -> None:
        """Make no more silence and watch no more, until audio comes again."""
        self.end()
        self._watch.stop()

    def _schedule(self, bitstream: Bitstream, silence: Silence, over_at: float) -> None:
        self._timer = self._clock.call_later(TICK_SECONDS, self._tick, bitstream, silence, over_at)

    def _tick(self, bitstream: Bitstream, silence: Silence, over_at: float) -> None:
        now = self._clock.time()
        if now >= over_at:
            self._on_over()
            return
        packets = silence.packets(now)
        if packets:
            bitstream.append(packets, now)
            self._counters.silence_seconds += sum(samples for _, samples in packets) / SAMPLE_RATE
        self._schedule(bitstream, silence, over_at)
