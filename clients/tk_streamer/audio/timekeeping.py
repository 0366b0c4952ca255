"""The clock of a sound input: as much sound goes out as time goes by, whatever the device does.

It is pure arithmetic; the clock is given to it. A sound card has a clock of its own, some 50 millionths off:
days later there are seconds too many, and the server takes the source for one that is faster than real time,
or too few, and players run dry. And a card may stand still, or give late what it has. What sets it right:

    fill    the input gives nothing: silence, as much as is due. Time is never squeezed
    drop    far more is there than is due: the late sound has been filled already
    nudge   a little off: one sample in a block is left out or given twice, which nobody hears (0.1 %)
"""

from collections.abc import Callable
from dataclasses import dataclass

# No sound for so long: it is filled. Longer than the bursts in which sound servers give theirs.
GAP_SECONDS = 0.2
# More than this ahead of time is late sound and is dropped.
SURPLUS_SECONDS = 0.3
# Off by this on average: nudged, until it is off by less than the second.
NUDGE_FROM_SECONDS = 0.04
NUDGE_UNTIL_SECONDS = 0.01
# The average is over some seconds: single blocks come early and late.
AVERAGE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What to do now.

    Attributes:
        fill_samples: Give so much silence.
        drop_samples: Throw so much of what is there away, the oldest.
        nudge_samples: +1: a block is to be one sample longer than what it is made of; -1: shorter; 0:
        neither.
    """

    fill_samples: int = 0
    drop_samples: int = 0
    nudge_samples: int = 0


class Timekeeper:
    """Compares what was given with what was due.

    Args:
        clock: Seconds of a clock that never goes back.
        sample_rate_hz: Of the sound.
        block_samples: How much is given at a time.
    """

    def __init__(self, clock: Callable[[], float], *, sample_rate_hz: int, block_samples: int) -> None:
        self._clock = clock
        self._rate_hz = sample_rate_hz
        self._block_samples = block_samples
        self._started_at: float | None = None
        self._output_samples = 0
        self._averaged_at = 0.0
        self._average_seconds = 0.0
        self._nudge = 0
        self._is_filling = False

    def start(self, waiting_samples: int = 0) -> None:
        """Let time begin, with that much sound there already; later calls change nothing."""
        if self._started_at is None:
            self._started_at = self._averaged_at = self._clock()
            self._output_samples = -waiting_samples

    def note_input(self) -> None:
        """Note that the input has given something."""
        self._is_filling = False

    def count_output(self, samples: int) -> None:
        """Count what has gone out."""
        self._output_samples += samples

    def correction(self, waiting_samples: int) -> Correction:
        """Say what to do now.

        Args:
            waiting_samples: How much the input has given that did not go out yet.
        """
        if self._started_at is None:
            return Correction()
        ahead_seconds = self._ahead_seconds(waiting_samples)
        is_short = waiting_samples < self._block_samples - self._nudge
        if is_short and ahead_seconds <= -self._gap_seconds():
            # All of it: the next hold-up has the same patience as this one.
            self._is_filling = True
            blocks = max(1, int(-ahead_seconds * self._rate_hz) // self._block_samples)
            return Correction(fill_samples=blocks * self._block_samples)
        if ahead_seconds > SURPLUS_SECONDS:
            return Correction(drop_samples=min(waiting_samples, int(ahead_seconds * self._rate_hz)))
        return Correction(nudge_samples=self._nudge_for(ahead_seconds))

    def seconds_to_fill(self, waiting_samples: int) -> float | None:
        """Say after how long without sound silence is due; None before the begin."""
        if self._started_at is None:
            return None
        return max(0.0, self._ahead_seconds(waiting_samples) + self._gap_seconds())

    def _gap_seconds(self) -> float:
        # Once it is known that nothing comes, silence goes out block by block, in real time.
        return self._block_samples / self._rate_hz if self._is_filling else GAP_SECONDS

    def _ahead_seconds(self, waiting_samples: int) -> float:
        assert self._started_at is not None
        due_seconds = self._clock() - self._started_at
        return (self._output_samples + waiting_samples) / self._rate_hz - due_seconds

    def _nudge_for(self, ahead_seconds: float) -> int:
        now = self._clock()
        weight = min(1.0, (now - self._averaged_at) / AVERAGE_SECONDS)
        self._averaged_at = now
        self._average_seconds += (ahead_seconds - self._average_seconds) * weight
        if abs(self._average_seconds) > NUDGE_FROM_SECONDS:
            self._nudge = -1 if self._average_seconds > 0 else 1
        elif abs(self._average_seconds) < NUDGE_UNTIL_SECONDS:
            self._nudge = 0
        return self._nudge
