"""`OPTIONS *`: what the server as a whole can do (RFC 9110 section 9.3.7).

libshout, the library of many source clients, sends it first, to ask for TLS inside HTTP (RFC 2817). An answer
without `Upgrade` makes it go on without.
"""

from audiocast.web.http.handlers import PublicHandler

METHODS = "GET, HEAD, POST, PUT, DELETE, SOURCE, OPTIONS"


class ServerOptionsHandler(PublicHandler):
    """The server as a whole, which has no other method."""

    metric_label = "ServerOptions"

    def options(self, *_: str) -> None:
        self.set_header("Allow", METHODS)
        self.set_status(204)
