"""Divides the event loop's time between what sources have sent and everything else.

The work that bytes make has no bound: a read of 64 KiB holds a page of audio, or thousands of pages. So the
work is done in steps of about one page, and the steps of all sources together never keep the loop for longer
than 2 ms:

    bytes --> run(step) --> steps at once, as nearly always
                        '-> 2 ms are used up: a queue; 2 ms in each turn of the loop, a step of each in turn

A source whose steps wait is not read meanwhile, so what it sends stays in the kernel and slows the sender.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from audiocast.stream.clock import Clock

# Does the next piece of work at a time of the clock; returns whether there may be more to do.
Step = Callable[[float], bool]

# How long the steps of all sources may keep the loop. A pass of the fan-out has the same (SLICE_LISTENERS).
SLICE_SECONDS = 0.002

# With a pause of so long between them, two calls of `run` are not one burst of work: the loop has done
# something else. It is longer than what a read takes, which counts as work too, and shorter than the pauses
# between the pages of a hundred sources in real time (0.2 ms).
PAUSE_SECONDS = 0.00015


class FeedScheduler:
    """Runs the steps of all sources of a node.

    Args:
        clock: Time, and turns of the loop.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._burst_began_at = self._worked_at = clock.time()
        self._queue: deque[tuple[Step, asyncio.Future[None]]] = deque()

    def run(self, step: Step) -> Awaitable[None] | None:
        """Call `step` until it returns False.

        Args:
            step: Takes well under 2 ms a call.

        Returns:
            None when that is done, else what the caller waits for before it receives anything more for this
            source. No task is made. Whoever stops waiting cancels the steps that are left.

        Raises:
            Exception: What a step raises, from here or from what is returned; it is the last step then.
        """
        if not self._queue and self._run_burst(step):
            return None
        if not self._queue:
            self._clock.call_soon(self._run_turn)
        done = asyncio.get_running_loop().create_future()
        self._queue.append((step, done))
        return done

    def begin_slice(self, now: float) -> None:
        """Give the calls of `run` that follow a slice of their own: the loop has had its turn.

        Args:
            now: The clock's seconds.
        """
        self._burst_began_at = now

    def _run_burst(self, step: Step) -> bool:
        """Call `step` while the present burst of work has time left; return whether all is done."""
        now = self._clock.time()
        if now - self._worked_at > PAUSE_SECONDS:
            self._burst_began_at = now
        while now - self._burst_began_at < SLICE_SECONDS:
            has_more = step(now)
            now = self._worked_at = self._clock.time()
            if not has_more:
                return True
        return False

    def _run_turn(self) -> None:
        """Call the steps in the queue, one of each source in turn, for one slice."""
        now = self._burst_began_at = self._clock.time()
        while self._queue and now - self._burst_began_at < SLICE_SECONDS:
            step, done = self._queue.popleft()
            if done.cancelled():
                continue
            try:
                has_more = step(now)
            except Exception as error:
                done.set_exception(error)
            else:
                if has_more:
                    self._queue.append((step, done))
                else:
                    done.set_result(None)
            now = self._clock.time()
        self._worked_at = now
        if self._queue:
            self._clock.call_soon(self._run_turn)
