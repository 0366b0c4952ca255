"""The owner of a stream dies: its front finds the next one, and no listener elsewhere loses a page."""

import random
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from audiocast.cluster.ring import order
from tests.cluster.heard import check_every_page_once, longest_pause, path_of
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.clock.machine_waits import MachineWaits
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime

TIMES = 20
STREAMS = 2
# One is the front and the other an edge, in turns; they live.
ENDS = ("m0", "m1")

# Killed in turns, and started again: each is in the ring again well before its next turn.
OWNERS = ("m2", "m3", "m4", "m5", "m6")

BEFORE_SECONDS = 0.3
AFTER_SECONDS = 1.1
AUDIO = numbered_audio(seconds=20)


@pytest.mark.timeout(150)
def test_every_page_comes_once_and_the_pause_is_short_twenty_times_in_a_row(tmp_path: Path) -> None:
    chance = random.Random(6)
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, len(ENDS + OWNERS), SOURCE_GRACE_SECONDS=1))
        restarts = stack.enter_context(ThreadPoolExecutor(len(OWNERS)))
        back: dict[str, Future[None]] = {}
        for number in range(TIMES):
            owner = OWNERS[number % len(OWNERS)]
            front, edge = ENDS if number % 2 else reversed(ENDS)
            if owner in back:
                back[owner].result()
            wait_for_member(members, owner)
            kill_once(members, front, owner, edge, BEFORE_SECONDS + chance.uniform(0, 0.5))
            back[owner] = restarts.submit(members.start, owner)
        for start in back.values():
            start.result()
        assert members.complaints() == []


def kill_once(members: Members, front: str, owner: str, edge: str, before_seconds: float) -> None:
    with ExitStack() as stack:
        streams = [members.start_stream(owner=owner, at=front) for _ in range(STREAMS)]
        for started in streams:
            stack.enter_context(PacedSource(started.keyed_url, AUDIO))
        for started in streams:
            members[front].wait_for_state(started.stream_id, "live")
        listeners = [
            stack.enter_context(Listener(members[name].port, path_of(started)))
            for started in streams
            for name in (front, edge)
        ]
        for listener in listeners:
            listener.wait_for_audio(before_seconds)
        for started in streams:
            assert members[edge].state(started.stream_id)["owner"] == owner
        before = members.ring(front)
        concerned = {front, edge, *(heir(started.stream_id, before, owner) for started in streams)}
        waits = stack.enter_context(MachineWaits(*(members[name].pid for name in concerned)))
        killed_at = time.monotonic()
        members[owner].stop(signal.SIGKILL)
        heard_seconds = max(listener.capture().seconds for listener in listeners)
        for listener in listeners:
            listener.wait_for_audio(heard_seconds + AFTER_SECONDS)
            check_every_page_once(listener)
            times = [killed_at, *(at for at, _ in listener.arrivals if at >= killed_at)]
            own_seconds = waits.longest_gap(times)
            print(f"{longest_pause(listener, killed_at):.3f} s, {own_seconds:.3f} s of it the members' own")
            assert own_seconds < 1.0
        for started in streams:
            # A member that is just coming back may be in the ring by now or not.
            heirs = {heir(started.stream_id, ring, owner) for ring in (before, members.ring(front))}
            assert members[edge].state(started.stream_id)["owner"] in heirs


def heir(stream_id: str, ring: list[str], dead: str) -> str:
    return next(name for name in order(stream_id, ring) if name != dead)


def wait_for_member(members: Members, name: str) -> None:
    deadline = time.monotonic() + 15
    while not all(name in members.ring(end) for end in ENDS):
        assert time.monotonic() < deadline, f"{name} did not come back"
        time.sleep(0.05)
