"""Reads the sources that nobody hears live together, every 25 ms, instead of each one when its page comes.

A page that comes by itself costs several times as much as one among others: the process wakes up for it, and
finds little of what it needs in the processor's caches (docs/fan-out.md, "What a source costs"). Nobody
notices the difference: buffered listeners get pages that gather for longer, and who joins gets a backlog.

    source --read--> anybody live? -- yes --> read when something comes
                         ^    '------- no --> read in the next turn, with all others; when nothing has
                         '---------------     come by then, when something comes
"""

from collections.abc import Callable, Iterator

from audiocast.stream.clock import Clock
from audiocast.stream.feed_scheduler import FeedScheduler

# Longer than the usual page of 20 ms, so that a turn finds one of each source, and short beside a flush
# interval.
TURN_SECONDS = 0.025

# Then the loop has its turn. Less than the feed scheduler's slice, which the reads of one slice share.
SLICE_SECONDS = 0.0015


class ReadPacer:
    """Calls back in turns.

    Args:
        clock: Time and timers.
        feed_scheduler: Of this node; processes what is read.
    """

    def __init__(self, clock: Clock, feed_scheduler: FeedScheduler) -> None:
        self._clock = clock
        self._feed_scheduler = feed_scheduler
        self._reads: list[Callable[[], None]] = []

    def add(self, read: Callable[[], None]) -> None:
        """Call `read` once, in the next turn. It may add itself again, and never raises."""
        if not self._reads:
            self._clock.call_later(TURN_SECONDS, self._start_turn)
        self._reads.append(read)

    def _start_turn(self) -> None:
        reads, self._reads = self._reads, []
        self._go_on(iter(reads))

    def _go_on(self, reads: Iterator[Callable[[], None]]) -> None:
        """Do one slice of a turn; the next one has a turn of the loop for itself."""
        began_at = self._clock.time()
        self._feed_scheduler.begin_slice(began_at)
        for read in reads:
            read()
            if self._clock.time() - began_at >= SLICE_SECONDS:
                self._clock.call_soon(self._go_on, reads)
                return
