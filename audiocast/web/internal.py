"""The internal port: metrics and health. Never to be reached from the public."""

from prometheus_client.exposition import choose_encoder
from tornado.web import RequestHandler

from audiocast.web.context import Context


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
