"""Work on threads of its own for as long as a `with` block runs."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Background:
    """Starts its work with the block, and waits for the end of it with the block.

    Args:
        work: What each thread does; it ends soon after `is_over` is set.

    Attributes:
        is_over: The block has ended.
    """

    def __init__(self, *work: Callable[[], None]) -> None:
        self.is_over = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in work]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_over.set()
        for thread in self._threads:
            thread.join()
