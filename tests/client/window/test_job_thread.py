"""A worker thread: order, results and errors come back, and only when they are asked for."""

import threading
import time

import pytest

from tk_streamer.window.job_thread import JobThread

DEADLINE_SECONDS = 10.0


def unexpected(error: Exception) -> None:
    raise AssertionError(f"expected no error, got {error!r}")


def deliver_until(worker: JobThread, heard: list[object], count: int) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(heard) < count:
        assert time.monotonic() < deadline, f"expected {count} outcomes, got {heard}"
        worker.run_callbacks()
        threading.Event().wait(0.001)


def test_results_come_back_in_order_on_the_thread_that_asks() -> None:
    worker, heard = JobThread(), list[object]()
    threads = set[str]()

    def job(number: int) -> int:
        threads.add(threading.current_thread().name)
        return number

    for number in range(20):
        worker.submit(lambda number=number: job(number), done=heard.append, failed=unexpected)  # type: ignore[misc]
    deliver_until(worker, heard, 20)
    assert heard == list(range(20))
    assert threads == {"window-worker"}
    assert worker.close(DEADLINE_SECONDS)


def test_a_failed_job_is_told_and_the_next_one_runs() -> None:
    worker, heard = JobThread(), list[object]()
    worker.submit(lambda: 1 / 0, done=heard.append, failed=lambda error: heard.append(type(error)))
    worker.submit(lambda: "fine", done=heard.append, failed=unexpected)
    deliver_until(worker, heard, 2)
    assert heard == [ZeroDivisionError, "fine"]
    assert worker.close(DEADLINE_SECONDS)


def test_nothing_waits_for_a_job_that_hangs() -> None:
    worker, hangs = JobThread(), threading.Event()
    worker.submit(lambda: hangs.wait(DEADLINE_SECONDS), failed=unexpected)
    worker.submit(lambda: None, failed=unexpected)
    worker.run_callbacks()
    assert not worker.close(0.01)
    hangs.set()
    assert worker.close(DEADLINE_SECONDS)


def test_a_fault_in_a_callback_is_the_callers() -> None:
    worker = JobThread()
    worker.submit(lambda: None, done=lambda _: 1 / 0, failed=unexpected)  # type: ignore[arg-type]
    assert worker.close(DEADLINE_SECONDS)
    with pytest.raises(ZeroDivisionError):
        worker.run_callbacks()
