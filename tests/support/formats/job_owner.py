"""Whose jobs a test's are: keeps what a format worker has made."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from audiocast.formats.protocol import Item

# Patience only: a worker starts in a third of a second on a machine that does nothing else.
WAIT_SECONDS = 30.0


class KeepingOwner:
    """Fits `audiocast.formats.pool.format_job.JobOwner`.

    Attributes:
        frames, notes: What came.
        restarts: How often the job was opened anew.
        ended: Why the job has ended; None: it has not.
    """

    def __init__(self) -> None:
        self.frames: list[Item] = []
        self.notes: list[Mapping[str, Any]] = []
        self.restarts = 0
        self.ended: str | None = None

    def take_frames(self, frames: Sequence[Item]) -> None:
        self.frames += frames

    def take_note(self, note: Mapping[str, Any]) -> None:
        self.notes.append(note)

    def job_restarted(self) -> None:
        self.restarts += 1

    def job_ended(self, error: str) -> None:
        self.ended = error


async def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, and say what was waited for when it does not come."""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited for {what}") from None
