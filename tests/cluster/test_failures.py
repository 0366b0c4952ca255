"""Members that stop, are cut off or die: who hears it, and for how long."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from audiocast.cluster.ring import order
from tests.cluster.heard import check_every_page_once, longest_pause, numbers, path_of, sounding
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started

pytestmark = pytest.mark.realtime

FRONT, OWNER, EDGE = "m0", "m1", "m2"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    with Members(tmp_path_factory.mktemp("members"), is_partitionable=True) as members:
        yield members


@pytest.fixture
def members(cluster: Members) -> Members:
    cluster.revive()
    return cluster


@pytest.fixture
def started(members: Members) -> Started:
    return members.start_stream(owner=OWNER, at=FRONT)


def stop(members: Members) -> Callable[[], None]:
    os.kill(members[OWNER].pid, signal.SIGSTOP)
    return lambda: os.kill(members[OWNER].pid, signal.SIGCONT)


def cut_off(members: Members) -> Callable[[], None]:
    members.network.cut(OWNER)
    return lambda: members.network.mend(OWNER)


@pytest.mark.parametrize("still", [stop, cut_off])
def test_an_owner_that_stands_still_costs_no_page_and_less_than_four_seconds(
    members: Members, started: Started, still: Callable[[Members], Callable[[], None]]
) -> None:
    with ExitStack() as stack:
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        members[FRONT].wait_for_state(started.stream_id, "live")
        edge = stack.enter_context(Listener(members[EDGE].port, path_of(started)))
        own = stack.enter_context(Listener(members[OWNER].port, path_of(started)))
        for listener in (edge, own):
            listener.wait_for_audio(2)
        stopped_at = time.monotonic()
        go_on = stack.enter_context(ExitStack())
        go_on.callback(still(members))
        edge.wait_for_audio(8)
        assert longest_pause(edge, stopped_at) < 4.0
        heir = order(started.stream_id, members.names)[1]
        members.wait_for_owner(started.stream_id, heir, 1, of=[FRONT, EDGE])
        go_on.close()
        # It comes back as a member that owns nothing, and its own listeners go on.
        members.wait_for_view(members.names)
        members.wait_for_owner(started.stream_id, heir, 5)
        assert members[OWNER].metric("audiocast_owned_streams") == 0
        last = sounding(edge)[-1]
        own.wait(lambda: sounding(own)[-1] > last, "the stream at its old owner")
        for listener in (edge, own):
            heard = sounding(listener)
            assert heard == list(range(1, len(heard) + 1))
            assert listener.end is None
        assert members.complaints() == []


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
        again = members.keyed_url(started, at=EDGE)
        members[FRONT].stop(signal.SIGKILL)
        for listener in listeners:
            listener.wait(lambda listener=listener: numbers(listener)[-1] == 0, "silence")  # type: ignore[misc]
        back_at = time.monotonic()
        stack.enter_context(PacedSource(again, numbered_audio(seconds=30, serial=2)))
        for listener in listeners:
            listener.wait(lambda listener=listener: numbers(listener)[-1] > 0, "the new source")  # type: ignore[misc]
            assert time.monotonic() - back_at < 2.0
        time_heard = len(numbers(listeners[0]))
        for listener in listeners:
            listener.wait_for_audio((time_heard + 50) / 50)
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
            check_every_page_once(listener)
            assert longest_pause(listener, killed_at) < 1.0
