"""Odd bytes in every parameter of every route: an answer that says what is wrong.

What is a fault of the server's nevertheless is logged without the query, where keys are.
"""

import asyncio
import re
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry
from tornado.web import Application

from audiocast.telemetry.requests import RequestLog
from audiocast.web.http.handlers import JsonErrors
from audiocast.web.http.server import Server
from tests.support.http.exchange import connect, read_answer
from tests.support.http.routes import internal_routes, public_routes
from tests.support.processes.server import AudiocastServer

ODD = [
    "%00", "a%00", "a%00b", "%0a", "a%0d%0ab", "%1b", "%7f", "%20", "a%20b", "%", "%zz", "%u0041", "%25",
    "%25%30%30", "%ff", "%c3", "%c0%80", "%ed%a0%80", "%ed%a0%80%ed%b0%80", "%c2%9b", "%e2%80%ae",
    "%f0%9f%8e%b5", "%ef%bf%bf", ".", "..", "%2e%2e", "..%2f..", "%2e%2e%2fetc%2fpasswd", "..%00", "%2f",
    "%5c", "a;b", "-a", "_", "~root", "*", ":", "a.opus%00", "a.m3u%00", "con",
    "9" * 5000, "a" * 10_000, "%00" * 3000,
]  # fmt: skip

OTHER_METHODS = ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "SOURCE"]

ARGUMENTS = {
    "/static/listen/page.css": ["v"],
    "/scripts/listen/page.js": ["v"],
    "/stream/abc": ["preroll", "latency"],
    "/stream/abc/hls/index.m3u8": ["_HLS_msn", "_HLS_part", "_HLS_skip"],
    "/oembed": ["url", "format", "maxwidth", "maxheight"],
    "/status-json.xsl": ["mount"],
    "/admin/metadata": ["mode", "mount", "charset", "song", "title", "artist", "key"],
    "/admin/stats": ["mount", "key"],
    "/admin/killsource": ["mount", "key"],
    "/ingest/abc/ws": ["key"],
}

# Of no stream, but in the form of a key.
KEY = "ac1.eyJ0IjoxfQ.c2VjcmV0c2VjcmV0c2VjcmV0"


def paths(pattern: str) -> list[str]:
    """Return the paths of a route with an odd text for each of its parameters, and for all."""
    parameters = re.findall(r"\((?:[^()]|\([^()]*\))*\)\??", pattern)
    texts = []
    for odd in ODD:
        for replaced in (*[{number} for number in range(len(parameters))], set(range(len(parameters)))):
            text = pattern
            for number, parameter in enumerate(parameters):
                text = text.replace(parameter, odd if number in replaced else _ordinary(parameter), 1)
            texts.append(text.replace("\\", "") + ("" if parameters else f"/{odd}"))
    return list(dict.fromkeys(texts))


def _ordinary(parameter: str) -> str:
    """Return a text that a parameter matches."""
    named = re.search(r"\(?(?:\?:)?\\?\.?(svg|m3u|opus|180|192)", parameter)
    return named[1] if named else "180" if "0-9" in parameter else "abc"


def statuses(port: int, method: str, targets: list[str]) -> dict[str, int]:
    """Ask for each target on a connection of its own, and return the status of each answer."""
    found = {}
    for target in targets:
        with connect(port) as connection:
            head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
            found[target[:100]] = read_answer(connection).status
    return found


def faults(port: int, method: str, targets: list[str]) -> dict[str, int]:
    """Return the targets that were answered with 500 or 502."""
    return {
        target: status for target, status in statuses(port, method, targets).items() if status in (500, 502)
    }


def check_log(log: str) -> None:
    assert "request_failed" not in log
    assert "Traceback" not in log
    assert KEY.rpartition(".")[2] not in log


def test_no_odd_path_is_a_fault_of_the_public_port(tmp_path: Path) -> None:
    patterns = public_routes()
    assert len(patterns) > 20
    assert any("static" in pattern for pattern in patterns)
    with AudiocastServer(tmp_path / "server.log", HEADER_WAIT_TIMEOUT=0, MAX_LOG_REPEATS=0) as server:
        for pattern in patterns:
            assert faults(server.port, "GET", [f"{path}?key={KEY}" for path in paths(pattern)]) == {}
            for number, method in enumerate(OTHER_METHODS):
                some = paths(pattern)[number :: len(OTHER_METHODS)]
                assert faults(server.port, method, [f"{path}?key={KEY}" for path in some]) == {}
    check_log(server.log.read_text())


def test_no_odd_argument_is_a_fault_of_the_public_port(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", HEADER_WAIT_TIMEOUT=0, MAX_LOG_REPEATS=0) as server:
        for path, names in ARGUMENTS.items():
            targets = [f"{path}?key={KEY}&{name}={odd}" for name in names for odd in (*ODD[:20], "9" * 5000)]
            assert faults(server.port, "GET", targets) == {}
    check_log(server.log.read_text())


def test_a_key_in_the_path_is_not_logged(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        assert statuses(server.port, "GET", [f"/ingest/abc/{KEY}", f"/listen/abc%3Fkey={KEY}"])
    log = server.log.read_text()
    assert "/ingest/abc/ac1..." in log
    check_log(log)


def test_no_odd_path_is_a_fault_of_the_internal_port(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        for pattern in internal_routes():
            for method in ("GET", "POST"):
                assert faults(server.internal_port, method, paths(pattern)[::7]) == {}
    check_log(server.log.read_text())


class _FailingHandler(JsonErrors):
    metric_label = "Failing"

    def get(self) -> None:
        self.get_query_argument("there")
        raise ValueError("something that nobody thought of")


def test_a_fault_is_logged_without_the_query() -> None:
    application = Application([("/fail", _FailingHandler)], log_function=RequestLog(CollectorRegistry()))

    async def ask() -> list[Any]:
        server = Server(application, host="127.0.0.1", port=0, max_body_bytes=1000)
        server.start()
        targets = [f"/fail?key={KEY}&there=1", f"/fail?key={KEY}"]
        try:
            return list((await asyncio.to_thread(statuses, server.port, "GET", targets)).values())
        finally:
            server.stop_accepting()
            await server.close()

    with structlog.testing.capture_logs() as events:
        assert asyncio.run(ask()) == [500, 400]
    failed, request, refused = events
    assert (failed["event"], failed["handler"], failed["path"]) == ("request_failed", "Failing", "/fail")
    assert failed["exc_info"][0] is ValueError
    assert (request["event"], request["status"], refused["status"]) == ("request", 500, 400)
    assert KEY not in repr(events)
