"""A member leaves: its streams go first, then its people one after the other, and it ends with code 0."""

import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.cluster.heard import check_every_page_once, longest_pause, path_of
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime

DRAIN_SECONDS = 8
FRONT, OWNER, EDGE = "m0", "m1", "m2"


def test_an_owner_that_leaves_is_not_heard(tmp_path: Path) -> None:
    with ExitStack() as stack:
        # On a busy machine the stream alone takes three seconds to move.
        members = stack.enter_context(Members(tmp_path, DRAIN_SECONDS=DRAIN_SECONDS))
        started = members.start_stream(owner=OWNER, at=FRONT)
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
        members[FRONT].wait_for_state(started.stream_id, "live")
        path = path_of(started)
        others = [stack.enter_context(Listener(members[name].port, path)) for name in (FRONT, EDGE)]
        own = [stack.enter_context(Listener(members[OWNER].port, path)) for _ in range(10)]
        for listener in [*others, *own]:
            listener.wait_for_audio(2)
        left_at = time.monotonic()
        assert members[OWNER].stop(signal.SIGTERM) == 0
        took_seconds = time.monotonic() - left_at
        assert took_seconds < DRAIN_SECONDS + 2
        for listener in others:
            listener.wait_for_audio(2 + took_seconds)
            check_every_page_once(listener)
            assert longest_pause(listener, left_at) < 1.0
        # One after the other, and each had whole pages until then.
        ends = sorted(listener.arrivals[-1][0] for listener in own)
        assert all(listener.end == "closed" for listener in own)
        assert ends[-1] - ends[0] > 0.5
        for listener in own:
            check_every_page_once(listener)
        assert members.complaints() == []


def test_a_drain_under_way_can_be_undone(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, DRAIN_SECONDS=60))
        started = members.start_stream(owner=OWNER, at=OWNER)
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        members[OWNER].wait_for_state(started.stream_id, "live")
        listeners = [stack.enter_context(Listener(members[OWNER].port, path_of(started))) for _ in range(10)]
        for listener in listeners:
            listener.wait_for_audio(1)
        assert members.call(OWNER, "POST", "/internal/drain").status_code == 202
        members.wait_for_view([FRONT, EDGE], of=members.names)
        assert ready(members[OWNER].internal_port) == 503
        # An encoder that comes now, before its balancer knows, would only have to go again.
        refused = requests.post(started.keyed_url, timeout=5)
        assert (refused.status_code, refused.json()["error"]) == (503, "shutting_down")
        listeners[0].wait(lambda: any(each.end for each in listeners), "the first to be let go")
        drain = members[OWNER].status()["drain"]
        assert drain["state"] == "draining"
        assert 0 < drain["listeners_left"] < len(listeners)
        assert drain["sources_left"] == 1
        assert 0 < drain["seconds_left"] <= 60
        assert members.call(OWNER, "DELETE", "/internal/drain").status_code == 204
        members.wait_for_view(members.names)
        assert ready(members[OWNER].internal_port) == 200
        staying = [listener for listener in listeners if listener.end is None]
        assert staying
        assert members[OWNER].metric("audiocast_listeners") == len(staying)
        assert members[OWNER].status()["drain"] == {
            "state": "no",
            "listeners_left": len(staying),
            "sources_left": 1,
            "seconds_left": 0.0,
        }
        for listener in staying:
            listener.wait_for_audio(listener.capture().seconds + 1)
            check_every_page_once(listener)
            assert listener.end is None
        assert members.complaints() == []


def ready(port: int) -> int:
    command = f"curl -s -o /dev/null -w %{{http_code}} http://127.0.0.1:{port}/readyz"
    return int(subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout)
