"""What happens to the streams of a real server reaches a receiver, signed as others' code wants it."""

from pathlib import Path

import requests

from tests.support.audio.numbered_audio import numbered_audio
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
