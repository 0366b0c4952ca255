"""What a load test does when: a table of stages, and how listeners behave who come in each of them."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    Attributes:
        name: For people.
        seconds: How long it is.
        share: How many of all listeners are there at its end.
        joins_a_second: How fast they come, as a share of all.
        stays_seconds: How long one listens who comes in this stage, then comes again; None: to the end.
        slow: Those who come in this stage read at half the pace of the audio.
    """

    name: str
    seconds: float
    share: float
    joins_a_second: float
    stays_seconds: float | None = None
    slow: bool = False


STAGES = (
    Stage("ramp", seconds=30, share=0.4, joins_a_second=0.02),
    Stage("steady", seconds=60, share=0.4, joins_a_second=0.02),
    Stage("join storm", seconds=30, share=0.8, joins_a_second=1.0),
    Stage("churn", seconds=60, share=0.9, joins_a_second=0.1, stays_seconds=5),
    Stage("slow readers", seconds=60, share=1.0, joins_a_second=0.05, slow=True),
)


def stage_at(elapsed_seconds: float, pace: float) -> Stage | None:
    """Give the stage at a time since the begin; None after the last.

    Args:
        elapsed_seconds: Since the begin.
        pace: 2 makes all stages half as long, and joins twice as fast.
    """
    for end_seconds, stage in _ends():
        if elapsed_seconds * pace < end_seconds:
            return stage
    return None


def _ends() -> Iterator[tuple[float, Stage]]:
    end_seconds = 0.0
    for stage in STAGES:
        end_seconds += stage.seconds
        yield end_seconds, stage
