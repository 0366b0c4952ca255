"""A loop file at a real server: heard when the last source is gone, until one is back or the stream ends."""

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.standby.test_standby import wait_for
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

LOOP_PRIORITY = 10
LOOP = 1_000_000


@pytest.mark.realtime
def test_it_is_heard_while_there_is_no_source(tmp_path: Path) -> None:
    folder = tmp_path / "loops"
    folder.mkdir()
    (folder / "night.opus").write_bytes(numbered_audio(seconds=0.3, first_number=LOOP))
    (folder / "broken.opus").write_bytes(b"no audio")
    settings: dict[str, str | float] = {
        "fallback_folder": str(folder),
        "fallback_return_seconds": 0.3,
        "source_grace_seconds": 1,
    }
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        refused = requests.post(f"{server.base}/api/start", json={"fallback": "day.opus"}, timeout=5)
        assert (refused.status_code, refused.json()["error"]) == (400, "bad_fallback")
        assert "there is broken.opus, night.opus" in refused.json()["message"]
        for name in ("../night.opus", "a/b.opus", "night"):
            refused = requests.post(f"{server.base}/api/start", json={"fallback": name}, timeout=5)
            assert (refused.status_code, refused.json()["error"]) == (400, "bad_request")
        started = server.start_stream(fallback="night.opus")
        with (
            PacedSource(started.keyed_url, numbered_audio(seconds=30, first_number=1)),
            Listener(server.port, f"/stream/{started.stream_id}?latency=low") as listener,
        ):
            wait_for(server, started, 0, 0)
            listener.wait_for_audio(0.5)
        with Listener(server.port, f"/stream/{started.stream_id}?latency=low") as listener:
            wait_for(server, started, LOOP_PRIORITY, 0)
            # Longer than the grace.
            listener.wait_for_audio(2.0)
            with PacedSource(started.keyed_url, numbered_audio(seconds=30, first_number=1)):
                wait_for(server, started, 0, 0)
                listener.wait_for_audio(listener.capture().seconds + 0.3)
            wait_for(server, started, LOOP_PRIORITY, 0)
            requests.delete(
                f"{server.base}/api/streams/{started.stream_id}?key={started.ingest_key}", timeout=5
            ).raise_for_status()
            capture = listener.wait_for_end()
        assert server.state(started.stream_id)["state"] == "ended"
        assert server.metric("audiocast_silence_seconds_total") == 0
        capture.check_one_stream()
        heard = [number_of(packet) for packet in capture.packets]
        loop = [number - LOOP for number in heard if number >= LOOP]
        assert loop.count(0) >= 6
        broken = server.start_stream(fallback="broken.opus")
        with PacedSource(broken.keyed_url, numbered_audio(seconds=30)):
            server.wait_until_live(broken)

        def warned() -> list[dict[str, Any]]:
            return [event for event in server.events() if event["event"] == "loop_unreadable"]

        # A thread writes the log.
        deadline = time.monotonic() + 20
        while not (warnings := warned()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(warnings) == 1
        assert "encode it anew" in str(warnings[0]["reason"])
        assert server.metric("audiocast_fallback_errors_total") >= 1


def test_without_a_folder_there_is_none(server: AudiocastServer) -> None:
    refused = requests.post(f"{server.base}/api/start", json={"fallback": "a.opus"}, timeout=5)
    assert (refused.status_code, refused.json()["error"]) == (400, "bad_fallback")
