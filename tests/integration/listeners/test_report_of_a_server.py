"""The report reads what a real server writes: known lives, a proper stop, and a server that is killed."""

import json
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from audiocast.report.command import report
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

FLUSH_SECONDS = 1


def reported(folder: Path, *options: str) -> dict[str, Any]:
    logs = [str(path) for path in sorted(folder.glob("audience-*.log"))]
    result: dict[str, Any] = json.loads(report([*logs, "--format", "json", *options]))
    return result


def server_of(folder: Path) -> AudiocastServer:
    return AudiocastServer(
        folder / "server.log",
        AUDIENCE_LOG=str(folder / "audience.log"),
        AUDIENCE_FLUSH_SECONDS=FLUSH_SECONDS,
        AUDIENCE_ADDRESS="full",
        NODE_NAME="alone",
        SECRET_KEYS="a-secret-for-tests-1",
    )


def test_a_stop_and_a_kill(tmp_path: Path) -> None:
    heard = 0.0
    with ExitStack() as stack:
        server = stack.enter_context(server_of(tmp_path))
        started = server.start_stream()
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        server.wait_for_state(started.stream_id, "live")
        url = f"{server.base}/api/streams/{started.stream_id}/metadata?key={started.ingest_key}"
        requests.put(url, json={"artist": "A", "title": "B"}, timeout=10).raise_for_status()
        path = f"/stream/{started.stream_id}"
        paths = (path, f"{path}?latency=250")
        listeners = [stack.enter_context(Listener(server.port, each)) for each in paths]
        for listener in listeners:
            listener.wait_for_audio(3)
        listeners[0].close()
        heard += time.monotonic() - listeners[0].asked_at
        assert server.stop(signal.SIGTERM) == 0
        heard += time.monotonic() - listeners[1].asked_at
    first = reported(tmp_path, "--tracks")
    # A stop takes its time, and a listener's end is seen with the next page that is sent.
    assert first["total"]["listening_seconds"] == pytest.approx(heard, abs=2)
    assert (first["total"]["sessions"], first["total"]["peak"], first["total"]["uniques"]) == (2, 2, 1)
    assert first["without_record"]["sessions"] == 0
    assert {row["name"]: row["sessions"] for row in first["by"]["way"]} == {"stream": 1, "player": 1}
    assert first["performances"] == [{"artist": "A", "title": "B", "performances": 2}]
    assert first["bad_lines"] == 0
    with ExitStack() as stack:
        server = stack.enter_context(server_of(tmp_path))
        started = server.start_stream()
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        server.wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}"
        lost = [stack.enter_context(Listener(server.port, path)) for _ in range(3)]
        for listener in lost:
            listener.wait_for_audio(4)
        server.stop(signal.SIGKILL)
        cut = sum(time.monotonic() - listener.asked_at for listener in lost)
    second = reported(tmp_path)
    missing = first["total"]["listening_seconds"] + cut - second["total"]["listening_seconds"]
    # Of each, what came after the last word; and the machine may be slow to kill.
    assert -0.5 <= missing <= 3 * (FLUSH_SECONDS + 1)
    assert (second["total"]["sessions"], second["without_record"]["sessions"]) == (5, 3)
