"""A thread thread: order, results and errors come back, and only when they are asked for."""

import threading
import time

import pytest

from tk_streamer.window.job_thread import JobThread

DEADLINE_SECONDS = 10.0


def unexpected(error: Exception) -> None:
    raise AssertionError(f"expected no error, got {error!r}")


def run_callbacks_until(thread: JobThread, heard: list[object], count: int) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(heard) < count:
        assert time.monotonic() < deadline, f"expected {count} outcomes, got {heard}"
        thread.run_callbacks()
        threading.Event().wait(0.001)


def test_results_come_back_in_order_on_the_thread_that_asks() -> None:
    thread, heard = JobThread(), list[object]()
    threads = set[str]()

    def job(number: int) -> int:
        threads.add(threading.current_thread().name)
        return number

    for number in range(20):
        thread.submit(lambda number=number: job(number), done=heard.append, failed=unexpected)  # type: ignore[misc]
    run_callbacks_until(thread, heard, 20)
    assert heard == list(range(20))
    assert threads == {"window-worker"}
    assert thread.close(DEADLINE_SECONDS)


def test_a_failed_job_is_told_and_the_next_one_runs() -> None:
    thread, heard = JobThread(), list[object]()
    thread.submit(lambda: 1 / 0, done=heard.append, failed=lambda error: heard.append(type(error)))
    thread.submit(lambda: "fine", done=heard.append, failed=unexpected)
    run_callbacks_until(thread, heard, 2)
    assert heard == [ZeroDivisionError, "fine"]
    assert thread.close(DEADLINE_SECONDS)


def test_nothing_waits_for_a_job_that_hangs() -> None:
    thread, hangs = JobThread(), threading.Event()
    thread.submit(lambda: hangs.wait(DEADLINE_SECONDS), failed=unexpected)
    thread.submit(lambda: None, failed=unexpected)
    thread.run_callbacks()
    assert not thread.close(0.01)
    hangs.set()
    assert thread.close(DEADLINE_SECONDS)


def test_a_fault_in_a_callback_is_the_callers() -> None:
    thread = JobThread()
    thread.submit(lambda: None, done=lambda _: 1 / 0, failed=unexpected)  # type: ignore[arg-type]
    assert thread.close(DEADLINE_SECONDS)
    with pytest.raises(ZeroDivisionError):
        thread.run_callbacks()
