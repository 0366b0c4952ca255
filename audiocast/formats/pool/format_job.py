"""One job of a format worker, and whose it is."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from audiocast.formats.protocol import Item, MessageKind, encode_items, encode_json_object, encode_open

if TYPE_CHECKING:
    from audiocast.formats.pool.worker_process import WorkerProcess

# A worker that dies so often of the same job is not given it again.
MAX_DEATHS = 3

# Deaths that are longer ago are forgiven.
FORGIVEN_SECONDS = 60.0


class JobOwner(Protocol):
    """Whose job it is. All calls come from the event loop, and none of them from within a call of the job."""

    def take_frames(self, frames: Sequence[Item]) -> None:
        """Take what the job has made, in order. It comes from a process that may be anybody's by now."""

    def take_note(self, note: Mapping[str, Any]) -> None:
        """Take what the job tells beside its frames, at its place among them; likewise."""

    def job_restarted(self) -> None:
        """Begin anew, with whatever the job must know first: what it was fed is lost, and what it knew."""

    def job_ended(self, error: str) -> None:
        """Nothing more comes. `error` is empty when the job was closed and has finished."""


class FormatJob:
    """One job. Made by `FormatWorkers.open`.

    Args:
        job_type: See `audiocast.formats.worker.jobs`.
        parameters: Of the job; at most 8 KiB as JSON.
        owner: See `JobOwner`.

    Attributes:
        worker: Who does it; None: nobody any more.
        deaths: When workers have died of it, the clock's seconds.
        dropped: How many times something was not fed, because the worker has too much to do.
    """

    def __init__(self, job_type: str, parameters: Mapping[str, Any], owner: JobOwner) -> None:
        self.job_type = job_type
        self.owner = owner
        self.number = 0
        self.worker: WorkerProcess | None = None
        self.deaths: list[float] = []
        self.dropped = 0
        self.is_closing = False
        # Checked now, where the caller sees it.
        encode_json_object(parameters)
        self._parameters = parameters

    def feed(self, items: Sequence[Item]) -> bool:
        """Send items to the worker; False: they are dropped, since it has too much to do, or there is none.

        What one call brings should take the worker no longer than some milliseconds: all its jobs wait.
        """
        worker = self.worker
        if worker is None or self.is_closing:
            return False
        if worker.is_full:
            self.dropped += 1
            return False
        worker.ask(self, encode_items(items))
        return True

    def finish(self) -> bool:
        """Let the worker make the rest; the owner is told when it has. False: there is no worker any more."""
        if self.worker is None or self.is_closing:
            return False
        self.is_closing = True
        self.worker.send(MessageKind.CLOSE, self.number)
        return True

    def drop(self) -> None:
        """Give the job up; the owner is told nothing more."""
        worker, self.worker = self.worker, None
        self.is_closing = True
        if worker is not None:
            worker.drop(self)

    def open_at(self, worker: "WorkerProcess", number: int) -> None:
        """Give the job to a worker, under a number that no other one of its jobs has had."""
        self.worker, self.number = worker, number
        worker.open(self, encode_open(self.job_type, self._parameters))

    def note_death(self, now: float) -> bool:
        """Count a worker that has died of it; return whether it may be tried again."""
        self.deaths = [at for at in self.deaths if now - at < FORGIVEN_SECONDS]
        self.deaths.append(now)
        return len(self.deaths) < MAX_DEATHS
