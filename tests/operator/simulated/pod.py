"""A simulated pod: no audio, but the real internal API over real HTTP on an address of its own.

It checks signatures with the server's own code, so whatever the operator signs wrongly is refused.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from audiocast.cluster.signature import HEADER, BadSignature, Signer

Json = dict[str, Any]


@dataclass
class SimulatedPod:
    """One process.

    Attributes:
        name: Of the pod.
        host: Address on loopback, its own.
        secrets: That it was started with.
        on_change: Called when it begins to drain, and when it stays after all.
        listeners: Who listens to it.
        sources: Encoders that are connected.
        egress_bytes: Sent since it has started.
        view: What it sees.
        leaves_at_once: Whether a drain is over at once; else the test lets people go.
        is_ready: It would say so, but for a drain.
        is_silent: It answers nothing that is of use.
        streams: That are on at it, by id.
        closed: Streams that may not begin.
        refused: Requests with a bad signature.
        asked: Method and path of signed requests.
    """

    name: str
    host: str
    secrets: tuple[str, ...]
    on_change: Callable[[], None]
    listeners: int = 0
    sources: int = 0
    egress_bytes: int = 0
    view: str = "same"
    leaves_at_once: bool = False
    is_ready: bool = True
    is_silent: bool = False
    streams: dict[str, Json] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    refused: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    drain: str = "no"

    def start(self) -> int:
        """Listen; give the port."""
        sockets = bind_sockets(0, self.host)
        own = {"pod": self}
        self._server = HTTPServer(
            Application(
                [
                    (r"/internal/status", StatusHandler, own),
                    (r"/internal/drain", DrainHandler, own),
                    (r"/internal/streams", StreamsHandler, own),
                    (r"/internal/streams/([^/]+)", StreamHandler, own),
                    (r"/internal/streams/([^/]+)/reopen", ReopenHandler, own),
                ],
                log_function=lambda handler: None,
            )
        )
        self._server.add_sockets(sockets)
        return int(sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close everything."""
        self._server.stop()
        await self._server.close_all_connections()

    async def kill(self) -> None:
        """End it at once, which is the same here."""
        await self.stop()

    def begin_drain(self) -> None:
        """Let people go, all at once or when the test says so."""
        if self.drain == "no":
            self.drain = "draining"
            if self.leaves_at_once or not (self.listeners or self.sources):
                self.let_go()
            self.on_change()

    def undo_drain(self) -> None:
        """Stay after all."""
        self.drain = "no"
        self.on_change()

    def let_go(self) -> None:
        """Be empty."""
        self.listeners = self.sources = 0
        self.drain = "done"
        self.on_change()

    def status(self) -> Json:
        """Tell what the server tells."""
        return {
            "name": self.name,
            "ring": [],
            "view": self.view,
            "members": [],
            "draining": self.drain != "no",
            "owned": len(self.streams),
            "relays": 0,
            "listeners": self.listeners,
            "sources": self.sources,
            "live_streams": len(self.streams),
            "egress_bytes": self.egress_bytes,
            "drain": {
                "state": self.drain,
                "listeners_left": self.listeners if self.drain != "no" else 0,
                "sources_left": self.sources if self.drain != "no" else 0,
                "seconds_left": 0.0,
            },
        }


class _Handler(RequestHandler):
    pod: SimulatedPod

    def initialize(self, pod: SimulatedPod) -> None:
        self.pod = pod

    def prepare(self) -> None:
        if self.pod.is_silent:
            self.set_status(500)
            self.finish()


class StatusHandler(_Handler):
    """`GET /internal/status`, unsigned as in the server."""

    def get(self) -> None:
        """Tell."""
        self.write(self.pod.status())


class _SignedHandler(_Handler):
    def prepare(self) -> None:
        request = self.request
        signer = Signer(self.pod.secrets, self.pod.name)
        try:
            signer.check(
                request.method or "", request.uri or "", request.headers.get(HEADER, ""), time.time()
            )
        except BadSignature:
            self.pod.refused += 1
            self.set_status(403)
            self.finish()
            return
        self.pod.asked.append((request.method or "", request.path))


class DrainHandler(_SignedHandler):
    """`/internal/drain`."""

    def post(self) -> None:
        """Begin."""
        self.pod.begin_drain()
        self.set_status(202)

    def delete(self) -> None:
        """Undo."""
        self.pod.undo_drain()
        self.set_status(204)


class StreamsHandler(_SignedHandler):
    """`GET /internal/streams`."""

    def get(self) -> None:
        """Tell."""
        self.write({"streams": list(self.pod.streams.values())})


class StreamHandler(_SignedHandler):
    """`DELETE /internal/streams/{id}`."""

    def delete(self, stream_id: str) -> None:
        """End it, for good."""
        self.pod.streams.pop(stream_id, None)
        self.pod.closed.add(stream_id)
        self.write({})


class ReopenHandler(_SignedHandler):
    """`POST /internal/streams/{id}/reopen`."""

    def post(self, stream_id: str) -> None:
        """Let it begin again."""
        assert "title" in json.loads(self.request.body)
        self.pod.closed.discard(stream_id)
        self.write({})
