"""The internal port: metrics, health, and what this member is about. It must not be reached from the public.

Metrics and health are asked of one server or of several workers together: both ports have the same handlers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import InternalHandler, JsonErrors

GetMetrics = Callable[[], Awaitable[Collector]]
IsReady = Callable[[], Awaitable[bool]]


class MetricsHandler(JsonErrors):
    """`GET /metrics`, in the format that the scraper prefers."""

    metric_label = "Metrics"
    refusal_level = "debug"

    def initialize(self, get_metrics: GetMetrics) -> None:
        self.get_metrics = get_metrics

    async def get(self) -> None:
        encode, content_type = choose_encoder(self.request.headers.get("Accept", ""))
        metrics = await self.get_metrics()
        self.set_header("Content-Type", content_type)
        self.write(encode(metrics))


class LiveHandler(JsonErrors):
    """`GET /livez`: the event loop turns. It depends on nothing else, so that no pod dies of its peers."""

    metric_label = "Live"
    refusal_level = "debug"

    def get(self) -> None:
        self.write("ok\n")


class ReadyHandler(JsonErrors):
    """`GET /readyz`: 200 when new requests should come here, else 503."""

    metric_label = "Ready"
    refusal_level = "debug"

    def initialize(self, is_ready: IsReady) -> None:
        self.is_ready = is_ready

    async def get(self) -> None:
        is_ready = await self.is_ready()
        if not is_ready:
            self.set_status(503)
        self.write("ok\n" if is_ready else "not ready\n")


class UnknownPathHandler(JsonErrors):
    """All paths of the internal port without a route."""

    metric_label = "Error"

    def prepare(self) -> None:
        raise ApiError.of_status(404)


class MemberStatusHandler(InternalHandler):
    """`GET /internal/status`: what this member is about, for people and the operator. It holds no secret.

    It is not signed: people ask for it with curl, and nothing is done on its word but to send requests that
    are signed, and addressed to the process that it names.
    """

    metric_label = "MemberStatus"

    def get(self) -> None:
        services = self.services
        counters = services.streams.counters
        self.write(
            {
                **services.node.status(),
                "drain": asdict(services.drain.progress),
                "listeners": counters.listeners + counters.hls_sessions,
                "sources": counters.sources,
                "live_streams": len(services.streams.live()),
                "egress_bytes": counters.sent_bytes,
            }
        )
