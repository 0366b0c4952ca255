"""An event loop on a thread of its own, for the parts of a test that must go on while the test waits."""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

Result = TypeVar("Result")

CALL_SECONDS = 30.0


class LoopThread:
    """Runs while the `with` block does; what still runs at its end is cancelled."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.call(_cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(CALL_SECONDS)
        self.loop.close()

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something in the loop and give its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(CALL_SECONDS)


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # One more turn, in which closed transports let their sockets go.
    await asyncio.sleep(0)
