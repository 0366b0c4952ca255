"""Real time for sources that have no clock of their own: generated sound and files.

It decides when a block goes out and never what is in it. A sound card paces itself and needs none of this.
"""

import time
from collections.abc import Callable, Iterable, Iterator

# A short hold-up is made good by sending faster, and the players' buffers hide it. A long one (a suspended
# machine) is lost time: sent in a burst it would look like a source much faster than real time.
MAX_CATCH_UP_SECONDS = 1.0


def paced(
    blocks: Iterable[bytes],
    *,
    block_seconds: float,
    wait: Callable[[float], bool],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """Give the first block at once and each further one `block_seconds` after the one before, without drift.

    Each block has a deadline counted from the first, so that errors of single waits do not add up.

    Args:
        blocks: Any iterable of blocks of one length.
        block_seconds: Length of a block.
        wait: Waits that many seconds (0 is possible) and returns true when the source shall end:
            `threading.Event.wait`.
        clock: A clock that never goes back, in seconds.
    """
    deadline_seconds = clock()
    for block in blocks:
        ahead_seconds = deadline_seconds - clock()
        if ahead_seconds < -MAX_CATCH_UP_SECONDS:
            deadline_seconds -= ahead_seconds
        if wait(max(0.0, ahead_seconds)):
            return
        yield block
        deadline_seconds += block_seconds
