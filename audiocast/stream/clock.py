"""What this package needs of an event loop. `asyncio`'s loops fit as they are; tests turn a clock by hand."""

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
