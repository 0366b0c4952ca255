"""One log event and one metric for each HTTP request, on Tornado's `log_function`."""

import re
from typing import ClassVar, Literal, Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

log = structlog.get_logger()

DURATION_BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)

# What requests get on purpose: what they ask for is not there at all, or there is no room for them.
PLANNED_STATUSES = (501, 503)

MAX_PATH_CHARACTERS = 200

# Error codes of what no handler gets.
REFUSED_KINDS = (
    "bad_chunk",
    "bad_framing",
    "bad_header",
    "bad_request_head",
    "bad_request_line",
    "body_timeout",
    "body_too_large",
    "headers_too_large",
    "http_2",
    "plain_http",
    "request_timeout",
    "tls",
)

# Ingest keys and listen tokens (audiocast.stream.access). They belong into the query or a header, but people
# paste keys into paths too, and the paths of HLS have a token.
_SIGNED = re.compile(r"\b(a[a-z]1)\.[\w-]*\.[\w-]+", re.ASCII)


def loggable_path(request: HTTPServerRequest) -> str:
    """Return the path of a request without its query, keys and tokens, cut to a length for the log."""
    return _SIGNED.sub(r"\1...", request.path)[:MAX_PATH_CHARACTERS]


class LoggedHandler(RequestHandler):
    """What the request log reads off a handler's class.

    Attributes:
        metric_label: The handler's name in metrics and events. Dashboards ask for it: it stays when the class
            gets another name.
        is_long_lived: A request lasts as long as a broadcast or an open page, which is no time to an answer.
        is_timed_by_audio: The time is that to the first audio, so only a GET that gets some (200) has one.
        refusal_level: Level of statuses from 400 on, but for errors of the server. "debug" is for paths that
            are asked every few seconds.
    """

    metric_label: ClassVar[str]
    is_long_lived: ClassVar[bool] = False
    is_timed_by_audio: ClassVar[bool] = False
    refusal_level: ClassVar[Literal["debug", "info"]] = "info"


class Refusal(Protocol):
    """An error as the contract has it.

    Attributes:
        status: HTTP status.
        code: As clients get it.
    """

    status: int
    code: str


class RefusedRequests:
    """Logs and counts what is refused before any handler gets it.

    Args:
        metrics: Registry of the count.
    """

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._total = Counter(
            "audiocast_refused_requests_total",
            "Requests that were refused because they cannot be read or came too late, by error code.",
            ["kind"],
            registry=metrics,
        )
        for kind in REFUSED_KINDS:
            self._total.labels(kind)

    def __call__(self, refusal: Refusal) -> None:
        """Log and count a refusal, without its message: what came may have a key in it.

        408 is not worth a line: connections that are kept open end with it.
        """
        self._total.labels(refusal.code).inc()
        write = log.debug if refusal.status == 408 else log.info
        write("request_refused", error=refusal.code, status=refusal.status)


class RequestLog:
    """Logs and counts finished requests.

    Args:
        metrics: Registry of count and duration.
    """

    def __init__(self, metrics: CollectorRegistry) -> None:
        # A second series for each first one, which no dashboard needs.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._total = Counter(
            "audiocast_http_requests_total",
            "HTTP requests by handler, method and status.",
            ["handler", "method", "status"],
            registry=metrics,
        )
        self._seconds = Histogram(
            "audiocast_http_request_seconds",
            "Time to answer an HTTP request; for a listener, time to its first audio.",
            ["handler"],
            buckets=DURATION_BOUNDS_SECONDS,
            registry=metrics,
        )

    def __call__(self, handler: LoggedHandler) -> None:
        """Log and count a finished request. The query is not logged: it may hold a key."""
        name = handler.metric_label
        status = handler.get_status()
        request = handler.request
        method = request.method if request.method in handler.SUPPORTED_METHODS else "other"
        seconds = request.request_time()
        self._total.labels(name, method, str(status)).inc()
        has_audio = (method, status) == ("GET", 200)
        if has_audio if handler.is_timed_by_audio else not handler.is_long_lived:
            self._seconds.labels(name).observe(seconds)
        if status >= 500 and status not in PLANNED_STATUSES:
            write = log.error
        elif status < 400 or status == 429 or handler.refusal_level == "debug":
            write = log.debug
        else:
            write = log.info
        write(
            "request",
            handler=name,
            method=method,
            path=loggable_path(request),
            status=status,
            seconds=round(seconds, 4),
        )
