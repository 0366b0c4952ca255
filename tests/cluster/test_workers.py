"""`WORKERS`: several processes on one port. They are one server, and one of them may die."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.cluster.heard import check_every_page_once, numbers, path_of
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

WORKERS = 3
# The kernel deals out connections by hashing: three in four of so many at one worker do not happen.
MOST_TRIES = 60

WAIT_SECONDS = 20.0
AUDIO = numbered_audio(seconds=60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log", WORKERS=WORKERS) as server:
        yield server


def pids(server: AudiocastServer) -> dict[str, int]:
    """Return the process of each worker by its name; those that have died are replaced by their next."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return {_environment(int(pid))["NODE_NAME"]: int(pid) for pid in children}


def _environment(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/environ").read_bytes().decode()
    return dict(line.split("=", 1) for line in text.split("\0") if line)


def sample(server: AudiocastServer, worker: str, name: str) -> float:
    """Return a number from one worker's own metrics."""
    port = _environment(pids(server)[worker])["INTERNAL_PORT"]
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, f"no sample {name}"
    return float(found[1])


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {WAIT_SECONDS:g} s: {what}"
        time.sleep(0.05)


def listen_everywhere(server: AudiocastServer, started: Started, stack: ExitStack) -> dict[Listener, str]:
    """Connect listeners until each worker has one; return which listener is at which worker."""
    where: dict[Listener, str] = {}
    workers = list(pids(server))
    for _ in range(MOST_TRIES):
        before = {worker: sample(server, worker, "audiocast_listeners") for worker in workers}
        listener = stack.enter_context(Listener(server.port, path_of(started)))
        listener.wait_for_audio(0.1)
        [worker] = [
            worker for worker in workers if sample(server, worker, "audiocast_listeners") > before[worker]
        ]
        where[listener] = worker
        if set(where.values()) == set(workers):
            return where
    raise AssertionError(f"expected a listener at each of {workers}, got {sorted(where.values())}")


def test_listeners_of_any_worker_hear_a_source_of_any_other_even_when_one_dies(
    server: AudiocastServer,
) -> None:
    started = server.start_stream()
    with PacedSource(started.keyed_url, AUDIO), ExitStack() as stack:
        server.wait_for_state(started.stream_id, "live")
        where = listen_everywhere(server, started, stack)
        assert server.metric("audiocast_listeners") == len(where)
        before = pids(server)
        fronts = [worker for worker in before if sample(server, worker, "audiocast_fronts")]
        owners = [worker for worker in before if sample(server, worker, "audiocast_owned_streams")]
        assert (len(fronts), len(owners)) == (1, 1)

        victim = next(worker for worker in before if worker not in fronts)
        os.kill(before[victim], signal.SIGKILL)
        for listener, worker in where.items():
            if worker == victim:
                listener.wait_for_end()
            else:
                listener.wait_for_audio(listener.capture().seconds + 2)
                check_every_page_once(listener)
        wait_for(lambda: pids(server).get(victim, before[victim]) != before[victim], "a new process")
        wait_for(
            lambda: (
                server.metric("audiocast_streams", '{state="live"}') >= 1
                and len([each for each in server.events() if each["event"] == "worker_serving"])
                == WORKERS + 1
            ),
            "the new worker serves",
        )
        again = listen_everywhere(server, started, stack)
        assert victim in again.values()
        assert all(numbers(listener) for listener in again)


def test_all_take_each_others_keys_though_nobody_has_set_a_secret(server: AudiocastServer) -> None:
    started = server.start_stream()
    url = f"{server.base}/api/streams/{started.stream_id}/metadata"
    headers = {"Authorization": f"Bearer {started.ingest_key}"}
    answers = {
        requests.put(url, json={"title": "x"}, headers=headers, timeout=10).status_code for _ in range(20)
    }
    assert 401 not in answers
    assert sum(each["event"] == "secret_made_up" for each in server.events()) == 1


def test_it_is_told_to_stop_once_and_ends_as_one_server_does(server: AudiocastServer) -> None:
    started = server.start_stream()
    with PacedSource(started.keyed_url, AUDIO), ExitStack() as stack:
        server.wait_for_state(started.stream_id, "live")
        where = listen_everywhere(server, started, stack)
        workers = pids(server)
        assert server.stop() == 0
        for listener in where:
            assert listener.wait_for_end().pages[-1].is_eos
    assert not any(_is_running(pid) for pid in workers.values())


def test_workers_do_not_outlive_who_watches_over_them(server: AudiocastServer) -> None:
    workers = pids(server)
    assert len(workers) == WORKERS
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: not any(_is_running(pid) for pid in workers.values()), "all workers are gone")


def test_health_is_that_of_all(server: AudiocastServer) -> None:
    internal = f"http://127.0.0.1:{server.internal_port}"
    assert requests.get(f"{internal}/livez", timeout=10).text == "ok\n"
    assert requests.get(f"{internal}/readyz", timeout=10).text == "ok\n"
    workers = pids(server)
    for pid in workers.values():
        os.kill(pid, signal.SIGSTOP)
    try:
        stopped = requests.get(f"{internal}/readyz", timeout=10)
        assert (stopped.status_code, stopped.text) == (503, "not ready\n")
        assert requests.get(f"{internal}/livez", timeout=10).status_code == 200
    finally:
        for pid in workers.values():
            os.kill(pid, signal.SIGCONT)


def test_a_taken_port_is_said_in_one_line(server: AudiocastServer) -> None:
    done = _serve(WORKERS=2, HOST="127.0.0.1", PORT=server.port, INTERNAL_PORT=0)
    said = (
        f"audiocast: PORT: port {server.port} is taken by another program; stop that one, or choose another"
    )
    assert (done.returncode, done.stderr.splitlines()[-1][: len(said)]) == (1, said)


def test_workers_and_peers_do_not_go_together() -> None:
    done = _serve(WORKERS=2, PEERS="127.0.0.1:8101", SECRET_KEYS="a-secret-of-the-cluster")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "WORKERS above 1 and PEERS do not go together" in done.stderr


def _serve(**settings: str | int) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ.get("PATH", "")} | {
        name: str(value) for name, value in settings.items()
    }
    command = [sys.executable, "-m", "audiocast", "serve"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS)


def _is_running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
