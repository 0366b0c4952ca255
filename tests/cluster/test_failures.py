"""Members that stop, are cut off or die: who hears it, and for how long."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cluster.members import Members
from tests.listener import Listener
from tests.numbered_audio import number_of, numbered_audio
from tests.server import Started
from tests.source import PacedSource

FRONT, OWNER, EDGE = "m0", "m1", "m2"


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    with Members(tmp_path) as members:
        yield members


@pytest.fixture
def started(members: Members) -> Started:
    return members.start_stream(owner=OWNER, at=FRONT)


def path_of(started: Started) -> str:
    return f"/stream/{started.stream_id}?preroll=20&latency=low"


def longest_pause(listener: Listener, since: float) -> float:
    times = [at for at, _ in listener.arrivals if at >= since]
    return max(after - before for before, after in pairwise([since, *times]))


def numbers(listener: Listener) -> list[int]:
    capture = listener.capture()
    capture.check_one_stream()
    return [number_of(packet) for packet in capture.packets]


def test_a_stopped_owner_costs_no_page_and_less_than_four_seconds(members: Members, started: Started) -> None:
    with ExitStack() as stack:
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
        members[FRONT].wait_for_state(started.stream_id, "live")
        listener = stack.enter_context(Listener(members[EDGE].port, path_of(started)))
        listener.wait_for_audio(2)
        stopped_at = time.monotonic()
        os.kill(members[OWNER].pid, signal.SIGSTOP)
        stack.callback(os.kill, members[OWNER].pid, signal.SIGCONT)
        listener.wait_for_audio(8)
        heard = [number for number in numbers(listener) if number]
        assert heard == list(range(1, len(heard) + 1))
        assert longest_pause(listener, stopped_at) < 4.0


def test_a_dead_front_is_replaced_by_the_next_connection_of_its_encoder(
    members: Members, started: Started
) -> None:
    with ExitStack() as stack:
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
        members[FRONT].wait_for_state(started.stream_id, "live")
        listeners = [
            stack.enter_context(Listener(members[name].port, path_of(started))) for name in (OWNER, EDGE)
        ]
        for listener in listeners:
            listener.wait_for_audio(2)
        members[FRONT].stop(signal.SIGKILL)
        again = started.keyed_url.replace(str(members[FRONT].port), str(members[EDGE].port))
        time.sleep(1)
        back_at = time.monotonic()
        stack.enter_context(PacedSource(again, numbered_audio(seconds=30, serial=2)))
        for listener in listeners:
            listener.wait(lambda listener=listener: 30 in numbers(listener)[-100:], "the new source", 10)  # type: ignore[misc]
            assert time.monotonic() - back_at < 4
        time.sleep(1)
        for listener in listeners:
            heard = numbers(listener)
            again_at = heard.index(0, 50)
            tail = [number for number in heard[again_at:] if number]
            assert tail == list(range(1, len(tail) + 1))
            assert listener.end is None


def test_a_dead_edge_is_noticed_by_nobody_else(members: Members, started: Started) -> None:
    with ExitStack() as stack:
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
        members[FRONT].wait_for_state(started.stream_id, "live")
        lost = stack.enter_context(Listener(members[EDGE].port, path_of(started)))
        others = [
            stack.enter_context(Listener(members[name].port, path_of(started))) for name in (FRONT, OWNER)
        ]
        lost.wait_for_audio(2)
        killed_at = time.monotonic()
        members[EDGE].stop(signal.SIGKILL)
        again = stack.enter_context(Listener(members[OWNER].port, path_of(started)))
        again.wait_for_audio(4)
        for listener in others:
            heard = numbers(listener)
            assert heard == list(range(len(heard)))
            assert longest_pause(listener, killed_at) < 1.0
