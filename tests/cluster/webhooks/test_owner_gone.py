"""Three members tell a receiver what happens to a stream, and its owner is killed."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cluster.heard import check_every_page_once, path_of
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import Started
from tests.support.webhooks.receiver import Receiver

AUDIO = numbered_audio(seconds=90)
GRACE_SECONDS = 4


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def members(tmp_path: Path, receiver: Receiver) -> Iterator[Members]:
    settings: dict[str, Any] = {"SOURCE_GRACE_SECONDS": GRACE_SECONDS, **receiver.settings}
    with Members(tmp_path, **settings) as members:
        yield members
        assert [line for line in members.complaints() if "webhook" in line] == []


def end(members: Members, started: Started, *, at: str) -> None:
    url = f"{members[at].base}/api/streams/{started.stream_id}"
    headers = {"Authorization": f"Bearer {started.ingest_key}"}
    requests.delete(url, headers=headers, timeout=10).raise_for_status()


def ids(receiver: Receiver, stream_id: str, event_type: str) -> list[str]:
    return [each.event_id for each in receiver.of(stream_id) if each.type == event_type]


@pytest.mark.realtime
def test_the_owner_is_killed_between_the_change_and_the_sending(members: Members, receiver: Receiver) -> None:
    with ExitStack() as stack:
        started = members.start_stream(owner="m1", at="m0", heir="m2")
        stack.enter_context(PacedSource(started.keyed_url, AUDIO))
        members["m2"].wait_for_state(started.stream_id, "live")
        listeners = [stack.enter_context(Listener(members[at].port, path_of(started))) for at in ("m0", "m2")]
        for listener in listeners:
            listener.wait_for_audio(0.5)
        assert members["m0"].state(started.stream_id)["owner"] == "m1"
        members["m1"].stop(signal.SIGKILL)
        assert receiver.of(started.stream_id) == []
        live = receiver.wait_for(started.stream_id, "stream.live")
        heard_seconds = max(listener.capture().seconds for listener in listeners)
        for listener in listeners:
            listener.wait_for_audio(heard_seconds + 1)
            check_every_page_once(listener)
        members.wait_for_owner(started.stream_id, "m2", 10, of=["m0", "m2"])
        end(members, started, at="m0")
        ended = receiver.wait_for(started.stream_id, "stream.ended")
    assert receiver.told(started.stream_id) == ["stream.live", "stream.ended"]
    assert ended.data["broadcast_id"] == live.data["broadcast_id"]
    assert ended.data["sequence"] > live.data["sequence"]


def test_what_was_sent_by_the_owner_before_is_sent_again_with_its_id(
    members: Members, receiver: Receiver
) -> None:
    started = members.start_stream(owner="m1", at="m0", heir="m2")
    url = started.keyed_url
    with PacedSource(url, AUDIO):
        receiver.wait_for(started.stream_id, "stream.live")
        for title in ("One", "Two"):
            requests.put(
                f"{members['m0'].base}/api/streams/{started.stream_id}/metadata",
                json={"title": title},
                headers={"Authorization": f"Bearer {started.ingest_key}"},
                timeout=10,
            ).raise_for_status()
            receiver.wait_until(
                lambda title=title: any(  # type: ignore[misc]
                    each.data["track"]["title"] == title
                    for each in receiver.of(started.stream_id)
                    if each.type == "track.changed"
                )
            )
    # The encoder is gone for a while, and is back: the owner has counted that, and nobody else.
    receiver.wait_for(started.stream_id, "stream.held")
    with PacedSource(url, AUDIO):
        receiver.wait_until(lambda: len(ids(receiver, started.stream_id, "stream.live")) == 2)
        members["m1"].stop(signal.SIGKILL)
        receiver.wait_until(lambda: len(ids(receiver, started.stream_id, "stream.live")) == 3)
        end(members, started, at="m0")
        receiver.wait_for(started.stream_id, "stream.ended")
    live = ids(receiver, started.stream_id, "stream.live")
    assert live[2] == live[1] != live[0]
    told = receiver.told(started.stream_id)
    assert [each for each in told if each != "track.changed"] == [
        "stream.live",
        "stream.held",
        "stream.live",
        "stream.ended",
    ]
    assert len({each.data["broadcast_id"] for each in receiver.of(started.stream_id)}) == 1


def test_the_end_is_told_when_owner_and_encoder_are_gone(members: Members, receiver: Receiver) -> None:
    started = members.start_stream(owner="m1", at="m1")
    with PacedSource(started.keyed_url, AUDIO):
        live = receiver.wait_for(started.stream_id, "stream.live")
        # Its facts are everywhere before anything is sent.
        members["m1"].stop(signal.SIGKILL)
    ended = receiver.wait_for(started.stream_id, "stream.ended", seconds=45)
    assert ended.data["reason"] == "owner_lost"
    assert ended.data["broadcast_id"] == live.data["broadcast_id"]
    time.sleep(2)
    assert len(set(ids(receiver, started.stream_id, "stream.ended"))) == 1


def test_a_stream_that_moves_in_a_drain_is_one_broadcast(members: Members, receiver: Receiver) -> None:
    started = members.start_stream(owner="m1", at="m0", heir="m2")
    with PacedSource(started.keyed_url, AUDIO):
        receiver.wait_for(started.stream_id, "stream.live")
        members["m1"].stop()
        members.wait_for_owner(started.stream_id, "m2", 10, of=["m0", "m2"])
        end(members, started, at="m0")
        receiver.wait_for(started.stream_id, "stream.ended")
    time.sleep(GRACE_SECONDS)
    assert receiver.told(started.stream_id) == ["stream.live", "stream.ended"]
