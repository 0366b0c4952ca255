"""Targets in a file: told while a server runs, of their own streams, and no more once they are taken out."""

import base64
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started
from tests.support.webhooks.receiver import SECRET, Receiver

OTHER_SECRET = f"whsec_{base64.b64encode(b'another one of the same length').decode()}"


def write(path: Path, *targets: dict[str, Any]) -> None:
    """Put another file in its place, as the kubelet does."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"audiocast-webhooks": 1, "targets": targets}))
    fresh.replace(path)


def target(started: Started, receiver: Receiver, secret: str = SECRET, **more: Any) -> dict[str, Any]:
    return {"stream": started.stream_id, "id": "crm", "url": receiver.url, "secrets": [secret], **more}


def play(server: AudiocastServer, started: Started, title: str) -> None:
    url = f"{server.base}/api/streams/{started.stream_id}/metadata?key={started.ingest_key}"
    requests.put(url, json={"title": title}, timeout=10).raise_for_status()


def until_logged(server: AudiocastServer, event: str, times: int = 1) -> None:
    """Wait until a line stands in the log so many times."""
    deadline = time.monotonic() + 30
    while [each["event"] for each in server.events()].count(event) < times:
        assert time.monotonic() < deadline, event
        time.sleep(0.05)


def titles(receiver: Receiver, started: Started) -> list[str]:
    return [each.data["track"]["title"] for each in receiver.of(started.stream_id) if "track" in each.data]


def test_targets_come_change_and_go_while_a_server_runs(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    with ExitStack() as stack:
        first, second = stack.enter_context(Receiver()), stack.enter_context(Receiver(secret=OTHER_SECRET))
        server = stack.enter_context(
            AudiocastServer(
                tmp_path / "server.log",
                WEBHOOK_TARGETS_FILE=str(path),
                WEBHOOK_ALLOW_PRIVATE="127.0.0.1",
            )
        )
        mine, other = server.start_stream(), server.start_stream()
        for each in (mine, other):
            stack.enter_context(PacedSource(each.keyed_url, numbered_audio(seconds=120)))
            server.wait_for_state(each.stream_id, "live")
        # There was nobody to be told before: who comes first hears what is on.
        write(path, target(mine, first))
        first.wait_for(mine.stream_id, "stream.live")
        play(server, other, "not for them")
        play(server, mine, "one")
        first.wait_until(lambda: "one" in titles(first, mine))
        # One that cannot be used keeps none from being told; the same target goes on at another address.
        write(
            path,
            target(mine, second, OTHER_SECRET),
            {**target(other, first), "id": "bad", "url": "https://user@crm.example/key=precious"},
        )
        until_logged(server, "webhook_targets_left_out")
        play(server, mine, "two")
        second.wait_until(lambda: "two" in titles(second, mine))
        assert "two" not in titles(first, mine)
        # A file that is none changes nothing.
        path.write_text('{"audiocast-webhooks": 2}')
        until_logged(server, "webhook_targets_refused")
        play(server, mine, "three")
        second.wait_until(lambda: "three" in titles(second, mine))
        path.unlink()
        read = len([each for each in server.events() if each["event"] == "webhook_targets_read"])
        until_logged(server, "webhook_targets_read", read + 1)
        play(server, mine, "four")
        write(path, target(other, second, OTHER_SECRET))
        until_logged(server, "webhook_targets_read", read + 2)
        play(server, other, "five")
        second.wait_until(lambda: "five" in titles(second, other))
        assert "four" not in titles(second, mine)
        assert first.of(other.stream_id) == []
    log = (tmp_path / "server.log").read_text()
    assert "precious" not in log
    assert "query-token" not in log
    assert "whsec" not in log
