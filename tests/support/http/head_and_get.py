"""HEAD held against GET: an example for each route of the public port, and what may differ.

RFC 9110 section 9.3.2: the fields of HEAD's response are those that GET's would have.
"""

import socket
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from tests.support.http.exchange import Answer, connect
from tests.support.processes.server import Started

DEADLINE_SECONDS = 5.0
PAUSE_SECONDS = 0.05

# Fields that differ honestly.
DIFFERING = {
    # When the response was made (RFC 9110 section 6.6.1).
    "date",
    # Of how a body is sent, when there is one; it may be left out of HEAD's (RFC 9112 section 6.1).
    "transfer-encoding",
}

# The same of single routes.
DIFFERING_AT = {
    # Each scrape has other numbers than the one before.
    "/metrics": {"content-length", "etag"},
}

PAGE = "Accept: text/html\r\nAccept-Encoding: gzip\r\n"

# By the route's pattern; "" is the default handler. {live} is the id of a stream that is on, {waiting} of one
# that has no source yet, {unknown} of none, {key} the key of the first.
PATHS: dict[str, tuple[str, ...]] = {
    r"/(robots\.txt)": ("/robots.txt",),
    r"/(favicon\.ico)": ("/favicon.ico",),
    r"/static/(.*)": ("/static/icon.svg", "/static/listen/page.js?v=1", "/static/none.js", "/static/listen"),
    r"/scripts/(.*)": ("/scripts/listen/page.js", "/scripts/listen/page.js?v=1", "/scripts/none.js"),
    r"\*": ("*",),
    "/": ("/",),
    "/broadcast/?": ("/broadcast", "/broadcast/"),
    "/control/([^/]*)/?": ("/control/{live}", "/control/{unknown}/", "/control/-"),
    "/selftest/?": ("/selftest", "/selftest/?stream={live}", "/selftest?stream=-"),
    "/api/start": ("/api/start",),
    r"/api/openapi\.json": ("/api/openapi.json",),
    "/api/streams": ("/api/streams",),
    "/api/streams/([^/]*)": ("/api/streams/{live}", "/api/streams/{unknown}", "/api/streams/-"),
    "/api/streams/([^/]*)/events": (
        "/api/streams/{live}/events",
        "/api/streams/{waiting}/events",
        "/api/streams/{unknown}/events",
        "/api/streams/-/events",
    ),
    "/api/streams/([^/]*)/history": ("/api/streams/{live}/history", "/api/streams/{unknown}/history"),
    "/api/streams/([^/]*)/audience": (
        "/api/streams/{live}/audience?key={key}",
        "/api/streams/{live}/audience",
        "/api/streams/-/audience",
    ),
    "/api/streams/([^/]*)/cover": ("/api/streams/{live}/cover",),
    "/api/streams/([^/]*)/keys": ("/api/streams/{live}/keys",),
    "/api/streams/([^/]*)/recordings": (
        "/api/streams/{live}/recordings",
        "/api/streams/{unknown}/recordings",
        "/api/streams/-/recordings",
    ),
    "/api/streams/([^/]*)/rewind": ("/api/streams/{live}/rewind", "/api/streams/-/rewind"),
    r"/recordings/([^/]*)/parts/(\d{1,15})\.opus": ("/recordings/{live}-20260101T000000Z/parts/0.opus",),
    "/api/streams/([^/]*)/recording": ("/api/streams/{live}/recording",),
    r"/recordings/([^/]*)\.opus": ("/recordings/{live}-20260101T000000Z.opus", "/recordings/-.opus"),
    r"/recordings/([^/]*)\.json": ("/recordings/{live}-20260101T000000Z.json",),
    "/recordings/([^/.]*)": ("/recordings/{live}-20260101T000000Z",),
    "/api/streams/([^/]*)/listen-links": ("/api/streams/{live}/listen-links",),
    "/api/streams/([^/]*)/listen-links/revoke": ("/api/streams/{live}/listen-links/revoke",),
    "/listen/([^/]*)/code": ("/listen/{live}/code",),
    "/api/streams/([^/]*)/metadata": ("/api/streams/{live}/metadata",),
    "/admin/metadata": (
        "/admin/metadata?mount=/ingest/{live}&song=Song&key={key}",
        "/admin/metadata?mount=/ingest/{live}&song=Song",
        "/admin/metadata?mount=/ingest/{waiting}&song=Song&key={key}",
        "/admin/metadata?mount=/ingest/{live}&song=Song&charset=none&key={key}",
        "/admin/metadata?mount=/elsewhere&song=Song",
        "/admin/metadata",
    ),
    "/admin/stats": (
        "/admin/stats?mount=/stream/{live}&key={key}",
        "/admin/stats?mount=/stream/{live}",
        "/admin/stats?mount=/stream/{waiting}&key={key}",
        "/admin/stats",
    ),
    "/admin/listmounts": ("/admin/listmounts?mount=/stream/{live}&key={key}", "/admin/listmounts"),
    "/admin/listclients": ("/admin/listclients?mount=/stream/{live}&key={key}", "/admin/listclients"),
    # With the key GET would end the stream.
    "/admin/killsource": ("/admin/killsource?mount=/stream/{live}", "/admin/killsource"),
    r"/status\.xsl": ("/status.xsl",),
    r"/7\.html": ("/7.html",),
    r"/status-json\.xsl": ("/status-json.xsl", "/status-json.xsl?mount=/stream/{live}"),
    "/ingest/([^/]*)": ("/ingest/{live}", "/ingest/{live}?key={key}"),
    "/ingest/([^/]*)/ws": ("/ingest/{live}/ws?key={key}", "/ingest/{live}/ws", "/ingest/-/ws"),
    r"/stream/([^/]*)\.(m3u|pls)/?": ("/stream/{live}.m3u", "/stream/{unknown}.pls", "/stream/-.m3u"),
    "/stream/([^/]*)/hls/(.*)": (
        "/stream/{live}/hls/index.m3u8",
        "/stream/{live}/hls/none.mp4",
        "/stream/{live}/hls/index.m3u8?_HLS_msn=x",
        "/stream/{unknown}/hls/index.m3u8",
    ),
    r"/stream/([^/]*)\.(mp3|aac)/?;?": (
        "/stream/{live}.mp3",
        "/stream/{live}.aac?kbps=64",
        "/stream/{live}.mp3?kbps=65",
        "/stream/{unknown}.mp3",
        "/stream/-.aac",
    ),
    r"/stream/([^/]*?)(?:\.opus|\.ogg)?/?;?": (
        "/stream/{live}",
        "/stream/{live}.opus?preroll=0",
        "/stream/{live}.ogg?latency=low",
        "/stream/{live}%2Eopus/",
        "/stream/{live};",
        "//stream/{live}",
        "/stream/{live}?preroll=x",
        "/stream/{live}?latency=x",
        "/stream/{waiting}",
        "/stream/{unknown}",
        "/stream/-",
    ),
    r"/listen/([^/]*)/qr\.(svg|png)": ("/listen/{live}/qr.svg", "/listen/{live}/qr.png", "/listen/-/qr.svg"),
    r"/listen/([^/]*)/cover(?:\.(svg|png)|(-square)\.png)": (
        "/listen/{live}/cover.svg",
        "/listen/{live}/cover.png",
        "/listen/{waiting}/cover-square.png?v=1",
        "/listen/{unknown}/cover.svg",
        "/listen/-/cover.svg",
    ),
    r"/listen/([^/]*)/calendar\.ics": ("/listen/{waiting}/calendar.ics", "/listen/-/calendar.ics"),
    "/listen/([^/]*)/?": ("/listen/{live}", "/listen/{unknown}", "/listen/-"),
    "/embed/([^/]*)/?": ("/embed/{live}", "/embed/-"),
    "/oembed": ("/oembed?url=http://localhost/listen/{live}", "/oembed?url=x", "/oembed", "/oembed?format=x"),
    r"/icon(-square)?-([0-9]{1,4})\.png": ("/icon-192.png", "/icon-square-180.png", "/icon-7.png"),
    "": ("/nothing",),
}

