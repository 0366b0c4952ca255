"""Pictures that are drawn on request, by a thread of their own, and kept.

Drawing is Python's own work: it takes turns with the event loop, and the audio waits for each of them. So one
thread draws, it rests after each picture, and what waits for it is bounded. The loop's default executor is
not used: name look-ups wait for that one.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

from audiocast.web.http.errors import ApiError

# Pictures that wait or are drawn. A QR code takes some 20 ms, so the last of them comes after about a second.
MAX_WAITING = 16

MAX_KEPT = 512

# After a picture the thread rests for so many times as long as it took, so at most a quarter of a core draws.
REST = 3.0


class Drawings:
    """Draws pictures one after the other, each once as long as it is kept. Used within one event loop.

    Args:
        max_waiting: Pictures that may wait or be drawn at a time.
        max_kept: Pictures that are kept.
    """

    def __init__(self, *, max_waiting: int = MAX_WAITING, max_kept: int = MAX_KEPT) -> None:
        self._max_waiting = max_waiting
        self._max_kept = max_kept
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drawings")
        # When the thread has rested, by `time.monotonic`. Only the thread reads and writes it.
        self._rested_at = 0.0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._waiting: dict[Hashable, asyncio.Future[bytes]] = {}

    def has(self, draw: Callable[..., bytes], *what: Hashable) -> bool:
        """Return whether `draw(*what)` is kept, or will be in a moment."""
        key = (draw, *what)
        return key in self._kept or key in self._waiting

    async def draw(self, draw: Callable[..., bytes], *what: Hashable) -> bytes:
        """Return `draw(*what)`, from an earlier call if it is kept.

        Raises:
            ApiError: 503, too many pictures wait.
        """
        key = (draw, *what)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        waiting = self._waiting.get(key)
        if waiting is None:
            if len(self._waiting) >= self._max_waiting:
                raise ApiError(503, "drawing_busy", "too many pictures wait to be drawn; try again soon")
            loop = asyncio.get_running_loop()
            waiting = asyncio.ensure_future(loop.run_in_executor(self._thread, self._draw, draw, what))
            self._waiting[key] = waiting
            waiting.add_done_callback(lambda drawn: self._keep(key, drawn))
        # One visitor who leaves does not end the drawing for the others.
        return await asyncio.shield(waiting)

    def _keep(self, key: Hashable, drawn: asyncio.Future[bytes]) -> None:
        del self._waiting[key]
        if drawn.cancelled() or drawn.exception() is not None:
            return
        self._kept[key] = drawn.result()
        if len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)

    def _draw(self, draw: Callable[..., bytes], what: tuple[Hashable, ...]) -> bytes:
        time.sleep(max(0.0, self._rested_at - time.monotonic()))
        began = time.thread_time()
        picture = draw(*what)
        self._rested_at = time.monotonic() + REST * (time.thread_time() - began)
        return picture
