"""An encoder of numbered packets that does what docs/encoders/README.md asks of one.

It connects again at once, and moves on when the state of its stream says that its server drains.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

import requests

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.writer import PageWriter
from tests.support.audio.numbered_audio import PACKET_SECONDS, numbered_packet
from tests.support.http.exchange import connect
from tests.support.http.source import framed, ingest_head
from tests.support.processes.background import Background

AGAIN_SECONDS = 0.1
LOOK_SECONDS = 0.5
HANDOVER_SECONDS = 0.15
_HEAD = OpusHead(channels=1, pre_skip=312)


class Encoder(Background):
    """Sends in real time while the `with` block runs.

    Args:
        ways: Returns the ports of the servers that a Service leads to now, by their names.
        stream_id: Of its stream.
        key: Returns the key as of now; it is asked for at each connection.
        first_number: Of its packets: what an encoder before it has sent is still in the backlogs of servers.

    Attributes:
        connections: How often it has connected.
        next_number: Of the packet that comes next.
    """

    def __init__(
        self,
        ways: Callable[[], Mapping[str, int]],
        stream_id: str,
        key: Callable[[], str],
        *,
        first_number: int = 1,
    ) -> None:
        self._ways = ways
        self._stream_id = stream_id
        self._key = key
        self._has_to_move = threading.Event()
        self._connection: socket.socket | None = None
        self._writer = PageWriter(0)
        self._at = ""
        super().__init__(self._send, self._look)
        self.connections = 0
        self.next_number = first_number

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._close()

    def _send(self) -> None:
        due = time.monotonic()
        while not self.is_over.wait(max(0.0, due - time.monotonic())):
            try:
                if self._connection is None or self._has_to_move.is_set():
                    self._connect()
                assert self._connection is not None
                self._connection.sendall(framed(self._writer.audio([numbered_packet(self.next_number)])))
            except OSError:
                # What is not sent is lost, as from a microphone.
                self._close()
                self.is_over.wait(AGAIN_SECONDS)
            self.next_number += 1
            due += PACKET_SECONDS

    def _connect(self) -> None:
        """Connect to another server if there is one; the connection of before ends after that."""
        self._has_to_move.clear()
        ways = self._ways()
        others = sorted(name for name in ways if name != self._at)
        if not ways:
            raise ConnectionError("no server is ready")
        self._at = others[self.connections % len(others)] if others else self._at
        connection = connect(ways[self._at])
        self.connections += 1
        self._writer = PageWriter(self.connections)
        target = f"/ingest/{self._stream_id}?key={self._key()}"
        headers = self._writer.headers(_HEAD, OpusTags("an encoder", ()))
        connection.sendall(ingest_head(target, "chunked") + framed(headers))
        if self._connection is not None:
            self._close()
            # What is on its way on the connection of before comes first; what is made meanwhile waits here.
            time.sleep(HANDOVER_SECONDS)
        self._connection = connection

    def _look(self) -> None:
        while not self.is_over.wait(LOOK_SECONDS):
            ways = self._ways()
            others = [name for name in ways if name != self._at]
            if self._at and others and (self._at not in ways or self._is_draining(ways[self._at])):
                self._has_to_move.set()

    def _is_draining(self, port: int) -> bool:
        with contextlib.suppress(requests.RequestException, ValueError):
            url = f"http://127.0.0.1:{port}/api/streams/{self._stream_id}"
            return requests.get(url, timeout=5).json().get("draining") is True
        return False

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None
