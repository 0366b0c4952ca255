"""What a broadcaster changes, passed on at a bounded rate."""

import math
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from audiocast.stream.clock import Clock, Timer

# Tracks last minutes. What changes faster is a mistake or an attack, and each change is sent to all pages and
# members.
MIN_SHOWN_SECONDS = 1.0

# Called once: with True when what was set is shown, with False when something newer took its place before.
OnSettled = Callable[[bool], None]

_Value = TypeVar("_Value")


class PacedValue(Generic[_Value]):
    """Passes values on, at most one in `MIN_SHOWN_SECONDS`: of those that come sooner, the newest at its end.

    Args:
        clock: Time and timers.
        show: Called with each value that is passed on.

    Attributes:
        waiting: What is to be passed on next; None: nothing waits.
    """

    def __init__(self, clock: Clock, show: Callable[[_Value], None]) -> None:
        self.waiting: _Value | None = None
        self._clock = clock
        self._show = show
        self._pass_on_waiting: Callable[[], None] = lambda: None
        self._on_settled: OnSettled | None = None
        self._shown_at = -math.inf
        self._timer: Timer | None = None

    def set(self, value: _Value, on_settled: OnSettled | None = None) -> None:
        """Pass a value on as soon as the last one is a second old; see `OnSettled`."""
        self._settle(is_shown=False)
        self.waiting, self._on_settled = value, on_settled
        self._pass_on_waiting = partial(self._pass_on, value)
        if self._timer is None:
            due_at = self._shown_at + MIN_SHOWN_SECONDS
            if self._clock.time() >= due_at:
                self._pass_on(value)
            else:
                self._timer = self._clock.call_at(due_at, lambda: self._pass_on_waiting())

    def drop(self) -> None:
        """Forget what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.waiting = None
        self._settle(is_shown=False)

    def _pass_on(self, value: _Value) -> None:
        self._timer = self.waiting = None
        self._shown_at = self._clock.time()
        self._show(value)
        self._settle(is_shown=True)

    def _settle(self, *, is_shown: bool) -> None:
        on_settled, self._on_settled = self._on_settled, None
        if on_settled is not None:
            on_settled(is_shown)
