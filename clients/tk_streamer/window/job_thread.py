"""A thread beside Tk's for whatever may block: one job after the other. No Tk.

Tk may be called from its own thread only, so a job's outcome waits in a queue until that thread calls
`run_callbacks`.
"""

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")

_Job = Callable[[], Callable[[], None]]


class JobThread:
    """Runs jobs in the order of their submission, one at a time.

    The thread is a daemon: a job that hangs (a driver, a dead disk) cannot keep the program from ending.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="window-worker", daemon=True)
        self._thread.start()

    def submit(
        self,
        job: Callable[[], Result],
        *,
        done: Callable[[Result], None] | None = None,
        failed: Callable[[Exception], None],
    ) -> None:
        """Queue a job. Returns at once.

        Args:
            job: Called on the second thread.
            done: Called with the job's result, in `run_callbacks`.
            failed: Called with the job's exception, in `run_callbacks`.
        """

        def run() -> Callable[[], None]:
            try:
                result = job()
            except Exception as error:
                return partial(failed, error)
            return partial(done, result) if done else _do_nothing

        self._jobs.put(run)

    def run_callbacks(self) -> None:
        """Call the callbacks of all jobs that have ended since the last call. Never waits."""
        while True:
            try:
                outcome = self._outcomes.get_nowait()
            except queue.Empty:
                return
            outcome()

    def close(self, timeout_seconds: float) -> bool:
        """End the thread after the queued jobs; return whether it has ended in time. Blocks."""
        self._jobs.put(None)
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._outcomes.put(job())


def _do_nothing() -> None:
    """Do nothing, after a job without a callback."""
