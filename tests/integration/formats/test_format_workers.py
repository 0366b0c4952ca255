"""Format workers as real processes: started by need, ended, killed, overfed, and spoken to by nobody else."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from audiocast.formats.errors import FormatsBusy, FormatsMissing
from audiocast.formats.pool import format_workers, worker_process
from audiocast.formats.pool.format_workers import FormatWorkers
from audiocast.formats.protocol import Item
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.silence import silence_packet
from tests.support.formats.job_owner import KeepingOwner, wait_for

HEAD = OpusHead(2, 312)
START = Item(HEAD.encode())
SECOND = [Item(silence_packet(HEAD), 960)] * 50
MP3: dict[str, Any] = {"codec": "mp3", "kbps": 64}


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
async def workers() -> AsyncIterator[FormatWorkers]:
    made = FormatWorkers(1, idle_seconds=0.2)
    yield made
    made.close()


async def test_a_worker_lives_while_there_is_a_job_and_a_little_longer(workers: FormatWorkers) -> None:
    assert workers.workers == []
    owner = KeepingOwner()
    job = workers.open("encode", MP3, owner)
    [worker] = workers.workers
    assert job.feed([START, *SECOND])
    await wait_for(lambda: len(owner.frames) >= 35, "frames of 24 ms")
    assert {samples for _, samples in owner.frames} == {1152}
    assert all(data.startswith(b"\xff\xfb") for data, _ in owner.frames)
    job.finish()
    await wait_for(lambda: owner.ended == "", "the end of the job")
    assert sum(samples for _, samples in owner.frames) >= 48_000
    await wait_for(lambda: not workers.workers, "the worker's end")
    await wait_for(lambda: not is_running(worker.pid), "the process's end")


async def test_a_job_is_known_by_its_error_and_the_others_go_on(workers: FormatWorkers) -> None:
    wrong, unknown, headless, good = (KeepingOwner() for _ in range(4))
    workers.open("encode", {"codec": "mp3", "kbps": 9000}, wrong)
    workers.open("dance", {}, unknown)
    workers.open("encode", MP3, headless).feed(SECOND)
    workers.open("encode", MP3, good).feed([START, *SECOND])
    await wait_for(lambda: good.frames, "frames")
    assert "6 to 512" in str(wrong.ended)
    assert "expected one of" in str(unknown.ended)
    assert "OpusHead" in str(headless.ended)
    assert good.ended is None
    assert good.restarts == 0
    assert len(workers.workers) == 1


async def test_a_worker_that_is_killed_is_started_again(workers: FormatWorkers) -> None:
    owners = [KeepingOwner(), KeepingOwner()]
    jobs = [workers.open("encode", MP3, owner) for owner in owners]
    for job in jobs:
        job.feed([START, *SECOND])
    await wait_for(lambda: all(owner.frames for owner in owners), "frames")
    os.kill(workers.workers[0].pid, signal.SIGKILL)
    await wait_for(lambda: all(owner.restarts for owner in owners), "new jobs")
    for job, owner in zip(jobs, owners, strict=True):
        owner.frames.clear()
        assert job.feed([START, *SECOND])
    await wait_for(lambda: all(len(owner.frames) >= 35 for owner in owners), "frames of the new worker")
    assert workers.restarts == 1
    assert all(owner.ended is None for owner in owners)


async def test_a_worker_knows_nothing_of_the_servers_environment_and_may_do_little(
    workers: FormatWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEYS", "a secret of sixteen characters")
    owner = KeepingOwner()
    workers.open("encode", MP3, owner).feed([START, *SECOND])
    await wait_for(lambda: owner.frames, "frames")
    process = Path("/proc") / str(workers.workers[0].pid)
    names = {entry.split(b"=")[0] for entry in (process / "environ").read_bytes().split(b"\0") if entry}
    assert names == {b"PYTHONPATH", b"LC_ALL"}
    status = (process / "status").read_text()
    assert "NoNewPrivs:\t1" in status
    limits = (process / "limits").read_text()
    assert "Max address space         1073741824           1073741824" in limits
    assert "Max open files            32                   32" in limits
    assert len(list((process / "fd").iterdir())) <= 5


def test_the_server_itself_has_no_codec() -> None:
    loaded = "import sys, audiocast.app, audiocast.formats.pool.format_workers; print('av' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", loaded]) == b"False\n"


async def test_without_the_extra_or_with_none_allowed_a_job_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(FormatsMissing, match="FORMAT_WORKERS"):
        FormatWorkers(0).open("encode", MP3, KeepingOwner())
    monkeypatch.setattr(format_workers, "find_spec", lambda name: None)
    with pytest.raises(FormatsMissing, match=r"audiocast\[formats\]"):
        FormatWorkers(1).open("encode", MP3, KeepingOwner())


async def test_ten_thousand_packets_of_nonsense_are_silence_or_the_workers_end_and_never_ours(
    workers: FormatWorkers,
) -> None:
    chance = random.Random(20)
    good, wild = KeepingOwner(), KeepingOwner()
    listened = workers.open("encode", MP3, good)
    hostile = workers.open("encode", MP3, wild)
    listened.feed([START])
    hostile.feed([START])
    for _ in range(100):
        nonsense = [Item(chance.randbytes(chance.randrange(1, 60)), 960) for _ in range(100)]
        assert hostile.feed(nonsense)
        listened.feed(SECOND)
        await wait_for(lambda: not workers.queue_seconds, "all to be worked through")
    assert len(good.frames) >= 100 * 41 - 10
    assert good.restarts == 0
    assert wild.frames


async def test_a_program_that_talks_nonsense_ends_as_a_worker_and_its_jobs_with_it() -> None:
    command = (sys.executable, "-c", "import os, sys; os.write(int(sys.argv[1]), os.urandom(1000))")
    workers = FormatWorkers(1, command=command)
    owner = KeepingOwner()
    workers.open("encode", MP3, owner)
    await wait_for(lambda: owner.ended is not None, "the end of the job")
    assert "again and again" in str(owner.ended)
    assert workers.workers == []
    workers.close()


async def test_a_worker_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "HANG_SECONDS", 0.3)
    workers = FormatWorkers(1, command=(sys.executable, "-c", "import time; time.sleep(1000)"))
    owner = KeepingOwner()
    workers.open("encode", MP3, owner)
    first = workers.workers[0].pid
    await wait_for(lambda: owner.ended is not None, "the end of the job")
    assert not is_running(first)
    workers.close()


async def test_a_worker_that_has_too_much_to_do_is_fed_and_given_no_more(
    workers: FormatWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = KeepingOwner()
    job = workers.open("encode", MP3, owner)
    job.feed([START, *SECOND])
    await wait_for(lambda: owner.frames, "frames")
    os.kill(workers.workers[0].pid, signal.SIGSTOP)
    monkeypatch.setattr(format_workers, "FULL_QUEUE_SECONDS", 0.3)
    monkeypatch.setattr(worker_process, "MAX_WAITING_SECONDS", 0.4)
    await wait_for(lambda: not job.feed(SECOND), "a worker that takes no more")
    with pytest.raises(FormatsBusy):
        workers.open("encode", MP3, KeepingOwner())
    assert (workers.refused, job.dropped) == (1, 1)
    os.kill(workers.workers[0].pid, signal.SIGCONT)
    await wait_for(lambda: not workers.queue_seconds, "a worker that has caught up")
    assert job.feed(SECOND)
    await wait_for(lambda: not workers.queue_seconds and workers.load < 0.5, "a worker with time")
    workers.open("encode", MP3, KeepingOwner())
