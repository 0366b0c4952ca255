"""Numbers that count once, so that a recorded request does nothing when it comes again.

Only what a member has signed gets here, so no stranger can fill it. It is bounded in time, because older
requests are refused for their age, and in count: when it is full, new requests are refused, and no nonce is
forgotten.
"""

from collections import deque
from collections.abc import Callable

# About 70 bytes each. A member that answers six thousand requests a second stays below it.
MAX_NONCES = 1_000_000

# How exactly a nonce's time is kept: those that came within so long are forgotten together.
BUCKET_SECONDS = 30.0

# Of a nonce's 32 hexadecimal digits; 15 fit a small number. Two of a million meet by chance in one request of
# 10^12, which is refused then.
KEPT_DIGITS = 15


class NonceCache:
    """Knows every nonce for at least `seconds`.

    Args:
        seconds: How long a request counts.
        clock: Seconds of a clock that is never set back, which would bring old requests back.
        limit: How many nonces are known at most.
    """

    def __init__(self, seconds: float, clock: Callable[[], float], limit: int = MAX_NONCES) -> None:
        self._seconds = seconds
        self._clock = clock
        self._limit = limit
        # When each bucket was begun, and what is in it; the newest comes last.
        self._buckets: deque[tuple[float, set[int]]] = deque()

    def __len__(self) -> int:
        return sum(len(nonces) for _, nonces in self._buckets)

    @property
    def is_full(self) -> bool:
        """Whether no more nonces fit for now."""
        self._forget(self._clock())
        return len(self) >= self._limit

    def add(self, nonce: str) -> bool:
        """Remember a nonce, in hexadecimal digits; return whether it is new."""
        now, number = self._clock(), int(nonce[:KEPT_DIGITS], 16)
        self._forget(now)
        if any(number in nonces for _, nonces in self._buckets):
            return False
        if not self._buckets or now - self._buckets[-1][0] >= BUCKET_SECONDS:
            self._buckets.append((now, set()))
        self._buckets[-1][1].add(number)
        return True

    def _forget(self, now: float) -> None:
        while self._buckets and now - self._buckets[0][0] >= self._seconds + BUCKET_SECONDS:
            self._buckets.popleft()
