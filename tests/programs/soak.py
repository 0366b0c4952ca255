"""Five minutes behind both reverse proxies at once, as they are shipped: audio, waiting, silence, events.

Starts everything and keeps what came; what it means is for the tests to say.
"""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs.documents import filled
from tests.programs.program import Program
from tests.support.audio import media
from tests.support.http.listener import Listener
from tests.support.processes.haproxy_process import HAProxyProcess
from tests.support.processes.nginx_process import NginxProcess
from tests.support.processes.proxy_process import ProxyProcess
from tests.support.processes.server import AudiocastServer, Started

SOAK_SECONDS = 300.0
# Until then those who listen to the late stream get no byte; the server lets nobody wait more than 60 s.
SOURCE_COMES_SECONDS = 50.0

SOURCE_STAYS_SECONDS = 20.0

# Encoded once for all: it is the senders' framing and the proxies' patience that count here.
_TONE = (
    "ffmpeg -hide_banner -loglevel warning -nostdin -re -i tone.opus -c copy -page_duration 20000"
    " -f ogg -content_type audio/ogg"
)
_TONE_SECONDS = SOAK_SECONDS + 60
_POST = f'{_TONE} -method POST "http://radio.example.org:8000/ingest/STREAM_ID?key=INGEST_KEY"'
_RAW = f"{_TONE} icecast://source:INGEST_KEY@radio.example.org:8000/ingest/STREAM_ID"
_SHOUT = (
    f"{_TONE} - | shout --format ogg --host radio.example.org --port 8000 --user source"
    " --pass INGEST_KEY --mount /ingest/STREAM_ID"
)
_LATE = f"sleep {SOURCE_COMES_SECONDS:g}; timeout --signal KILL {SOURCE_STAYS_SECONDS:g} {_POST}; sleep 1000"

# Name, the proxy at its end, to command.
SOURCES = {
    "chunked-nginx": _POST,
    "raw-nginx": _RAW,
    "chunked-haproxy": _POST,
    "libshout-haproxy": _SHOUT,
}

PROXIES = {"nginx": NginxProcess, "haproxy": HAProxyProcess}


@dataclass(frozen=True)
class Watched:
    """One connection that is held against five minutes.

    Attributes:
        listener: What came, and when.
        stream: Of which stream.
    """

    listener: Listener
    stream: Started


class Soak:
    """Runs while the `with` block does.

    Args:
        folder: Of its own.

    Attributes:
        audio: Listeners of every source through every proxy, by their names.
        late: Listeners of the stream whose source comes late and stays for a moment, by proxy.
        events: Pages' event feeds of a stream that has nothing to say, by proxy.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._programs: list[Program] = []
        self.audio: dict[tuple[str, str], Watched] = {}
        self.late: dict[str, Watched] = {}
        self.events: dict[str, Watched] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            tone = media.opus_file(self._folder, seconds=_TONE_SECONDS, vbr=False)
            tone.rename(self._folder / "tone.opus")
            # It is the proxies' patience that is tried here.
            patience = {"HEADER_WAIT_TIMEOUT": 60, "SOURCE_GRACE_SECONDS": 600}
            self.server = stack.enter_context(AudiocastServer(self._folder / "server.log", **patience))
            self._proxies: dict[str, ProxyProcess] = {
                name: stack.enter_context(proxy(self._folder / name, self.server.port))
                for name, proxy in PROXIES.items()
            }
            self._start_audio(stack)
            self._start_late(stack)
            self._start_events(stack)
            self.started_at = time.monotonic()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def wait(self) -> None:
        """Wait for what is left of the five minutes."""
        while (left := self.started_at + SOAK_SECONDS - time.monotonic()) > 0:
            for program in self._programs:
                assert program.exit_code is None, f"a source has ended:\n{program.output[-2000:]}"
            time.sleep(min(left, 1.0))

    def _start_audio(self, stack: contextlib.ExitStack) -> None:
        streams = {source: self.server.start_stream() for source in SOURCES}
        for source, command in SOURCES.items():
            framing, proxy_name = source.split("-")
            proxy = self._proxies[proxy_name]
            port = proxy.port if framing == "chunked" else proxy.source_port
            self._run(stack, source, command, streams[source], port)
        for source, stream in streams.items():
            self.server.wait_for_state(stream.stream_id, "live")
            for name, proxy in self._proxies.items():
                path = f"/stream/{stream.stream_id}?latency=low&preroll=0"
                self.audio[source, name] = self._watch(stack, proxy, path, stream)

    def _start_late(self, stack: contextlib.ExitStack) -> None:
        stream = self.server.start_stream()
        self._run(stack, "late", _LATE, stream, self._proxies["haproxy"].port)
        for name, proxy in self._proxies.items():
            self.late[name] = self._watch(stack, proxy, f"/stream/{stream.stream_id}", stream)

    def _start_events(self, stack: contextlib.ExitStack) -> None:
        stream = self.server.start_stream()
        for name, proxy in self._proxies.items():
            path = f"/api/streams/{stream.stream_id}/events"
            self.events[name] = self._watch(stack, proxy, path, stream)

    def _run(self, stack: contextlib.ExitStack, name: str, command: str, stream: Started, port: int) -> None:
        command = filled(command, self.server, stream, port=port)
        program = Program(command, log=self._folder / f"{name}.log", folder=self._folder)
        self._programs.append(stack.enter_context(program))

    def _watch(self, stack: contextlib.ExitStack, proxy: ProxyProcess, path: str, stream: Started) -> Watched:
        # Chunked framing is nginx's answer to HTTP/1.1, and in the way here.
        return Watched(stack.enter_context(Listener(proxy.port, path, version="HTTP/1.0")), stream)
