"""Lanes: the listeners of a stream that are walked over together, and when their next pass begins.

A live listener is sent each page at once while sending leaves the event loop room. When it does not, pages
gather, but for no longer than the listener's player can use, and a pass then costs one send for all of them.
Listeners whose players buffer a second get what has gathered within a flush interval, and when many listen,
within nearly one and a half.

The measure is what passes over listeners of the same kind have taken of the loop's time since the lane's last
pass began, those of all streams of the node: they share the loop, and a send that is saved is worth the same
in each. It counts what was, so it needs no model of what a send costs. Why these numbers: docs/fan-out.md.
"""

from audiocast.stream.clock import Timer
from audiocast.stream.counters import Counters
from audiocast.stream.fanout.listener import Listener
from audiocast.stream.read_pacer import TURN_SECONDS

# There is room while sending to live listeners takes no more than this share of the loop's time.
LIVE_SHARE = 0.25

# The same of buffered listeners: a twenty-fifth of a core. They do not hear when a page comes, so their sends
# are saved as soon as they are worth anything. Two hundred with TLS take less: when a crowd joins, and its
# turns make passes long, their pages have not gathered for longer already. Their p99 was 164 ms then.
BUFFERED_SHARE = 0.04

# How much later than it came a page reaches the last buffered listener at most, without room, in flush
# intervals: what a pass takes is taken off the time for which pages gather. Of 155 ms the p99 is 150.
MOST_FLUSHES = 1.55

# What a pass takes is an average of about so many: of a single one it says what else the machine does.
AVERAGED_PASSES = 16

# A pass over buffered listeners may begin so much before or after its time, if a page comes then: that page
# would have to wait for a whole interval otherwise.
EARLY_SECONDS = LATE_SECONDS = 0.005

# What `latency=low` stands for. Half of what a player aims at is for gathering, the rest for its network, a
# packet, and threads that are late.
LOW_LATENCY_SECONDS = 0.08

# A player that aims at this much, or says nothing, buffers: it does not hear when a page comes.
BUFFERED_SECONDS = 1.0

# How much longer pages may gather with each second of load. Players learn from lateness how much sound they
# need in hand, and get it by playing at most 1 % slower: 10 ms a second.
GATHER_GROWTH = 0.005

# A pause lasts at least this part of what the pass before it has sent for, so that passes do not fill a core.
# Other work between the slices of a pass does not count: what it has delayed need not wait for longer still.
MIN_PAUSE_SHARE = 0.5


