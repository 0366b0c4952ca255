"""A backup beside the main source, at a real server: who is heard, who is told, and no hole at a change."""

import json
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from tests.support.audio.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

TURNS = 20
RETURN_SECONDS = 0.3
MAX_HOLE_SECONDS = 0.020

# More packets than one connection sends.
CONNECTION = 100_000
DEADLINE_SECONDS = 15.0


def further_key(started: Started, priority: int) -> str:
    answer = requests.post(
        f"{started.ingest_url.replace('/ingest/', '/api/streams/')}/keys",
        json={"priority": priority},
        headers={"Authorization": f"Bearer {started.ingest_key}"},
        timeout=5,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ingest_key"])


def wait_for(server: AudiocastServer, started: Started, priority: int | None, standby: int) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        state = server.state(started.stream_id)
        if (state["source_priority"], state["standby"]) == (priority, standby):
            return
        assert time.monotonic() < deadline, f"expected {priority} heard and {standby} by, got {state}"
        time.sleep(0.01)


class Station:
    """A main source and a backup, whose packets tell when they were sent."""

    def __init__(self, server: AudiocastServer) -> None:
        self.started = server.start_stream()
        self.backup_url = f"{self.started.ingest_url}?key={further_key(self.started, 5)}"
        self._sources: list[PacedSource] = []

    def main(self) -> PacedSource:
        return self._source(self.started.keyed_url)

    def backup(self) -> PacedSource:
        return self._source(self.backup_url)

    def _source(self, url: str) -> PacedSource:
        first_number = (len(self._sources) + 1) * CONNECTION
        audio = numbered_audio(seconds=40, first_number=first_number, packet_bytes=60)
        self._sources.append(PacedSource(url, audio))
        return self._sources[-1]

    def moments(self, packets: Sequence[bytes]) -> list[tuple[int, float, float]]:
        """Return which connection each packet came on, when it was due there, and how late it was sent."""
        found = []
        for packet in packets:
            connection, number = divmod(number_of(packet), CONNECTION)
            source = self._sources[connection - 1]
            # Threads are late at times, and never early.
            began_at = min(at - index * PACKET_SECONDS for index, at in enumerate(source.sent_at))
            due = began_at + number * PACKET_SECONDS
            found.append((connection, due, source.sent_at[number] - due))
        return found


@pytest.mark.realtime
def test_twenty_times_without_a_hole(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(
            AudiocastServer(tmp_path / "server.log", fallback_return_seconds=RETURN_SECONDS)
        )
        station = Station(server)
        started = station.started
        main = station.main()
        main.__enter__()
        wait_for(server, started, 0, 0)
        stack.enter_context(station.backup())
        wait_for(server, started, 0, 1)
        listener = stack.enter_context(Listener(server.port, f"/stream/{started.stream_id}?latency=low"))
        listener.wait_for_audio(0.1)
        for _ in range(TURNS):
            main.kill()
            wait_for(server, started, 5, 0)
            main = station.main()
            main.__enter__()
            wait_for(server, started, 0, 1)
            listener.wait_for_audio(listener.capture().seconds + 0.1)
        main.kill()
        listener.wait_for_audio(listener.capture().seconds + 0.2)
        assert listener.end is None
        assert server.metric("audiocast_source_switches_total", '{reason="away"}') >= TURNS
        assert server.metric("audiocast_source_switches_total", '{reason="return"}') == TURNS
        assert server.metric("audiocast_sources_standby") == 0
        assert server.metric("audiocast_silence_seconds_total") == 0
    capture = listener.capture()
    capture.check_one_stream()
    steps = [
        (before[0] != after[0], abs(after[1] - before[1] - PACKET_SECONDS), max(before[2], after[2]))
        for before, after in pairwise(station.moments(capture.packets))
    ]
    assert sum(is_change for is_change, _, _ in steps) == 2 * TURNS + 1
    # No packet of the one that is heard is lost or doubled, and none is where another goes on. The server
    # cannot make good what a sender was late.
    assert max(seconds for is_change, seconds, _ in steps if not is_change) < 0.001
    holes = [step for step in steps if step[1] > MAX_HOLE_SECONDS + step[2]]
    assert holes == []


def test_who_may_make_which_key(server: AudiocastServer) -> None:
    started = server.start_stream()
    backup = Started(**{**vars(started), "ingest_key": further_key(started, 5)})
    assert further_key(backup, 9) != backup.ingest_key
    url = f"{server.base}/api/streams/{started.stream_id}/keys"
    for key, body, status, code in (
        (backup.ingest_key, {"priority": 4}, 403, "better_priority"),
        (started.ingest_key, {"priority": 10}, 400, "bad_request"),
        (started.ingest_key, {}, 400, "bad_request"),
        ("ac1.x.y", {"priority": 5}, 401, "bad_key"),
    ):
        answer = requests.post(url, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_start_may_ask_for_a_priority(server: AudiocastServer) -> None:
    answer = requests.post(f"{server.base}/api/start", json={"priority": 7}, timeout=5)
    assert answer.status_code == 201
    started = answer.json()
    key = started["ingest_key"]
    answer = requests.post(
        f"{server.base}/api/streams/{started['stream_id']}/keys?key={key}", json={"priority": 6}, timeout=5
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "better_priority")


@pytest.mark.realtime
def test_ffmpeg_as_main_and_as_backup(server: AudiocastServer, tmp_path: Path) -> None:
    station = Station(server)
    started = station.started
    with EncoderProcess(station.backup_url, tone_hz=880, log=tmp_path / "backup.log"):
        server.wait_until_live(started)
        with (
            Listener(server.port, f"/stream/{started.stream_id}") as listener,
            EncoderProcess(started.keyed_url, tone_hz=440, log=tmp_path / "main.log"),
        ):
            wait_for(server, started, 5, 1)
            wait_for(server, started, 0, 1)
            listener.wait_for_audio(listener.capture().seconds + 0.5)
        wait_for(server, started, 5, 0)
        assert server.metric("audiocast_silence_seconds_total") == 0
    listener.capture().check_one_stream()
    events = [event["event"] for event in server.events()]
    assert events.count("source_stands_by") >= 2
    assert events.count("source_heard") >= 2


def test_titles_are_those_of_the_source_that_is_heard(server: AudiocastServer) -> None:
    station = Station(server)
    started = station.started
    backup_key = re.sub(".*key=", "", station.backup_url)
    with station.main(), station.backup():
        wait_for(server, started, 0, 1)
        for key, title in ((started.ingest_key, "Heard"), (backup_key, "Not heard")):
            answer = requests.put(
                f"{server.base}/api/streams/{started.stream_id}/metadata",
                data=json.dumps({"title": title}),
                headers={"Authorization": f"Bearer {key}"},
                timeout=5,
            )
            assert answer.status_code == 204
        assert server.state(started.stream_id)["now_playing"]["title"] == "Heard"
