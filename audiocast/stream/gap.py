"""What happens while a source is away: the gap is noticed, and filled with silence until the source is back.

    source lost, or connected and silent --> silence in real time --source back--> its audio
                                                                  '--grace over--> the stream ends

Silence begins when listeners have used up the audio that came (`Arrivals`), not when something came last.

The silence is padded to the stream's own byte rate: an `<audio>` element reads in blocks of 32 KiB and
starves on the 3-byte packets of plain digital silence (15 s of those stopped Chromium and Firefox for 12 s).
There is one timer for each stream, whatever its page rate. Nothing here sends.
"""

from collections.abc import Callable

from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.silence import SILENCE_SAMPLES
from audiocast.stream.bitstream import Bitstream, paced_silence
from audiocast.stream.clock import Clock, Timer
from audiocast.stream.counters import Counters
from audiocast.stream.muxer import TimedPacket
from audiocast.stream.standby.arrivals import AT_ONCE_SECONDS, Arrivals

# How often silence is made: five packets at a time.
TICK_SECONDS = 0.1

PACKET_SECONDS = SILENCE_SAMPLES / SAMPLE_RATE


class IdleWatch:
    """Notices that a connected source has sent no audio for too long; watches from the first audio on.

    Args:
        clock: Time and timers.
        active_seconds: How long without audio, after all that came is used up, is not idle yet.
        on_idle: Called once when the source becomes idle, and again only after further audio.

    Attributes:
        arrivals: How the audio came.
    """

    def __init__(self, clock: Clock, *, active_seconds: float, on_idle: Callable[[], None]) -> None:
        self.arrivals = Arrivals(clock.time())
        self._clock = clock
        self._active_seconds = active_seconds
        self._on_idle = on_idle
        self._timer: Timer | None = None

    @property
    def is_idle(self) -> bool:
        """There has been no audio for `active_seconds`, neither new nor in listeners' hands."""
        return self._clock.time() >= self._idle_at

    def note_audio(self, now: float, seconds: float) -> None:
        """Start the wait anew, since so much audio has come."""
        self.arrivals.note(now, seconds)
        if self._timer is None:
            self._timer = self._clock.call_at(self._idle_at, self._check)

    def go_on(self, arrivals: Arrivals) -> None:
        """Watch another source, whose audio has come like this."""
        self.arrivals = arrivals
        if self._timer is None:
            self._timer = self._clock.call_at(self._idle_at, self._check)

    def stop(self) -> None:
        """Watch no more, until audio comes again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _idle_at(self) -> float:
        return self.arrivals.used_up_at + self._active_seconds

    def _check(self) -> None:
        self._timer = None
        if self.is_idle:
            self._on_idle()
        else:
            self._timer = self._clock.call_at(self._idle_at, self._check)


class Silence:
    """Packets of silence in real time, as many bytes a second as the audio before them.

    Args:
        opus_head: Decoder set-up of the stream.
        bytes_per_second: What a listener got until now, Ogg's own bytes included.
        now: When the silence begins, the clock's seconds.
    """

    def __init__(self, opus_head: OpusHead, *, bytes_per_second: float, now: float) -> None:
        self._packet = paced_silence(opus_head, bytes_per_second)
        self._began_at = now
        self._made = 0

    @property
    def is_made(self) -> bool:
        """There is some of it."""
        return self._made > 0

    @property
    def ends_at(self) -> float:
        """Until when it lasts, the clock's seconds."""
        return self._began_at + self._made * PACKET_SECONDS

    def packets(self, now: float) -> list[TimedPacket]:
        """Return the packets that are due since the last call, so that silence lasts as long as the gap."""
        due = max(0, int((now - self._began_at) / PACKET_SECONDS) - self._made)
        self._made += due
        return [(self._packet, SILENCE_SAMPLES)] * due


class SourceGap:
    """The gaps of one stream's sources, one after another.

    Args:
        clock: Time and timers.
        counters: Seconds of silence, and how unsteadily audio comes, are added to it.
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
        self._silence: Silence | None = None

    @property
    def is_open(self) -> bool:
        """Listeners get silence."""
        return self._timer is not None

    @property
    def is_idle(self) -> bool:
        """There has been no audio for `active_seconds`."""
        return self._watch.is_idle

    @property
    def quiet_seconds(self) -> float:
        """How long ago the last audio came."""
        return self._clock.time() - self.arrivals.last_at

    @property
    def arrivals(self) -> Arrivals:
        """How the audio of the sources came."""
        return self._watch.arrivals

    @property
    def used_up_at(self) -> float:
        """When listeners will have played all that came, and the silence that was made."""
        used_up_at = self.arrivals.used_up_at
        return used_up_at if self._silence is None else max(used_up_at, self._silence.ends_at)

    @property
    def ended_at(self) -> float:
        """Up to which moment there is audio, or silence that was made in its place; see `Arrivals`."""
        silence = self._silence
        return self.arrivals.ended_at if silence is None or not silence.is_made else silence.ends_at

    def switch_to(self, arrivals: Arrivals) -> None:
        """End the gap, if any: a source goes on whose audio has come like this."""
        self.end()
        self._watch.go_on(arrivals)

    def start(self, bitstream: Bitstream) -> None:
        """Fill `bitstream` with silence as soon as its audio is used up, unless that is done already."""
        if not self.is_open:
            begins_at = max(self._clock.time(), self.arrivals.used_up_at)
            silence = Silence(
                bitstream.muxer.opus_head, bytes_per_second=bitstream.bytes_per_second(), now=begins_at
            )
            self._silence = silence
            self._schedule(bitstream, silence, begins_at + self._grace_seconds)

    def end(self) -> bool:
        """Make no more silence; return whether there was a gap."""
        timer, self._timer, self._silence = self._timer, None, None
        if timer is not None:
            timer.cancel()
            self.arrivals.restart(self._clock.time())
        return timer is not None

    def note_audio(self, now: float, samples: int) -> bool:
        """End the gap, if any, since so much audio has come; return whether there is news of the source."""
        seconds, arrivals = samples / SAMPLE_RATE, self._watch.arrivals
        since_seconds = now - arrivals.last_at
        if since_seconds >= AT_ONCE_SECONDS:
            self._counters.jitter.observe(abs(since_seconds - arrivals.at_once_seconds))
        was_open = self._timer is not None and self.end()
        self._watch.note_audio(now, seconds)
        return arrivals.has_new_burst() or was_open

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
            bitstream.append_gap(packets, now)
            self._counters.silence_seconds += sum(samples for _, samples in packets) / SAMPLE_RATE
        self._schedule(bitstream, silence, over_at)
