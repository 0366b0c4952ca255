"""One sender with one listener of its own: what was heard of it, and what the server said meanwhile."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.programs.documents import filled
from tests.programs.program import Program
from tests.support.audio.capture import Capture
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer, Started

# How long the wanted audio may take to come: a dozen programs start at once, on shared cores.
HEAR_SECONDS = 60.0


@dataclass(frozen=True)
class Heard:
    """What came of a broadcast.

    Attributes:
        body: All that the listener got.
        state: The stream's, at the end of that.
    """

    body: bytes
    state: dict[str, Any]

    @property
    def capture(self) -> Capture:
        """The body, taken apart."""
        return Capture.parse(self.body)


class Broadcast:
    """Runs while the `with` block does.

    Args:
        server: Whose `HEADER_WAIT_TIMEOUT` gives a program time to start.
        command: For bash, with the documents' placeholders.
        folder: To run in; the program's output goes into its `output.log`.
        files: Configurations to put there, by name, with the placeholders too.
        key: Instead of the stream's own: a wrong one. Nobody listens then.
        env: More environment.

    Attributes:
        program: The sender.
        stream: Its stream.
    """

    def __init__(
        self,
        server: AudiocastServer,
        command: str,
        *,
        folder: Path,
        files: Mapping[str, str] | None = None,
        key: str = "",
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.stream: Started = server.start_stream()
        for name, text in (files or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(filled(text, server, self.stream, key=key))
            path.chmod(0o600)
        command = filled(command, server, self.stream, key=key)
        self.program = Program(command, log=folder / "output.log", folder=folder, env=env)
        self._server = server
        self._is_heard = not key
        self._listener: Listener | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._is_heard:
            path = f"/stream/{self.stream.stream_id}"
            self._listener = self._stack.enter_context(Listener(self._server.port, path))
        self._stack.enter_context(self.program)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def listener(self) -> Listener:
        """Who listens, from before the program has started."""
        assert self._listener is not None
        return self._listener

    def hear(self, seconds: float) -> Heard:
        """Listen until there is so much audio."""
        listener = self.listener
        self.program.wait_for(lambda: _has(listener, seconds), f"{seconds} s of audio", HEAR_SECONDS)
        assert listener.end is None, f"the stream has ended:\n{self.program.output[-2000:]}"
        assert listener.answer.status == 200, f"{listener.body!r}:\n{self.program.output[-2000:]}"
        return Heard(listener.body, self._server.state(self.stream.stream_id))

    def requests(self) -> list[tuple[str, int]]:
        """Give method and status of the requests to its ingest address that were answered in full."""
        path = f"/ingest/{self.stream.stream_id}"
        return [
            (event["method"], event["status"]) for event in self._server.events() if event.get("path") == path
        ]


def _has(listener: Listener, seconds: float) -> bool:
    """Tell if there is so much audio, or if there will never be."""
    if listener.end is not None or listener.body == b"":
        return listener.end is not None
    return listener.answer.status != 200 or listener.capture().seconds >= seconds
