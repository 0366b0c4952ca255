"""All members are restarted, one after the other, while people broadcast and listen."""

import random
import signal
import wave
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.client.broadcast_process import BroadcastProcess
from tests.cluster.crowd import PAGE_SECONDS, Crowd, Visit
from tests.cluster.loop_thread import LoopThread
from tests.cluster.members import Members
from tests.cluster.service import Service
from tests.support.audio.capture import Capture

pytestmark = pytest.mark.realtime

STREAMS = 5
# Of each stream.
LISTENERS = 60

HEAR_SECONDS = 4.0
# Half of it is for encoders that leave by themselves: a streamer looks every two seconds, and then connects
# anew, for which one second was too little on a busy machine.
DRAIN_SECONDS = 10

SOUND_SECONDS = 120


@pytest.mark.timeout(180)
def test_a_rolling_restart_under_load_is_not_heard(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, DRAIN_SECONDS=DRAIN_SECONDS))
        thread = stack.enter_context(LoopThread())
        service = stack.enter_context(Service(members, thread))
        copies = [tmp_path / f"copy{number}.opus" for number in range(STREAMS)]
        sound = noise(tmp_path / "noise.wav")
        broadcasts = [
            stack.enter_context(BroadcastProcess(service.base, "--file", str(sound), "--copy", str(copy)))
            for copy in copies
        ]
        ids = [broadcast.stream_id() for broadcast in broadcasts]
        for stream_id in ids:
            members["m0"].wait_for_state(stream_id, "live")
        crowd = Crowd(thread, members, service)
        crowd.listen(ids, LISTENERS)
        crowd.wait_until_all_hear(HEAR_SECONDS)
        for name in members.names:
            assert members[name].stop(signal.SIGTERM) == 0
            members.start(name)
            members.wait_for_view(members.names)
        crowd.wait_until_all_hear(HEAR_SECONDS)
        crowd.leave()
        for broadcast in broadcasts:
            broadcast.send_signal(signal.SIGTERM)
            assert broadcast.wait() == 0, broadcast.text
        places = [places_of(copy) for copy in copies]
        faults = [
            fault
            for (stream_id, number), visits in crowd.visits.items()
            for fault in faults_of(visits, places[ids.index(stream_id)], f"{stream_id} {number}")
        ]
        assert faults == [], "\n".join(faults)
        # Each member let all its listeners go once.
        assert sum(len(visits) - 1 for visits in crowd.visits.values()) >= STREAMS * LISTENERS
        assert members.complaints() == []


def noise(path: Path) -> Path:
    """Write sound of which no two packets are alike, as those of a tone are."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(random.Random(1).randbytes(SOUND_SECONDS * 48_000 * 2))
    return path


def places_of(copy: Path) -> dict[bytes, int]:
    """Give the place of each packet in the broadcast, by what is in it."""
    packets = Capture.parse(copy.read_bytes()).packets
    places = {packet: place for place, packet in enumerate(packets)}
    assert len(places) > 0.99 * len(packets), "expected packets that differ"
    return places


def faults_of(visits: list[Visit], places: dict[bytes, int], who: str) -> list[str]:
    """Give pages lost while a listener is connected, and a second of audio or more where it moves."""
    faults = []
    heard = [[places[page] for page in visit.pages if page in places] for visit in visits]
    for visit, part in zip(visits, heard, strict=True):
        holes = [(before, after) for before, after in pairwise(part) if after != before + 1]
        faults += [f"{who} at {visit.member}: from packet {before} to {after}" for before, after in holes]
    parts = [part for part in heard if part]
    for before, after in pairwise(parts):
        lost_seconds = (after[0] - before[-1] - 1) * PAGE_SECONDS
        if lost_seconds >= 1.0:
            faults.append(f"{who}: {lost_seconds} s lost where it moved")
    return faults
