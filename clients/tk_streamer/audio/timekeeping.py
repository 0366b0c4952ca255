"""The clock of a sound input: as much sound goes out as time goes by, whatever the device does.

This is pure arithmetic; the clock is an argument. The clock of a sound card is wrong by some 50 parts per
million. After days there are seconds of sound too many, and the server takes the source for one that is
faster than real time; or there are seconds too few, and players run dry. A card may also stop, or deliver its
sound late. Three corrections keep the time:

    fill    the input delivers nothing: silence goes out, as much as is due
    drop    far more sound is there than is due: the late sound, whose time was filled, is thrown away
    nudge   the input is a little fast or slow: a block gets one sample less or more (0.1 %), which is
    inaudible
"""

from collections.abc import Callable
from dataclasses import dataclass

# After so long without sound, silence is filled in. Sound servers deliver in bursts that are closer together.
GAP_SECONDS = 0.2
# Sound that is further ahead of time than this came late, and is dropped.
SURPLUS_SECONDS = 0.3
# Nudging begins when the average is off by the first of these, and ends when it is off by less than the
# second.
NUDGE_FROM_SECONDS = 0.04
NUDGE_UNTIL_SECONDS = 0.01
# Single blocks come early or late, so the average is over some seconds.
AVERAGE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What the reader of the input is to do now.

    Attributes:
        fill_samples: How much silence is to go out.
        drop_samples: How much of the waiting sound is to be thrown away, the oldest first.
        nudge_samples: 1: the next block is made of one sample less than it has; -1: of one more; 0: of as
            many.
    """

    fill_samples: int = 0
    drop_samples: int = 0
    nudge_samples: int = 0


class Timekeeper:
    """Compares the sound that went out with the time that went by.

    Args:
        clock: Returns the seconds of a clock that never goes back.
        sample_rate_hz: Sample rate of the sound.
        block_samples: How much sound goes out at a time.
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
        """Start the clock, with that much sound waiting; only the first call counts."""
        if self._started_at is None:
            self._started_at = self._averaged_at = self._clock()
            self._output_samples = -waiting_samples

    def note_input(self) -> None:
        """Note that the input has delivered sound."""
        self._is_filling = False

    def count_output(self, samples: int) -> None:
        """Count sound or silence that has gone out."""
        self._output_samples += samples

    def correction(self, waiting_samples: int) -> Correction:
        """Return what is to be done now.

        Args:
            waiting_samples: How much sound of the input has not gone out yet.
        """
        if self._started_at is None:
            return Correction()
        ahead_seconds = self._ahead_seconds(waiting_samples)
        is_short = waiting_samples < self._block_samples - self._nudge
        if is_short and ahead_seconds <= -self._gap_seconds():
            # As much as is missing, so that the next pause of the input is waited for as long as this one.
            self._is_filling = True
            blocks = max(1, int(-ahead_seconds * self._rate_hz) // self._block_samples)
            return Correction(fill_samples=blocks * self._block_samples)
        if ahead_seconds > SURPLUS_SECONDS:
            return Correction(drop_samples=min(waiting_samples, int(ahead_seconds * self._rate_hz)))
        return Correction(nudge_samples=self._nudge_for(ahead_seconds))

    def seconds_to_fill(self, waiting_samples: int) -> float | None:
        """Return in how many seconds silence is due if no sound comes; None before the start."""
        if self._started_at is None:
            return None
        return max(0.0, self._ahead_seconds(waiting_samples) + self._gap_seconds())

    def _gap_seconds(self) -> float:
        # While the input delivers nothing, silence goes out block by block, in real time.
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
