"""How the audio of a source comes: how much at once, how late, and how much listeners have in hand. Pure."""

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