INTERNAL_PATHS: dict[str, tuple[str, ...]] = {
    "/metrics": ("/metrics",),
    "/livez": ("/livez",),
    "/readyz": ("/readyz",),
    "/internal/status": ("/internal/status",),
    # Both are refused: what members ask is signed, the method too.
    "/internal/hello": ("/internal/hello",),
    "/internal/goodbye": ("/internal/goodbye",),
    "/internal/changes": ("/internal/changes",),
    "/internal/drain": ("/internal/drain",),
    "/internal/streams": ("/internal/streams",),
    "/internal/streams/([^/]*)": ("/internal/streams/{live}",),
    "/internal/streams/([^/]*)/playing": ("/internal/streams/{live}/playing",),
    "/internal/streams/([^/]*)/audience": ("/internal/streams/{live}/audience",),
    "/internal/streams/([^/]*)/cover": ("/internal/streams/{live}/cover",),
    "/internal/streams/([^/]*)/reopen": ("/internal/streams/{live}/reopen",),
    "/internal/streams/([^/]*)/rules": ("/internal/streams/{live}/rules",),
    "/internal/hls/([^/]*)": ("/internal/hls/{live}",),
    "/internal/relay/([^/]*)": ("/internal/relay/{live}",),
    "/internal/forward/([^/]*)": ("/internal/forward/{live}",),
    "": ("/nothing",),
}


