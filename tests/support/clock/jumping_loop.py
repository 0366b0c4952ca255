"""An event loop whose time jumps to the next timer, so that minutes of waiting take no time."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its clock stands still while something is to be done."""

    _now = 1000.0

    def time(self) -> float:
        return self._now

    def be_late(self, seconds: float) -> None:
        """Let time pass in which nothing runs, as when something keeps the loop."""
        self._now += seconds

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        # A cancelled timer may still stand first: to jump only to that would be to wait for the next one.
        awaited = [timer.when() for timer in scheduled if not timer.cancelled()]
        if not ready and awaited:
            self._now = max(self._now, min(awaited))
        super()._run_once()  # type: ignore[misc]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine in such a loop."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(work)
