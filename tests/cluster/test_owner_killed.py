"""The owner of a stream dies: its front finds the next one, and no listener elsewhere loses a page."""

import random
import signal
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from audiocast.cluster.ring import order
from tests.cluster.members import Members
from tests.listener import Listener
from tests.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.source import PacedSource

FRONT, OWNER, EDGE = "m0", "m1", "m2"
TIMES = 20
BEFORE_SECONDS = 2.0
AFTER_SECONDS = 2.5


@pytest.mark.timeout(60)
@pytest.mark.parametrize("seed", range(TIMES))
def test_every_page_comes_once_and_the_pause_is_short(seed: int, tmp_path: Path) -> None:
    moment_seconds = random.Random(seed).uniform(0, 0.5)
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path))
        started = members.start_stream(owner=OWNER, at=FRONT)
        source = stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
        members[FRONT].wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}?preroll=20&latency=low"
        listeners = [stack.enter_context(Listener(members[name].port, path)) for name in (FRONT, EDGE)]
        for listener in listeners:
            listener.wait_for_audio(BEFORE_SECONDS + moment_seconds)
        assert members[EDGE].state(started.stream_id)["owner"] == OWNER
        members[OWNER].stop(signal.SIGKILL)
        killed_after = [len(listener.arrivals) for listener in listeners]
        for listener, count in zip(listeners, killed_after, strict=True):
            listener.wait_for_audio(BEFORE_SECONDS + moment_seconds + AFTER_SECONDS)
            capture = listener.capture()
            capture.check_one_stream()
            numbers = [number_of(packet) for packet in capture.packets]
            assert numbers == list(range(len(numbers))), "a page is lost, repeated, or silence was put in"
            pauses = [after - before for (before, _), (after, _) in pairwise(listener.arrivals[count - 1 :])]
            assert max(pauses) < 1.0
        assert source.sent_seconds + 1 > len(numbers) * PACKET_SECONDS
        heir = order(started.stream_id, members.names)[1]
        assert members[EDGE].state(started.stream_id)["owner"] == heir
