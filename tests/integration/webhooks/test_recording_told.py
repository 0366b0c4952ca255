"""A show that a real server has closed reaches a receiver, signed as others' code wants it."""

import threading
import time
from pathlib import Path

import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.processes.server import AudiocastServer, Started
from tests.support.webhooks.receiver import OK, Received, Receiver, Reply

SECONDS = 12


def start(server: AudiocastServer, **asked: object) -> Started:
    response = requests.post(f"{server.base}/api/start", json={"record": True, **asked}, timeout=10)
    assert response.status_code == 201, response.text
    return Started(**response.json())


def broadcast(server: AudiocastServer, started: Started) -> None:
    """Send a broadcast at once, and end it."""
    audio = numbered_audio(seconds=SECONDS)
    ingest = f"{server.base}/ingest/{started.stream_id}?key={started.ingest_key}"
    assert requests.post(ingest, data=audio, timeout=30).status_code == 200
    url = f"{server.base}/api/streams/{started.stream_id}"
    params = {"key": started.ingest_key, "for_good": "false"}
    assert requests.delete(url, params=params, timeout=10).status_code == 204


def wait_until_forgotten(store: Path, stream_id: str) -> None:
    """Wait until the store has nothing more to be done of a stream's shows."""
    deadline = time.monotonic() + 30
    while any((store / "open").glob(f"{stream_id}/*")):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_shows_are_told_and_kept_open_until_then(tmp_path: Path) -> None:
    may_take = threading.Event()

    def reply(received: Received) -> Reply:
        if received.type == "recording.ready":
            may_take.wait(10)
        return OK

    store = tmp_path / "store"
    with (
        Receiver(reply) as receiver,
        AudiocastServer(
            tmp_path / "server.log",
            STREAM_DOMAIN="radio.example",
            RECORDINGS_URL=str(store),
            MAX_INGEST_KBPS=0,
            **receiver.settings,
        ) as server,
    ):
        mine, hidden = (
            start(server, title="Evening", visibility="public"),
            start(server, visibility="private"),
        )
        broadcast(server, mine)
        told = receiver.wait_for(mine.stream_id, "recording.ready")
        # It is not taken yet: should the server be killed now, the next one tells it.
        assert list((store / "open").glob(f"{mine.stream_id}/*"))
        [show] = requests.get(f"{server.base}/api/streams/{mine.stream_id}/recordings", timeout=10).json()[
            "recordings"
        ]
        assert show["state"] == "ready"
        may_take.set()
        wait_until_forgotten(store, mine.stream_id)
        path = f"/recordings/{show['show_id']}.opus"
        assert told.data["url"] == f"https://radio.example{path}"
        assert len(requests.get(f"{server.base}{path}", timeout=10).content) == told.data["bytes"]
        same = ("show_id", "title", "seconds", "bytes")
        assert {name: told.data[name] for name in same} == {name: show[name] for name in same}
        assert (told.data["seconds"], told.data["missing_seconds"]) == (SECONDS, 0)
        assert told.data["visibility"] == "public"
        assert len([each for each in receiver.of(mine.stream_id) if each.type == "recording.ready"]) == 1

        broadcast(server, hidden)
        private = receiver.wait_for(hidden.stream_id, "recording.ready").data
        assert private["visibility"] == "private"
        refused = requests.get(private["url"].replace("https://radio.example", server.base), timeout=10)
        assert refused.status_code == 404
