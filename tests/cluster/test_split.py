"""Views that differ: two members own one stream for a while, and one of them when they hear of each other."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.heard import numbers, path_of
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime

MIDDLE, ONE, OTHER = "m0", "m1", "m2"
AGREE_SECONDS = 10.0
# Numbers of the newer source begin here.
NEWER = 100_000


def test_the_newer_source_wins_when_a_split_is_over(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, is_partitionable=True))
        members.network.cut(ONE, OTHER)
        members.wait_for_view([MIDDLE, ONE], of=[ONE])
        members.wait_for_view([MIDDLE, OTHER], of=[OTHER])
        members.wait_for_metric(MIDDLE, "audiocast_views_differing", 2)
        # The one stream's first source comes to its owner itself, the other one's is forwarded to it.
        direct = members.start_stream(owner=ONE, heir=OTHER, at=ONE)
        forwarded = members.start_stream(owner=ONE, heir=OTHER, at=ONE)
        olds = [
            stack.enter_context(PacedSource(url, numbered_audio(seconds=60)))
            for url in (direct.keyed_url, members.keyed_url(forwarded, at=MIDDLE))
        ]
        for started in (direct, forwarded):
            members.wait_for_owner(started.stream_id, ONE, 5, of=[ONE])
            members[ONE].wait_for_state(started.stream_id, "live")
        news = [
            stack.enter_context(
                PacedSource(
                    members.keyed_url(started, at=OTHER),
                    numbered_audio(seconds=60, serial=2, first_number=NEWER),
                )
            )
            for started in (direct, forwarded)
        ]
        for started in (direct, forwarded):
            members[OTHER].wait_for_state(started.stream_id, "live")
        listeners = [
            stack.enter_context(Listener(members[name].port, path_of(started)))
            for name in members.names
            for started in (direct, forwarded)
        ]
        for listener in listeners:
            listener.wait_for_audio(1)
        owned = [members[name].metric("audiocast_owned_streams") for name in (ONE, OTHER)]
        assert min(owned) >= 1
        members.network.mend(ONE, OTHER)
        members.wait_for_view(members.names)
        agreed_at = time.monotonic()
        for started in (direct, forwarded):
            members.wait_for_owner(started.stream_id, OTHER, AGREE_SECONDS)
        for old in olds:
            answer = old.answer()
            assert (answer.status, answer.error) == (409, "taken_over")
        for listener in listeners:
            listener.wait(
                lambda listener=listener: numbers(listener)[-1] >= NEWER,  # type: ignore[misc]
                "the newer source",
            )
        assert time.monotonic() - agreed_at < AGREE_SECONDS
        assert sum(members[name].metric("audiocast_owner_conflicts_total") for name in members.names) >= 1
        heard = [len(numbers(listener)) for listener in listeners]
        for listener, count in zip(listeners, heard, strict=True):
            # And it stays so: no loop, no dead-lock.
            listener.wait_for_audio((count + 100) / 50)
            tail = numbers(listener)[-100:]
            assert tail == list(range(tail[0], tail[0] + 100))
            assert listener.end is None
        for name in members.names:
            members.wait_for_metric(name, "audiocast_views_differing", 0)
        assert [members[name].metric("audiocast_owned_streams") for name in members.names] == [0, 0, 2]
        assert [new.sent_seconds > 0 for new in news] == [True, True]
        assert members.complaints() == []
