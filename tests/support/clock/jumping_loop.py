"""An event loop whose time jumps to the next timer, so that minutes of waiting take no time."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its clock stands still while something is to be done."""

    _now = 1000.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready and scheduled:
            self._now = max(self._now, scheduled[0].when())
        super()._run_once()  # type: ignore[misc]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine in such a loop."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(work)
