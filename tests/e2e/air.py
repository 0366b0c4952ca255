"""A tone on the air of a release: who sends it, and who listens through which pod."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

import requests

from tests.client.broadcast_process import BroadcastProcess
from tests.e2e.forward import Forward
from tests.e2e.release import Release
from tests.support.http.listener import Listener

TONE_HZ = 440


class Air:
    """On the air while the `with` block runs, by the streamer that people use.

    Args:
        release: Of which servers.
        way: Where its encoder connects to.
        stream_id: Of its stream.
    """

    def __init__(self, release: Release, way: Forward, stream_id: str) -> None:
        self._release = release
        self._way = way
        self._stack = ExitStack()
        self._stream_id = stream_id

    def __enter__(self) -> Self:
        self._stack.enter_context(self._way)
        options = ["--tone", str(TONE_HZ), "--id", self._stream_id]
        token = {"AUDIOCAST_TOKEN": self._release.token}
        broadcast = BroadcastProcess(self._way.base, *options, environment=token)
        assert self._stack.enter_context(broadcast).stream_id() == self._stream_id
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def listen(self, way: Forward) -> Listener:
        """Listen, until the tone is off the air."""
        self._stack.enter_context(way)
        path = f"/stream/{self._stream_id}?latency=low"
        return self._stack.enter_context(Listener(way.port, path))

    def owner(self) -> str:
        """Give the pod that owns the stream."""
        answer = requests.get(f"{self._way.base}/api/streams/{self._stream_id}", timeout=10)
        return str(answer.json()["owner"])
