"""Real time for sources that have no clock of their own: generated sound and files.

Pacing decides when a block goes out, never what is in it. A sound card paces itself and needs none of this.
"""

import time
from collections.abc import Callable, Iterable, Iterator

# After a short delay the blocks that are late go out at once, and the players' buffers hide the delay. A
# longer delay (a suspended machine) is lost time: in a burst, the source would seem much faster than real
# time.
MAX_CATCH_UP_SECONDS = 1.0


def paced(
    blocks: Iterable[bytes],
    *,
    block_seconds: float,
    wait: Callable[[float], bool],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """Yield the first block at once and each further block `block_seconds` after the last, without drift.

    Deadlines count from the first block, so that errors of single waits do not add up.

    Args:
        blocks: Blocks of one length.
        block_seconds: The length of a block.
        wait: Waits that many seconds (0 is possible) and returns true when the source is to end, as
            `threading.Event.wait` does.
        clock: Returns the seconds of a clock that never goes back.
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