@dataclass(frozen=True)
class Question:
    """What is asked by both methods.

    Attributes:
        target: Path and query.
        fields: Lines of the request's head.
    """

    target: str
    fields: str

    def ask(self, port: int, method: str) -> Answer:
        """Return the head of the response: some bodies have no end."""
        head = f"{method} {self.target} HTTP/1.1\r\nHost: localhost\r\n{self.fields}\r\n"
        with connect(port) as connection:
            connection.sendall(head.encode())
            return _read_head(connection)


@dataclass(frozen=True)
class Outcome:
    """What of an answer must be the same."""

    status: int
    headers: dict[str, str]

    @classmethod
    def of(cls, answer: Answer, target: str, also: Collection[str] = ()) -> Self:
        """Leave out what differs honestly."""
        differing = {*DIFFERING, *DIFFERING_AT.get(target, set()), *also}
        return cls(
            answer.status, {name: text for name, text in answer.headers.items() if name not in differing}
        )


def questions(
    paths: dict[str, tuple[str, ...]], live: Started, waiting: Started, *, fields: Sequence[str] = ("", PAGE)
) -> list[Question]:
    """Return all examples, each as a program asks and as a browser does, unless `fields` says otherwise."""
    names = {
        "live": live.stream_id,
        "waiting": waiting.stream_id,
        "unknown": "nobody-knows-it",
        "key": live.ingest_key,
    }
    targets = [path.format(**names) for each in paths.values() for path in each]
    asked = [Question(target, each) for target in targets for each in fields]
    return [*asked, Question("/static/icon.svg", "Range: bytes=9999999-\r\n")]


def check(port: int, question: Question, *, differing: Collection[str] = ()) -> Answer:
    """Ask by HEAD and by GET; return HEAD's answer.

    What is asked for may change meanwhile, and workers learn of it one after the other: then both are asked
    again. The status of the first HEAD must be GET's, whatever that GET has changed.

    Args:
        port: Of the server.
        question: What is asked.
        differing: Fields that may differ too.
    """
    first = question.ask(port, "HEAD")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        got, head = (_ask(port, question, method, differing) for method in ("GET", "HEAD"))
        assert first.status == got.status, f"{question}: HEAD {first.status}, GET {got.status}"
        if got == head:
            return first
        assert time.monotonic() < deadline, f"{question}: HEAD {head}, GET {got}"
        time.sleep(PAUSE_SECONDS)


def _ask(port: int, question: Question, method: str, differing: Collection[str]) -> Outcome:
    return Outcome.of(question.ask(port, method), question.target, differing)


def _read_head(connection: socket.socket) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        assert more, f"expected the head of a response, got {data!r}"
        data += more
    return Answer.parse(data)
