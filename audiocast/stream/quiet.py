"""Finding out that a source which is connected has gone quiet. One timer a stream, whatever the page rate."""

from collections.abc import Callable

from audiocast.stream.clock import Clock, Timer


class QuietWatch:
    """Watches one stream from its first audio on.

    Args:
        clock: Time and timers.
        active_seconds: How long without audio is not quiet yet.
        on_quiet: Called once when it is quiet, and again only after it was heard.

    Attributes:
        heard_at: When audio was there last, the clock's seconds.
    """

    def __init__(self, clock: Clock, *, active_seconds: float, on_quiet: Callable[[], None]) -> None:
        self.heard_at = 0.0
        self._clock = clock
        self._active_seconds = active_seconds
        self._on_quiet = on_quiet
        self._timer: Timer | None = None

    @property
    def is_quiet(self) -> bool:
        """There has been no audio for longer than allowed."""
        return self._clock.time() - self.heard_at >= self._active_seconds

    def hear(self, now: float) -> None:
        """Take note of audio."""
        self.heard_at = now
        if self._timer is None:
            self._timer = self._clock.call_later(self._active_seconds, self._look)

    def stop(self) -> None:
        """Watch no more, until audio comes again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self.is_quiet:
            self._on_quiet()
        else:
            self._timer = self._clock.call_at(self.heard_at + self._active_seconds, self._look)
