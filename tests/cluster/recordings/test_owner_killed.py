"""The owner of a stream that is recorded is killed: the next one goes on with the same show."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cluster.members import Members
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.source import PacedSource
from tests.unit.recordings.memory_store import file_packets

# Faster than in real time, so that some chunks are written before and after.
SPEED = 4.0
BEFORE_SECONDS = 14.0
AFTER_SECONDS = 30.0
WAIT_SECONDS = 40.0

pytestmark = pytest.mark.realtime


def wait_for_show(members: Members, name: str, stream_id: str, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_SECONDS
    url = f"{members[name].base}/api/streams/{stream_id}/recordings"
    while True:
        found = requests.get(url, timeout=10).json()["recordings"]
        if [show["state"] for show in found] == [state]:
            [show] = found
            return dict(show)
        assert time.monotonic() < deadline, f"expected one show that is {state}, got {found}"
        time.sleep(0.2)


def test_the_show_goes_on_and_nothing_is_missing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    # The front has in hand, since it plays the stream to its own listeners, what the owner had not written.
    with Members(
        tmp_path, 3, RECORDINGS_URL=str(store), MAX_INGEST_KBPS=0, SOURCE_GRACE_SECONDS=5
    ) as members:
        started = members.start_stream(owner="m1", at="m0", heir="m0")
        url = f"{members['m0'].base}/api/streams/{started.stream_id}"
        with PacedSource(started.keyed_url, numbered_audio(seconds=120), speed=SPEED) as source:
            members["m0"].wait_for_state(started.stream_id, "live")
            switch = requests.put(
                f"{url}/recording", json={"on": True}, params={"key": started.ingest_key}, timeout=10
            )
            assert switch.status_code == 204
            wait_for_audio(source, BEFORE_SECONDS)
            members.wait_for_metric("m1", "audiocast_recorded_streams", 1)
            assert members["m0"].metric("audiocast_recorded_streams") == 0
            live = wait_for_show(members, "m2", started.stream_id, "live")
            before = len(list((store / "chunks").rglob("*.opus")))
            members["m1"].stop(signal.SIGKILL)
            members.wait_for_metric("m0", "audiocast_recorded_streams", 1)
            wait_for_audio(source, source.sent_seconds + AFTER_SECONDS)
            params = {"key": started.ingest_key, "for_good": "false"}
            assert requests.delete(url, params=params, timeout=10).status_code == 204
        show = wait_for_show(members, "m2", started.stream_id, "ready")
        assert show["show_id"] == live["show_id"]
        data = requests.get(f"{members['m2'].base}/recordings/{show['show_id']}.opus", timeout=10).content
    numbers = [number_of(each) for each in file_packets(data)]
    print(f"{before} chunks before, {len(numbers)} packets, {len(set(numbers))} of them different")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) > (BEFORE_SECONDS + AFTER_SECONDS) * 50 / 2
    assert show["missing"] == []


def wait_for_audio(source: PacedSource, seconds: float) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while source.sent_seconds < seconds:
        assert time.monotonic() < deadline
        time.sleep(0.05)
