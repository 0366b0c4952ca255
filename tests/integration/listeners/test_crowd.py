"""A crowd at the door: taken in small groups; a server without descriptors left says so and goes on."""

import asyncio
import resource
import socket
import time
from pathlib import Path

import pytest
import requests
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream

from audiocast.web.http.accept_queue import ADMITTED_PER_TURN
from audiocast.web.http.server import Server
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

CROWD = 5 * ADMITTED_PER_TURN
DESCRIPTORS = 64


def refuse(request: HTTPServerRequest) -> None:
    raise AssertionError(f"nobody asked for anything, got {request.uri}")


async def test_a_turn_of_the_loop_takes_a_few_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(refuse, host="127.0.0.1", port=0, max_body_bytes=1000)
    taken: list[IOStream] = []

    def take(stream: IOStream, _: object) -> None:
        taken.append(stream)

    monkeypatch.setattr(server._http, "handle_stream", take)
    crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(CROWD)]
    server.start()
    turns = []
    deadline = time.monotonic() + 10
    while len(taken) < CROWD and time.monotonic() < deadline:
        before = len(taken)
        await asyncio.sleep(0)
        turns.append(len(taken) - before)
    server.stop_accepting()
    for connection in crowd:
        connection.close()
    for stream in taken:
        stream.close()
    assert len(taken) == CROWD
    assert max(turns) == ADMITTED_PER_TURN


def test_without_descriptors_it_says_so_and_goes_on(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(DESCRIPTORS)]

        def complaints() -> list[str]:
            return [event["hint"] for event in server.events() if event["event"] == "accept_failed"]

        deadline = time.monotonic() + 10
        while not complaints():
            assert time.monotonic() < deadline, "nothing in the log"
            time.sleep(0.05)
        assert complaints()[0] == "raise the limit of open files"
        seen, since = len(complaints()), time.monotonic()
        while time.monotonic() < since + 2.5:
            time.sleep(0.1)
        # Once a second for each port that is waited at, not at each turn of the loop.
        assert len(complaints()) - seen <= 8
        for each in crowd:
            each.close()
        assert requests.get(f"{server.base}/api/streams", timeout=10).json() == {"streams": []}
