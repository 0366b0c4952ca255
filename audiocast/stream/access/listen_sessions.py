"""What listen tokens have opened ends with them: at the session's end, or when the token is revoked.

Nothing here is on a listener's way: each stream has one timer, for the next end.
"""

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from audiocast.stream.access.listen_tokens import ListenClaims
from audiocast.stream.clock import Clock, Timer

# Clocks of time are set, and timers have none: the next end is looked at again after so long.
LOOK_SECONDS = 60.0

# Sessions that are over by themselves are swept out when there are twice as many as after the last sweep.
MIN_SWEPT = 64


class Session(Protocol):
    """A listener, or another connection that a listen token has opened."""

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""

    def end_session(self, *, is_revoked: bool) -> None:
        """End it properly."""


class ListenSessions:
    """The sessions of one stream at this process.

    Args:
        clock: Timers.
        now: Returns the Unix time.
    """

    def __init__(self, clock: Clock, now: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._now = now
        self._sessions: dict[Session, tuple[ListenClaims, float | None]] = {}
        self._sweep_at = MIN_SWEPT
        self._timer: Timer | None = None
        self._due = 0.0

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, session: object) -> bool:
        return session in self._sessions

    def add(self, session: Session, claims: ListenClaims) -> None:
        """End a session that is joined now when its token says so."""
        if len(self._sessions) >= self._sweep_at:
            self._sweep()
        ends_at = claims.session_end(self._now())
        self._sessions[session] = claims, ends_at
        if ends_at is not None and (self._timer is None or ends_at < self._due):
            self._arm(ends_at)

    def revoke_before(self, at_ms: int) -> None:
        """End the sessions whose tokens were made before a moment, Unix milliseconds."""
        revoked = [each for each, (claims, _) in self._sessions.items() if claims.made_at_ms < at_ms]
        self._end(revoked, is_revoked=True)

    def _arm(self, ends_at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = ends_at
        left_seconds = min(max(0.0, ends_at - self._now()), LOOK_SECONDS)
        self._timer = self._clock.call_later(left_seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._now()
        over = [
            each for each, (_, ends_at) in self._sessions.items() if ends_at is not None and ends_at <= now
        ]
        self._end(over, is_revoked=False)
        ends = [ends_at for _, ends_at in self._sessions.values() if ends_at is not None]
        if ends:
            self._arm(min(ends))

    def _end(self, sessions: Iterable[Session], *, is_revoked: bool) -> None:
        for session in sessions:
            del self._sessions[session]
            if session.is_open:
                session.end_session(is_revoked=is_revoked)

    def _sweep(self) -> None:
        for session in [each for each in self._sessions if not each.is_open]:
            del self._sessions[session]
        self._sweep_at = max(MIN_SWEPT, 2 * len(self._sessions))
