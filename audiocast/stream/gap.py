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

# How often silence is made: five packets at a time.
TICK_SECONDS = 0.1

PACKET_SECONDS = SILENCE_SAMPLES / SAMPLE_RATE

# Two spans are looked back on, so between 15 and 30 s: longer than the segments of HLS, which last up to ten
# seconds, and short enough to forget a network that stuttered once.
SPAN_SECONDS = 15.0

# A network delays pages by some tens of milliseconds, and then two come at once: only more than this is told
# as bursts. Players have room for so much anyway.
MIN_BURST_SECONDS = 0.25

# Nobody has more in hand: whoever falls behind is moved to the live edge sooner, and whoever joins gets a
# backlog of 20 s by default. A server without bounds for sources may get a whole evening at once.
MAX_IN_HAND_SECONDS = 2 * SPAN_SECONDS


# What comes in a shorter time came at once: what one read has brought is worked on page by page.
AT_ONCE_SECONDS = 0.001


class Arrivals:
    """How the audio of a stream's sources comes: how much at once, and how much listeners have in hand.

    An encoder that sends a page every 20 ms and a relay of HLS that sends 6 s every 6 s both send in real
    time. So time is counted from the audio that came: listeners who got 6 s need no silence before those are
    used up. In hand is what has come above the lowest point of late, and not since the beginning: an encoder
    that sent some seconds in advance once, hours ago, is no help to who listens since a minute.

    Args:
        now: The clock's seconds.

    Attributes:
        last_at: When the last audio came, the clock's seconds.
        at_once_seconds: How much of it came at once.
    """

    def __init__(self, now: float) -> None:
        self._told_seconds = 0.0
        self._start(now, in_hand_seconds=0.0)

    def _start(self, now: float, *, in_hand_seconds: float) -> None:
        self.last_at = self._span_began_at = now
        self.at_once_seconds = 0.0
        # Chained streams end with a short page.
        self._page_before_seconds = self._last_page_seconds = 0.0
        self._lead = in_hand_seconds
        # Of the span before, and of this one: lowest and highest lead, deepest fall.
        self._lowest_before = self._lowest = 0.0
        self._highest_before = self._highest = in_hand_seconds
        self._deepest_fall_before = self._deepest_fall = 0.0

    @property
    def page_seconds(self) -> float:
        """How much audio is on a page."""
        before, last = self._page_before_seconds, self._last_page_seconds
        return before if before > last else last

    @property
    def burst_seconds(self) -> float:
        """How much audio comes at once: what a player must have in hand to play without a hole."""
        before, now = self._deepest_fall_before, self._deepest_fall
        burst, page = before if before > now else now, self.page_seconds
        return burst if burst > page + MIN_BURST_SECONDS else page

    def has_new_burst(self) -> bool:
        """Return, once for each change that players should know of, whether bursts are others."""
        burst = self.burst_seconds
        if abs(burst - self._told_seconds) <= MIN_BURST_SECONDS:
            return False
        self._told_seconds = burst
        return True

    @property
    def used_up_at(self) -> float:
        """When listeners will have played all that came, the clock's seconds."""
        return self.last_at + min(self._lead - min(self._lowest_before, self._lowest), MAX_IN_HAND_SECONDS)

    @property
    def ended_at(self) -> float:
        """When the last of what came was made, by the arrivals that were delayed least, the clock's seconds.

        Of two sources that send in real time, the same moment has the same number.
        """
        before, now = self._highest_before, self._highest
        late_seconds = (before if before > now else now) - self._lead
        # An encoder that was silent for a while goes on with the present, and is late by nothing.
        return self.last_at - (late_seconds if late_seconds < MIN_BURST_SECONDS else 0.0)

    def restart(self, now: float) -> None:
        """Forget how audio came, since another source begins, or a gap is over; what is in hand stays."""
        self._start(now, in_hand_seconds=max(0.0, self.used_up_at - now))

    def note(self, now: float, seconds: float) -> None:
        """Count audio that came.

        Args:
            now: When, the clock's seconds.
            seconds: How much of it, on one page.
        """
        lead = self._lead
        is_at_once = now - self.last_at < AT_ONCE_SECONDS
        self.at_once_seconds = self.at_once_seconds + seconds if is_at_once else seconds
        if now - self._span_began_at >= SPAN_SECONDS:
            self._span_began_at = now
            self._lowest_before, self._lowest = self._lowest, lead
            self._highest_before, self._highest = self._highest, lead
            self._deepest_fall_before, self._deepest_fall = self._deepest_fall, 0.0
        highest = self._highest if self._highest > self._highest_before else self._highest_before
        lead -= now - self.last_at
        if lead < self._lowest:
            self._lowest = lead
        if highest - lead > self._deepest_fall:
            self._deepest_fall = highest - lead
        lead += seconds
        if lead > self._highest:
            self._highest = lead
        self._lead = lead
        self._page_before_seconds, self._last_page_seconds = self._last_page_seconds, seconds
        self.last_at = now


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
