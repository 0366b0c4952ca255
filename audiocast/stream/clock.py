"""What this package needs of an event loop. `asyncio`'s loops fit as they are; tests turn a clock by hand."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Make it not happen."""


class Clock(Protocol):
    """Monotonic time in seconds, and calls in the future (see `asyncio.AbstractEventLoop`)."""

    def time(self) -> float:
        """Return the seconds since some fixed moment; never goes back."""

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> Timer:
        """Call in the next turn of the loop, in the order of registration."""

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any) -> Timer:
        """Call when `time` has reached `when`."""

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer:
        """Call after `delay` seconds."""


class Waiters:
    """Tasks that wait for something with a name."""

    def __init__(self) -> None:
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}

    async def wait(self, name: str, timeout_seconds: float) -> None:
        """Return at the next `wake`, or after `timeout_seconds`."""
        waiter = asyncio.get_running_loop().create_future()
        waiters = self._waiters.setdefault(name, set())
        waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter, timeout_seconds)
        except TimeoutError:
            pass
        finally:
            waiters.discard(waiter)
            # Those that were woken are in a set of their own by now; later ones still wait.
            if not waiters and self._waiters.get(name) is waiters:
                del self._waiters[name]

    def wake(self, name: str) -> None:
        """Let all go on that wait for this name."""
        for waiter in self._waiters.pop(name, ()):
            if not waiter.done():
                waiter.set_result(None)
