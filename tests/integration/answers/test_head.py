"""HEAD is GET without the body, at every route of both ports, and does nothing that GET does beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.exchange import exchange
from tests.support.http.head_and_get import INTERNAL_PATHS, PATHS, check, questions
from tests.support.http.routes import internal_routes, public_routes
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started


@dataclass(frozen=True)
class OnAir:
    """A stream that is on, and one that waits for its source."""

    server: AudiocastServer
    live: Started
    waiting: Started

    def head(self, target: str, fields: str = "") -> tuple[int, str]:
        """Return the status and the length of a response to HEAD, whose body must be empty."""
        request = f"HEAD {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"
        answer = exchange(self.server.port, request.encode())
        assert answer.body == b""
        return answer.status, answer.headers.get("content-length", "")


@pytest.fixture
def on_air(tmp_path: Path) -> Iterator[OnAir]:
    settings = {
        "HEADER_WAIT_TIMEOUT": 0.2,
        "MAX_UNKNOWN_IDS_PER_CLIENT": 0,
        "MAX_QR_CODES_PER_CLIENT": 0,
        "MAX_COVERS_PER_CLIENT": 0,
    }
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        live, waiting = server.start_stream(title="On"), server.start_stream(title="Waiting")
        with PacedSource(live.keyed_url, numbered_audio(seconds=120), lead_seconds=5):
            server.wait_for_state(live.stream_id, "live")
            yield OnAir(server, live, waiting)


@pytest.mark.parametrize(("paths", "routes"), [(PATHS, public_routes()), (INTERNAL_PATHS, internal_routes())])
def test_every_route_has_an_example(paths: dict[str, tuple[str, ...]], routes: list[str]) -> None:
    assert set(paths) == {*routes, ""}


def test_head_is_get_at_every_route_of_the_public_port(on_air: OnAir) -> None:
    statuses = set()
    for question in questions(PATHS, on_air.live, on_air.waiting):
        answer = check(on_air.server.port, question)
        statuses.add(answer.status)
        assert answer.headers["server"] == "audiocast", question
        assert answer.headers["x-content-type-options"] == "nosniff", question
        if answer.status >= 400 and "text/html" not in question.fields:
            assert answer.headers["content-type"].startswith("application/json"), question
    assert statuses == {200, 400, 401, 403, 404, 405, 416, 426, 501}


def test_head_is_get_at_every_route_of_the_internal_port(on_air: OnAir) -> None:
    statuses = [
        check(on_air.server.internal_port, question).status
        for question in questions(INTERNAL_PATHS, on_air.live, on_air.waiting)
    ]
    assert statuses[:8] == [200] * 8


def test_head_leaves_nothing_behind(on_air: OnAir) -> None:
    server, live = on_air.server, on_air.live
    shown = f"/admin/metadata?mount=/ingest/{live.stream_id}&song=Shown&key={live.ingest_key}"
    before = server.state(live.stream_id)
    assert on_air.head(f"/stream/{live.stream_id}") == (200, "")
    assert on_air.head(f"/stream/{live.stream_id}.opus") == (200, "")
    assert on_air.head(f"/api/streams/{live.stream_id}/events") == (200, "")
    assert on_air.head("/stream/made-up")[0] == 404
    assert on_air.head("/api/streams/made-up/events")[0] == 404
    assert on_air.head(shown)[0] == 200
    after = server.state(live.stream_id)
    assert {name: after[name] for name in ("listeners", "now_playing", "state")} == {
        name: before[name] for name in ("listeners", "now_playing", "state")
    }
    assert server.state("made-up")["error"] == "stream_not_found"
    assert server.metric("audiocast_listeners") == 0
    assert server.metric("audiocast_hls_packagers") == 0


def test_head_upgrades_nothing(on_air: OnAir) -> None:
    # The proxies' form of the fields, in which the connection is not closed either.
    fields = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YXVkaW9jYXN0\r\n"
    target = f"/ingest/{on_air.waiting.stream_id}/ws?key={on_air.waiting.ingest_key}"
    assert on_air.head(target, fields)[0] == 426
    assert on_air.server.metric("audiocast_sources") == 1


def test_head_about_unknown_ids_is_charged_as_get_is(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", MAX_UNKNOWN_IDS_PER_CLIENT=3) as server:
        # Behind a proxy on this machine, which is trusted.
        fields = "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n"
        asked = [
            exchange(server.port, f"HEAD {path} HTTP/1.1\r\n{fields}".encode()).status
            for path in ("/stream/none-1", "/api/streams/none-2/events", "/stream/none-3", "/stream/none-4")
        ]
        assert asked == [404, 404, 404, 429]
        assert server.metric("audiocast_client_refusals_total", '{kind="unknown_ids"}') == 1