class Lane:
    """The listeners that are served together, in the order in which they joined.

    Args:
        counters: Of the node; read for what live passes took.
        aim_seconds: The least delay that players of this lane aim at.
        least_seconds, most_seconds: How long a page waits for others, with room and without it.
        is_live: Pages go out at once while there is room.

    Attributes:
        listeners: Those who were closed stay until the end of the next pass.
        open_count: How many of them are open.
        ends: Of each slice of a pass, where the last one ended, and so where nearly all of its cursors stand.
        timer: Of the next pass.
        due: When the timer calls.
        is_running: A pass is on.
        is_live: See above.
    """

    __slots__ = (
        "_began_at",
        "_counters",
        "_gather_seconds",
        "_lacked_room",
        "_least_seconds",
        "_more_turns",
        "_most_seconds",
        "_pass_seconds",
        "_rested_at",
        "_seconds_before",
        "_sent_seconds",
        "aim_seconds",
        "due",
        "ends",
        "is_live",
        "is_running",
        "listeners",
        "open_count",
        "timer",
    )

    def __init__(
        self,
        counters: Counters,
        *,
        aim_seconds: float,
        least_seconds: float,
        most_seconds: float,
        is_live: bool = True,
    ) -> None:
        self._counters = counters
        self.aim_seconds = aim_seconds
        self._least_seconds = self._gather_seconds = least_seconds
        self._most_seconds = most_seconds
        self.is_live = is_live
        self._began_at = float("-inf")
        self._seconds_before = 0.0
        self._sent_seconds = 0.0
        self._more_turns = 0
        self._pass_seconds = 0.0
        self._rested_at = 0.0
        self._lacked_room = False
        self.listeners: list[Listener] = []
        self.open_count = 0
        self.ends: list[int] = []
        self.timer: Timer | None = None
        self.due = 0.0
        self.is_running = False

    @property
    def interval_seconds(self) -> float:
        """How long passes over buffered listeners are apart, by whole turns in which sources are read."""
        return self._least_seconds + self._more_turns * TURN_SECONDS

    def due_at(self, now: float, waits_since: float, waiting_seconds: float) -> float:
        """Return when what waits should be sent: at once, if not after `now`.

        Args:
            now: The clock's seconds.
            waits_since: When the first of the pages came that wait, the clock's seconds.
            waiting_seconds: How much audio is on them.
        """
        if not self.is_live:
            return self._buffered_due_at(now, waiting_seconds)
        if self._has_room(now):
            wait_seconds = self._least_seconds
        else:
            self._lacked_room = True
            wait_seconds = self._gather_seconds
        return max(waits_since + wait_seconds, self._rested_at)

    def _buffered_due_at(self, now: float, waiting_seconds: float) -> float:
        """Return when pages go out that need not go out at once.

        A source that only buffered listeners hear is read once an interval. What comes then has waited, so it
        is sent right then, whenever the last pass was: so much audio does not come more often.
        """
        interval_seconds = self.interval_seconds
        due = self._began_at + interval_seconds
        has_gathered = waiting_seconds >= interval_seconds - EARLY_SECONDS or now >= due - EARLY_SECONDS
        return max(now if has_gathered else due + LATE_SECONDS, self._rested_at)

    def note_join(self, end: int, slice_listeners: int) -> None:
        """Count one more listener, which stands at `end` and is in a slice of at most so many."""
        if not self.listeners:
            # No pass has been made meanwhile: what came was for nobody, and late for nobody.
            self.ends = []
        if len(self.listeners) >= slice_listeners * len(self.ends):
            self.ends.append(end)
        self.open_count += 1

    def start_pass(self, now: float) -> None:
        """Note that a pass begins; pages may gather a little longer if they had no room before, else less."""
        lacked_room = self._lacked_room if self.is_live else not self._has_room(now)
        change = GATHER_GROWTH * (now - self._began_at)
        most_seconds = self._most_seconds if self.is_live else self._most_seconds - self._pass_seconds
        is_growing = lacked_room and self._gather_seconds < most_seconds
        gather_seconds = self._gather_seconds + (change if is_growing else -change)
        self._gather_seconds = min(max(gather_seconds, self._least_seconds), self._most_seconds)
        self._count_turns()
        self._lacked_room = False
        self._began_at = now
        self._seconds_before = self._sending_seconds
        self._sent_seconds = 0.0
        self.timer = None
        self.is_running = True

    def end_pass(self, now: float) -> None:
        """Note that a pass has ended."""
        self._pass_seconds += (self._sent_seconds - self._pass_seconds) / AVERAGED_PASSES
        self._rested_at = now + MIN_PAUSE_SHARE * self._sent_seconds
        self.is_running = False
        self.drop_closed()

    def note_sending(self, seconds: float) -> None:
        """Count how long a slice of a pass has kept the loop."""
        self._sent_seconds += seconds
        if self.is_live:
            self._counters.live_seconds += seconds
        else:
            self._counters.buffered_seconds += seconds

    def _count_turns(self) -> None:
        """Round what gathers to whole turns. Half a turn less changes nothing: reads keep their beat."""
        turns = (self._gather_seconds - self._least_seconds) / TURN_SECONDS + 1e-6
        if not self._more_turns - 0.5 <= turns < self._more_turns + 1:
            self._more_turns = int(turns)

    @property
    def _sending_seconds(self) -> float:
        return self._counters.live_seconds if self.is_live else self._counters.buffered_seconds

    def _has_room(self, now: float) -> bool:
        """Whether sending has left the loop room since the last pass began."""
        share = LIVE_SHARE if self.is_live else BUFFERED_SHARE
        return self._sending_seconds - self._seconds_before <= share * (now - self._began_at)

    def drop_closed(self) -> None:
        """Forget the listeners that were closed. Never while a pass walks over the list."""
        if self.open_count < len(self.listeners):
            self.listeners = [listener for listener in self.listeners if listener.is_open]


def lanes(counters: Counters, flush_interval_seconds: float) -> tuple[Lane, ...]:
    """Return the lanes of one stream, by rising aim.

    Args:
        counters: See `Lane`.
        flush_interval_seconds: How long pages gather for players that buffer, with room; for live ones no
            longer.
    """
    flush = flush_interval_seconds
    buffered = Lane(
        counters,
        aim_seconds=BUFFERED_SECONDS,
        least_seconds=flush,
        most_seconds=MOST_FLUSHES * flush,
        is_live=False,
    )
    return (
        Lane(counters, aim_seconds=0.0, least_seconds=0.0, most_seconds=min(0.04, flush)),
        Lane(counters, aim_seconds=0.16, least_seconds=0.0, most_seconds=min(0.08, flush)),
        buffered,
    )
