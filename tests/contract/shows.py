"""Shows of the walk's server: one that is on, one that is kept, and others that can be deleted."""

import time
from typing import Any, NamedTuple

import requests

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.processes.server import AudiocastServer, Started

READY_SECONDS = 60.0
UNKNOWN_SHOW = "nobody-knows-it-20260101T000000Z"


class Show(NamedTuple):
    """A recorded show, and the key of its stream."""

    show_id: str
    key: str


class Shows:
    """Makes and finds shows.

    Args:
        server: One that records.
        live: A stream that is on, and recorded, for the whole walk.
    """

    def __init__(self, server: AudiocastServer, live: Started) -> None:
        self._server = server
        self._live = live
        self._ready: Show | None = None

    def live(self) -> Show:
        """Give the show that is on: it has no file yet, and cannot be deleted."""
        return self._wait_for(self._live, "live")

    def ready(self) -> Show:
        """Give a show that has its file, always the same one."""
        if self._ready is None:
            self._ready = self.make()
        return self._ready

    def make(self) -> Show:
        """Record a show of its own, to its end."""
        started = self._server.start_stream(title="Recorded", record=True)
        sent = requests.post(started.keyed_url, data=numbered_audio(seconds=1), timeout=READY_SECONDS)
        assert sent.status_code == 200, sent.text
        # The key goes on: what is recorded is changed with it.
        url = f"{self._server.base}/api/streams/{started.stream_id}?for_good=false"
        ended = requests.delete(url, params={"key": started.ingest_key}, timeout=READY_SECONDS)
        assert ended.status_code == 204, ended.text
        return self._wait_for(started, "ready")

    def _wait_for(self, started: Started, state: str) -> Show:
        url = f"{self._server.base}/api/streams/{started.stream_id}/recordings"
        deadline = time.monotonic() + READY_SECONDS
        while True:
            found: list[dict[str, Any]] = requests.get(url, timeout=READY_SECONDS).json()["recordings"]
            if [show["state"] for show in found] == [state]:
                return Show(found[0]["show_id"], started.ingest_key)
            assert time.monotonic() < deadline, f"expected a show that is {state}, got {found}"
            time.sleep(0.05)


def wait_for_parts(server: AudiocastServer, live: Started) -> None:
    """Wait until something of a stream is recorded."""
    deadline = time.monotonic() + READY_SECONDS
    while not requests.get(f"{server.base}/api/streams/{live.stream_id}/rewind", timeout=READY_SECONDS).ok:
        assert time.monotonic() < deadline, "expected a part of the show, got none"
        time.sleep(0.1)
