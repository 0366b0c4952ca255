"""The request log: one event and one count a request, and never a key."""

from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application

from audiocast.telemetry import requests
from audiocast.telemetry.requests import LoggedHandler, RequestLog


class ListenHandler(LoggedHandler):
    """Stands for any handler."""

    metric_label = "Listen"


class HearHandler(LoggedHandler):
    """Its time is that to the first audio."""

    metric_label = "Hear"
    is_timed_by_audio = True


class IngestHandler(LoggedHandler):
    """Its requests last as long as broadcasts."""

    metric_label = "Ingest"
    is_long_lived = True


class Metrics(LoggedHandler):
    """Asked every few seconds."""

    metric_label = "Metrics"
    refusal_level = "debug"


class Connection:
    """What a handler needs of one."""

    def set_close_callback(self, callback: Any) -> None:
        """Forget it: no test closes the connection."""


class Bench:
    """A request log, and what it wrote."""

    def __init__(self) -> None:
        self.metrics = CollectorRegistry()
        self._log_request = RequestLog(self.metrics)

    def finish(
        self,
        kind: type[LoggedHandler] = ListenHandler,
        status: int = 200,
        method: str = "GET",
        uri: str = "/",
    ) -> dict[str, Any]:
        """Finish a request and return its event."""
        connection: Any = Connection()
        start_line = RequestStartLine(method, uri, "HTTP/1.1")
        headers = HTTPHeaders({"Host": "radio.example"})
        request: Any = HTTPServerRequest(start_line=start_line, headers=headers, connection=connection)
        request._finish_time = request._start_time + 0.25
        handler = kind(Application(), request)
        handler.set_status(status)
        with structlog.testing.capture_logs() as events:
            self._log_request(handler)
        (event,) = events
        return dict(event)

    def counted(self, handler: str, method: str, status: str) -> float | None:
        labels = {"handler": handler, "method": method, "status": status}
        return self.metrics.get_sample_value("audiocast_http_requests_total", labels)

    def timed(self, handler: str) -> float | None:
        return self.metrics.get_sample_value("audiocast_http_request_seconds_sum", {"handler": handler})


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    # A logger of its own: that of the module may have been set up for good by another test.
    monkeypatch.setattr(requests, "log", structlog.get_logger())
    return Bench()


def test_an_event_says_who_answered_what_in_which_time(bench: Bench) -> None:
    assert bench.finish(uri="/stream/abc") == {
        "event": "request",
        "log_level": "debug",
        "handler": "Listen",
        "method": "GET",
        "path": "/stream/abc",
        "status": 200,
        "seconds": 0.25,
    }


def test_a_key_in_the_query_is_not_logged(bench: Bench) -> None:
    assert "secret" not in str(bench.finish(IngestHandler, method="POST", uri="/ingest/abc?key=secret"))


def test_a_path_is_cut(bench: Bench) -> None:
    assert len(bench.finish(uri="/" + "x" * 5000, status=404)["path"]) == 200


@pytest.mark.parametrize(
    ("kind", "status", "level"),
    [
        (ListenHandler, 200, "debug"),
        (ListenHandler, 302, "debug"),
        (ListenHandler, 404, "info"),
        (ListenHandler, 503, "info"),
        (ListenHandler, 501, "info"),
        (ListenHandler, 500, "error"),
        (Metrics, 503, "debug"),
        (Metrics, 500, "error"),
    ],
)
def test_only_what_somebody_should_look_at_is_loud(
    bench: Bench, kind: type[LoggedHandler], status: int, level: str
) -> None:
    assert bench.finish(kind, status)["log_level"] == level


def test_requests_are_counted_by_handler_method_and_status(bench: Bench) -> None:
    for status in (200, 200, 404):
        bench.finish(status=status)
    assert bench.counted("Listen", "GET", "200") == 2
    assert bench.counted("Listen", "GET", "404") == 1


def test_made_up_methods_make_no_series_of_their_own(bench: Bench) -> None:
    for method in ("BREW", "X" * 100):
        bench.finish(method=method, status=405)
    assert bench.counted("Listen", "other", "405") == 2


def test_times_are_taken_but_not_those_of_broadcasts(bench: Bench) -> None:
    bench.finish()
    bench.finish(IngestHandler, method="POST")
    assert bench.timed("Listen") == pytest.approx(0.25)
    assert bench.timed("Ingest") is None


def test_who_gets_no_audio_has_waited_for_none(bench: Bench) -> None:
    for status in (404, 429, 503):
        bench.finish(HearHandler, status)
    bench.finish(HearHandler, method="HEAD")
    assert bench.timed("Hear") is None
    bench.finish(HearHandler)
    assert bench.timed("Hear") == pytest.approx(0.25)
