"""One log event and one metric for each HTTP request, on Tornado's `log_function`."""

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from tornado.web import RequestHandler

log = structlog.get_logger()

DURATION_BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0)
QUIET_PORTS = frozenset({"Live", "Ready", "Metrics"})
"""Handlers that are asked every few seconds: logged at debug only."""


class RequestLog:
    """Logs and counts finished requests.

    Args:
        metrics: Where the metrics are registered.
    """

    def __init__(self, metrics: CollectorRegistry) -> None:
        # A second series for each first one, that nobody asks for.
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

    def __call__(self, handler: RequestHandler) -> None:
        """Take a finished request. The query is not logged: it may hold a key."""
        name = type(handler).__name__.removesuffix("Handler")
        status = handler.get_status()
        request = handler.request
        method = request.method if request.method in handler.SUPPORTED_METHODS else "other"
        seconds = request.request_time()
        self._total.labels(name, method, str(status)).inc()
        if name != "Ingest" and name != "Events":
            self._seconds.labels(name).observe(seconds)
        if status >= 500 and status != 503:
            write = log.error
        elif name in QUIET_PORTS or status < 400:
            write = log.debug
        else:
            write = log.info
        write(
            "request",
            handler=name,
            method=method,
            path=request.path[:200],
            status=status,
            seconds=round(seconds, 4),
        )
