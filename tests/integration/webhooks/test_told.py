"""What happens to the streams of a real server reaches a receiver, signed as others' code wants it."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer
from tests.support.webhooks.receiver import Receiver

AUDIO = numbered_audio(seconds=30)
MINUTE = numbered_audio(seconds=60)


def test_a_broadcast_is_told_from_its_begin_to_its_end(tmp_path: Path) -> None:
    with (
        Receiver() as receiver,
        AudiocastServer(
            tmp_path / "server.log", STREAM_DOMAIN="radio.example", **receiver.settings
        ) as server,
    ):
        started = server.start_stream(title="Morning show")
        with PacedSource(f"{server.base}/ingest/{started.stream_id}?key={started.ingest_key}", AUDIO):
            live = receiver.wait_for(started.stream_id, "stream.live")
            requests.delete(
                f"{server.base}/api/streams/{started.stream_id}",
                headers={"Authorization": f"Bearer {started.ingest_key}"},
                timeout=10,
            ).raise_for_status()
            ended = receiver.wait_for(started.stream_id, "stream.ended")
        assert live.data["title"] == "Morning show"
        assert live.data["listen_url"] == f"https://radio.example/listen/{started.stream_id}"
        assert ended.data["reason"] == "stream_ended"
        assert ended.data["broadcast_id"] == live.data["broadcast_id"]
        assert ended.data["sequence"] > live.data["sequence"]
        assert receiver.told(started.stream_id) == ["stream.live", "stream.ended"]
        assert live.headers["user-agent"].startswith("audiocast/")
    log = (tmp_path / "server.log").read_text()
    assert "token" not in log.replace("api_token", "")


def test_a_receiver_of_one_stream_is_told_of_no_other(tmp_path: Path) -> None:
    with Receiver() as of_one, Receiver() as of_all:
        settings = of_one.settings | {"SECRET_KEYS": "a-secret-for-tests-1", "HEADER_WAIT_TIMEOUT": "1"}
        with AudiocastServer(tmp_path / "before.log", **settings) as server:
            mine, other = server.start_stream(), server.start_stream()
        settings["WEBHOOK_URLS"] = f"{mine.stream_id}={of_one.url},{of_all.url}"
        with AudiocastServer(tmp_path / "server.log", **settings) as server:
            for each in (mine, other):
                url = f"{server.base}/ingest/{each.stream_id}?key={each.ingest_key}"
                with PacedSource(url, AUDIO):
                    of_all.wait_for(each.stream_id, "stream.live")
            of_one.wait_for(mine.stream_id, "stream.live")
            assert of_one.of(other.stream_id) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_tracks_and_milestones_of_all_processes_are_told(tmp_path: Path, workers: int) -> None:
    with (
        Receiver() as receiver,
        AudiocastServer(tmp_path / "server.log", WORKERS=workers, **receiver.settings) as server,
        ExitStack() as stack,
    ):
        started = server.start_stream(title="Morning show")
        source = stack.enter_context(PacedSource(started.keyed_url, AUDIO))
        receiver.wait_for(started.stream_id, "stream.live")
        requests.put(
            f"{server.base}/api/streams/{started.stream_id}/metadata",
            json={"title": "A song", "artist": "Somebody"},
            headers={"Authorization": f"Bearer {started.ingest_key}"},
            timeout=10,
        ).raise_for_status()
        track = receiver.wait_for(started.stream_id, "track.changed")
        assert track.data["track"] == {"title": "A song", "artist": "Somebody"}
        for _ in range(12):
            stack.enter_context(Listener(server.port, f"/stream/{started.stream_id}"))
        milestone = receiver.wait_for(started.stream_id, "listeners.milestone", seconds=40)
        assert milestone.data["milestone"] == 10
        source.kill()
        held = receiver.wait_for(started.stream_id, "stream.held")
        assert held.data["broadcast_id"] == track.data["broadcast_id"]
        requests.delete(
            f"{server.base}/api/streams/{started.stream_id}?key={started.ingest_key}", timeout=10
        ).raise_for_status()
        ended = receiver.wait_for(started.stream_id, "stream.ended")
        assert ended.data["listener_peak"] >= 10
        told = receiver.told(started.stream_id)
    assert (told[0], told[-1]) == ("stream.live", "stream.ended")
    assert sorted(told[1:-1]) == ["listeners.milestone", "stream.held", "track.changed"]
