"""A member leaves: its streams go first, then its people one after the other, and it ends with code 0."""

import signal
import subprocess
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from tests.cluster.members import Members
from tests.listener import Listener
from tests.numbered_audio import number_of, numbered_audio
from tests.source import PacedSource

FRONT, OWNER, EDGE = "m0", "m1", "m2"


def numbers(listener: Listener) -> list[int]:
    capture = listener.capture()
    capture.check_one_stream()
    return [number_of(packet) for packet in capture.packets]


def test_an_owner_that_leaves_is_not_heard(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, DRAIN_SECONDS=4))
        started = members.start_stream(owner=OWNER, at=FRONT)
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
        members[FRONT].wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}?preroll=20&latency=low"
        others = [stack.enter_context(Listener(members[name].port, path)) for name in (FRONT, EDGE)]
        own = [stack.enter_context(Listener(members[OWNER].port, path)) for _ in range(10)]
        for listener in [*others, *own]:
            listener.wait_for_audio(2)
        left_at = time.monotonic()
        assert members[OWNER].stop(signal.SIGTERM) == 0
        took_seconds = time.monotonic() - left_at
        assert took_seconds < 6
        for listener in others:
            listener.wait_for_audio(2 + took_seconds)
            heard = numbers(listener)
            assert heard == list(range(len(heard)))
            times = [at for at, _ in listener.arrivals if at > left_at]
            assert max(after - before for before, after in pairwise([left_at, *times])) < 1.0
        # One after the other, and each had whole pages until then.
        ends = sorted(listener.arrivals[-1][0] for listener in own)
        assert all(listener.end == "closed" for listener in own)
        assert ends[-1] - ends[0] > 0.5
        for listener in own:
            heard = numbers(listener)
            assert heard == list(range(len(heard)))
        assert [event for event in members[OWNER].events() if event["level"] == "error"] == []


def test_a_drain_can_be_undone(tmp_path: Path) -> None:
    with Members(tmp_path, DRAIN_SECONDS=60) as members:
        members.call("m1", "POST", "/internal/drain")
        members.wait_for_view(["m0", "m2"], of=["m0", "m1", "m2"])
        assert ready(members["m1"].internal_port) == 503
        members.call("m1", "DELETE", "/internal/drain")
        members.wait_for_view(["m0", "m1", "m2"])
        assert ready(members["m1"].internal_port) == 200


def ready(port: int) -> int:
    command = f"curl -s -o /dev/null -w %{{http_code}} http://127.0.0.1:{port}/readyz"
    return int(subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout)
