"""The format workers of one server: none while nobody needs one, and as many as there may be when all do.

A job goes to the worker with the least to do. A worker that dies is started again at once, if it had jobs,
and these are opened anew: their owners stay, and lose what the worker was at. The job that it was at is the
likely cause, and is given up when workers die of it again and again; so no job can keep the others from going
on.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import structlog

from audiocast.formats.errors import FormatsBusy, FormatsMissing
from audiocast.formats.pool.format_job import FormatJob, JobOwner
from audiocast.formats.pool.worker_process import WorkerProcess
from audiocast.stream.clock import Timer

log = structlog.get_logger()

# How long a worker lives on without a job: its start costs a third of a second of a core.
IDLE_SECONDS = 30.0

# Above it another worker is started, while there may be one more.
BUSY_SHARE = 0.5

# Above it, or when something has waited for so long, no job is taken any more.
FULL_SHARE = 0.85
FULL_QUEUE_SECONDS = 1.0

# Of one worker. They are bounded by what they cost, and this is for jobs that cost next to nothing.
MAX_JOBS = 100

# Workers that die as soon as they start are not started again and again.
MAX_STARTS = 10
STARTS_SECONDS = 60.0

MISSING = "this server makes no other formats than Ogg Opus: install audiocast[formats]"
TURNED_OFF = "this server makes no other formats than Ogg Opus: FORMAT_WORKERS is 0"


class FormatWorkers:
    """See the module. Made inside the running loop; it starts nothing by itself.

    Args:
        max_workers: At a time; 0: there are none, and all jobs are refused.
        idle_seconds: See `IDLE_SECONDS`.
        command: See `WorkerProcess`; None: PyAV must be there.

    Attributes:
        restarts: Workers that were started in the place of one that has died.
        refused: Jobs that were refused since all workers are too busy.
        opened: Jobs that were opened, by type.
    """

    def __init__(
        self, max_workers: int, *, idle_seconds: float = IDLE_SECONDS, command: tuple[str, ...] | None = None
    ) -> None:
        self._max_workers = max_workers
        self._idle_seconds = idle_seconds
        self._command = command or ()
        self._has_codecs = command is not None or find_spec("av") is not None
        self._workers: list[WorkerProcess] = []
        # Those that were killed, until their processes are gone.
        self._killed: list[WorkerProcess] = []
        self._numbers = 0
        self._starts: list[float] = []
        self._idle_timers: dict[WorkerProcess, Timer] = {}
        self.restarts = 0
        self.refused = 0
        self.opened: Counter[str] = Counter()

    @property
    def workers(self) -> list[WorkerProcess]:
        """Those that run now."""
        return list(self._workers)

    @property
    def missing(self) -> str:
        """Why there can be no worker at all, as a text for people; empty: there can."""
        if not self._max_workers:
            return TURNED_OFF
        return "" if self._has_codecs else MISSING

    @property
    def load(self) -> float:
        """How busy the worker with the least to do is, 0 to 1; 0 while one more may be started."""
        if len(self._workers) < self._max_workers:
            return 0.0
        return min((worker.load for worker in self._workers), default=0.0)

    @property
    def queue_seconds(self) -> float:
        """For how long the oldest of what a worker was given waits."""
        return max((worker.queue_seconds for worker in self._workers), default=0.0)

    def open(self, job_type: str, parameters: Mapping[str, Any], owner: JobOwner) -> FormatJob:
        """Return a new job, which can be fed at once.

        Args:
            job_type: One of `audiocast.formats.worker.jobs.JOB_TYPES`.
            parameters: Of the job's class, by name; at most 8 KiB as JSON.
            owner: Whose it is.

        Raises:
            FormatsMissing: There are no format workers, or no PyAV for them.
            FormatsBusy: All workers are too busy, or none can be started.
        """
        self.check()
        job = FormatJob(job_type, parameters, owner)
        self._open(job, self._choose())
        self.opened[job_type] += 1
        return job

    def check(self) -> None:
        """Check that a job could be opened now.

        Raises:
            FormatsMissing, FormatsBusy: See `open`.
        """
        if self.missing:
            raise FormatsMissing(self.missing)
        if len(self._workers) < self._max_workers or any(map(_has_room, self._workers)):
            return
        self.refused += 1
        raise FormatsBusy("the server has too much to do to make one more format; try again in a moment")

    def close(self) -> None:
        """End all workers, at once; their jobs end with them, and nobody is told."""
        workers, self._workers = self._workers, []
        for worker in workers:
            self._cancel_idle(worker)
            worker.close()
        for worker in workers + self._killed:
            worker.wait()

    def _choose(self) -> WorkerProcess:
        """Return the worker for one more job: the one with the least to do, or a new one."""
        best = min(self._workers, key=lambda worker: worker.load, default=None)
        is_busy = best is None or best.load > BUSY_SHARE or not _has_room(best)
        if is_busy and len(self._workers) < self._max_workers:
            return self._start()
        assert best is not None
        return best

    def _start(self) -> WorkerProcess:
        now = asyncio.get_running_loop().time()
        self._starts = [at for at in self._starts if now - at < STARTS_SECONDS]
        if len(self._starts) >= MAX_STARTS * max(1, self._max_workers):
            raise FormatsBusy("the programs that make other formats fail again and again; try again later")
        self._starts.append(now)
        try:
            worker = WorkerProcess(self._note_death, self._note_idle, self._command)
        except OSError as error:
            raise FormatsBusy(f"no process for other formats can be started: {error.strerror}") from error
        self._workers.append(worker)
        log.info("format_worker_started", pid=worker.pid)
        return worker

    def _open(self, job: FormatJob, worker: WorkerProcess) -> None:
        self._cancel_idle(worker)
        self._numbers += 1
        job.open_at(worker, self._numbers % 2**32 or 1)

    def _note_death(self, worker: WorkerProcess, jobs: list[FormatJob]) -> None:
        """Open the jobs of a worker that has died anew; the first of them is the likely cause."""
        self._cancel_idle(worker)
        self._remove(worker)
        now = asyncio.get_running_loop().time()
        if jobs:
            self.restarts += 1
        for index, job in enumerate(jobs):
            error = ""
            if job.is_closing:
                error = "the worker has died while the job finished"
            elif index == 0 and not job.note_death(now):
                error = "workers have died of it again and again"
            if not error:
                try:
                    self._open(job, self._choose())
                except FormatsBusy as busy:
                    error = str(busy)
            if error:
                log.error("format_job_given_up", job=job.job_type, reason=error)
                job.owner.job_ended(error)
            else:
                job.owner.job_restarted()

    def _note_idle(self, worker: WorkerProcess) -> None:
        loop = asyncio.get_running_loop()
        self._cancel_idle(worker)
        self._idle_timers[worker] = loop.call_later(self._idle_seconds, self._end_idle, worker)

    def _end_idle(self, worker: WorkerProcess) -> None:
        del self._idle_timers[worker]
        if not worker.jobs:
            self._remove(worker)
            worker.close()
            log.info("format_worker_ended", pid=worker.pid)

    def _remove(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        self._killed = [each for each in self._killed if not each.is_reaped] + [worker]

    def _cancel_idle(self, worker: WorkerProcess) -> None:
        timer = self._idle_timers.pop(worker, None)
        if timer is not None:
            timer.cancel()


def _has_room(worker: WorkerProcess) -> bool:
    is_prompt = not worker.is_started or worker.queue_seconds < FULL_QUEUE_SECONDS
    return worker.load < FULL_SHARE and is_prompt and len(worker.jobs) < MAX_JOBS
