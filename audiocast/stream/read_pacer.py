"""Reads sources whose pages nobody waits for together, in turns, instead of each one when its page comes.

A page that comes by itself costs several times as much as one among others: the process wakes up for it, and
finds little of what it needs in the processor's caches (docs/fan-out.md, "What a source costs"). Nobody
notices the difference: buffered listeners get pages that gather for longer, and of a source that nobody hears
at all, what has come is read at once when somebody comes (`PacedRead.make_now`).

    source --read--> who hears it? -- somebody live --> read when something comes
                         ^    |'----- buffered -------> read after a flush interval -.
                         |    '------ nobody ---------> read after 100 ms -------------|
                         '--------- with all others of that turn ----------------------'

When nothing has come by then, the source is read when something comes.
"""

from collections.abc import Callable, Iterator

from audiocast.stream.clock import Clock, Timer
from audiocast.stream.feed_scheduler import FeedScheduler

# Sources are read at multiples of this only, so that those with the same interval share a few turns.
TURN_SECONDS = 0.02

# What a source sends in this time, the kernel has room for in any case.
MOST_SECONDS = 0.2

# Of a source that nobody hears. What a read costs beside its pages, five of them share; of much longer times
# there is nothing more to gain, and what is known of the source would be older.
UNHEARD_SECONDS = 0.1

# Then the loop has its turn. Less than the feed scheduler's slice, which the reads of one slice share.
SLICE_SECONDS = 0.0015


class PacedRead:
    """A read that is made once: in its turn, or before.

    Args:
        read: Never raises.

    Attributes:
        is_early: It is being made before its turn, since somebody is to hear the source: what follows is to
            be read when it comes.
    """

    __slots__ = ("_read", "is_early")

    def __init__(self, read: Callable[[], None] | None) -> None:
        self._read = read
        self.is_early = False

    def make(self) -> None:
        """Read, unless that was done."""
        read, self._read = self._read, None
        if read is not None:
            read()

    def make_now(self) -> None:
        """Do the same, though it is not its turn."""
        self.is_early = True
        self.make()
        self.is_early = False


# Of a source that is read when its pages come.
NO_READ = PacedRead(None)


class ReadPacer:
    """Makes reads in turns.

    Args:
        clock: Time and timers.
        feed_scheduler: Of this node; processes what is read.
    """

    def __init__(self, clock: Clock, feed_scheduler: FeedScheduler) -> None:
        self._clock = clock
        self._feed_scheduler = feed_scheduler
        # By the number of the turn, counted from here.
        self._began_at = clock.time()
        self._turns: dict[int, list[PacedRead]] = {}
        self._next_turn = 0
        self._timer: Timer | None = None

    def add(self, read: Callable[[], None], seconds: float) -> PacedRead:
        """Have `read` called once. It may add itself again, and never raises.

        Args:
            read: See `PacedRead`.
            seconds: In how much time; in whole turns, at least the next one and at most `MOST_SECONDS`.
        """
        paced = PacedRead(read)
        turn = self._turn_now() + max(1, round(min(seconds, MOST_SECONDS) / TURN_SECONDS))
        self._turns.setdefault(turn, []).append(paced)
        if self._timer is None or turn < self._next_turn:
            self._arm(turn)
        return paced

    def _turn_now(self) -> int:
        """Return the number of the turn that began last. A timer may be early by what clocks resolve."""
        return int((self._clock.time() - self._began_at) / TURN_SECONDS + 1e-3)

    def _arm(self, turn: int) -> None:
        """Call at the beginning of a turn. Turns in which nothing is read cost nothing."""
        if self._timer is not None:
            self._timer.cancel()
        self._next_turn = turn
        self._timer = self._clock.call_at(self._began_at + turn * TURN_SECONDS, self._start_turn)

    def _start_turn(self) -> None:
        self._timer = None
        reads = self._turns.pop(self._next_turn)
        if self._turns:
            self._arm(min(self._turns))
        self._go_on(iter(reads))

    def _go_on(self, reads: Iterator[PacedRead]) -> None:
        """Do one slice of a turn; the next one has a turn of the loop for itself."""
        began_at = self._clock.time()
        self._feed_scheduler.begin_slice(began_at)
        for read in reads:
            read.make()
            if self._clock.time() - began_at >= SLICE_SECONDS:
                self._clock.call_soon(self._go_on, reads)
                return
