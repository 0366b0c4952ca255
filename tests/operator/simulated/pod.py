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

from audiocast.cluster.protocol import SIGNATURE_HEADER, PeerRequest, RulesRequest
from audiocast.cluster.signature.header import BadSignature, RequestSignature
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.signer import Signer
from audiocast.stream.hub_state import Rule

Json = dict[str, Any]


@dataclass
class SimulatedPod:
    """One process.

    Attributes:
        name: Name of the pod.
        host: Address on loopback, its own.
        secrets: The secrets that the process was started with.
        on_change: Called when a drain starts, ends or is undone.
        listeners: Listeners that are connected.
        sources: Encoders that are connected.
        egress_bytes: Bytes sent since the start.
        view: Hash of the members that it sees.
        drains_at_once: A drain is over at once; else the test ends it.
        is_ready: The readiness probe passes, unless the pod drains.
        is_silent: It answers nothing that is of use.
        streams: Streams that are on the air at it, by id.
        suspended: Streams whose encoders it refuses.
        ended: Streams that are said to be ended.
        ends: What broadcasters have done last, by id of the stream.
        generations: By id of a stream: keys of a lower one are refused.
        revoked: By id of a stream: listen tokens that were made before are revoked, Unix milliseconds.
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
    drains_at_once: bool = False
    is_ready: bool = True
    is_silent: bool = False
    streams: dict[str, Json] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    ends: dict[str, Json] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    drain: str = "no"

    def __post_init__(self) -> None:
        self.signer = Signer(self.secrets, Identity.of_new_process(self.name))

    def start(self) -> int:
        """Listen on a free port; return the port."""
        sockets = bind_sockets(0, self.host)
        own = {"pod": self}
        self._server = HTTPServer(
            Application(
                [
                    (r"/internal/status", StatusHandler, own),
                    (r"/internal/drain", DrainHandler, own),
                    (r"/internal/streams", StreamsHandler, own),
                    (r"/internal/streams/([^/]+)/rules", RulesHandler, own),
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

    def hold_to(self, stream_id: str, rule: Rule) -> None:
        """Hold to what is said of a stream."""
        self.generations[stream_id] = rule.generation
        self.revoked[stream_id] = rule.links_revoked_at_ms
        (self.suspended.add if rule.is_suspended else self.suspended.discard)(stream_id)
        (self.ended.add if rule.is_ended else self.ended.discard)(stream_id)
        if rule.is_suspended or rule.is_ended:
            self.streams.pop(stream_id, None)

    def note_end(self, stream_id: str, generation: int, at: float, *, reopened: bool = False) -> None:
        """Let a broadcaster end a stream, or begin anew under its id."""
        told = {"stream_id": stream_id, "generation": generation, "at": at, "reopened": reopened}
        self.ends[stream_id] = told

    def start_drain(self) -> None:
        """Start a drain, which is over at once or when the test ends it."""
        if self.drain == "no":
            self.drain = "draining"
            if self.drains_at_once or not (self.listeners or self.sources):
                self.finish_drain()
            self.on_change()

    def undo_drain(self) -> None:
        """Stop the drain."""
        self.drain = "no"
        self.on_change()

    def finish_drain(self) -> None:
        """Disconnect everybody; the drain is over then."""
        self.listeners = self.sources = 0
        self.drain = "done"
        self.on_change()

    def status(self) -> Json:
        """Return what a real server answers."""
        return {
            "name": self.name,
            "instance": self.signer.identity.instance,
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


def on_air(stream_id: str, listeners: int, owner: str, is_owner: bool) -> dict[str, object]:
    return {
        "stream_id": stream_id,
        "state": "live",
        "started_at": 1_700_000_000.5,
        "listeners": listeners,
        "owner": owner,
        "is_owner": is_owner,
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
        self.write(self.pod.status())


class _SignedHandler(_Handler):
    signature: RequestSignature | None = None

    def prepare(self) -> None:
        super().prepare()
        request = self.request
        signed = PeerRequest(request.method or "", request.uri or "", request.headers, request.body)
        try:
            value = request.headers.get(SIGNATURE_HEADER, "")
            self.signature = self.pod.signer.check_request(signed, value, time.time())
        except BadSignature:
            self.pod.refused += 1
            self.set_status(403)
            self.finish()
            return
        if self.signature.addressee != self.pod.signer.identity:
            self.pod.refused += 1
            self.set_status(421)
            self.finish()
            return
        self.pod.asked.append((request.method or "", request.path))

    def finish(self, chunk: Any = None) -> Any:
        if self.signature is not None:
            if self.get_status() == 204:
                self.clear_header("Content-Type")
            body = b"".join(self._write_buffer)
            answer = self.pod.signer.sign_answer(self.signature, self.get_status(), self._headers, body)
            self.set_header(SIGNATURE_HEADER, str(answer))
        return super().finish(chunk)

    def compute_etag(self) -> None:
        """Give none, as the server."""


class DrainHandler(_SignedHandler):
    """`/internal/drain`."""

    def post(self) -> None:
        """Begin."""
        self.pod.start_drain()
        self.set_status(202)

    def delete(self) -> None:
        """Undo."""
        self.pod.undo_drain()
        self.set_status(204)


class StreamsHandler(_SignedHandler):
    """`GET /internal/streams`."""

    def get(self) -> None:
        ends = {"ends": list(self.pod.ends.values())} if self.get_query_arguments("ends") else {}
        self.write({"streams": list(self.pod.streams.values()), **ends})


class RulesHandler(_SignedHandler):
    """`POST /internal/streams/{id}/rules`."""

    def post(self, stream_id: str) -> None:
        """Hold to them."""
        told = RulesRequest.parse(stream_id, json.loads(self.request.body))
        self.pod.hold_to(stream_id, told.rule)
        self.write({})
