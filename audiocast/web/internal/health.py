"""The internal port: metrics, health, and what this member is about. Never to be reached from the public."""

from dataclasses import asdict

from prometheus_client.exposition import choose_encoder
from tornado.web import RequestHandler

from audiocast.web.http.context import Context


class InternalHandler(RequestHandler):
    """A handler of the internal port."""

    context: Context

    def initialize(self, context: Context) -> None:
        """Take what the routes give."""
        self.context = context

    def set_default_headers(self) -> None:
        """Replace Tornado's server name with ours."""
        self.set_header("Server", "audiocast")


class MetricsHandler(InternalHandler):
    """`GET /metrics`, in the format that the scraper prefers."""

    def get(self) -> None:
        """Give all metrics."""
        encode, content_type = choose_encoder(self.request.headers.get("Accept", ""))
        self.set_header("Content-Type", content_type)
        self.write(encode(self.context.metrics))


class LiveHandler(InternalHandler):
    """`GET /livez`: the event loop turns. Says nothing of anyone else, so that no pod dies of its peers."""

    def get(self) -> None:
        """Say so."""
        self.write("ok\n")


class ReadyHandler(InternalHandler):
    """`GET /readyz`: new requests should come here."""

    def get(self) -> None:
        """Say so, or 503 while starting and stopping."""
        if not self.context.ready:
            self.set_status(503)
        self.write("ok\n" if self.context.ready else "not ready\n")


class MemberStatusHandler(InternalHandler):
    """`GET /internal/status`: what this member is about, for people and the operator. It tells no secret."""

    def get(self) -> None:
        """Give it."""
        context = self.context
        node = context.node
        membership = node.membership
        counters = context.streams.counters
        self.write(
            {
                "name": node.name,
                "ring": sorted(membership.ring),
                "view": membership.view,
                "members": [
                    {"name": each.name, "address": each.address, "draining": each.draining, "view": each.view}
                    for each in membership.others
                ],
                "draining": membership.draining,
                "drain": asdict(context.drain.progress),
                "listeners": counters.listeners,
                "sources": counters.sources,
                "live_streams": len(context.streams.live()),
                "egress_bytes": counters.sent_bytes,
                "owned": len(node.owned()),
                "relays": node.relays,
                "questions": node.locator.questions,
                "bad_signatures": node.bad_signatures,
            }
        )
