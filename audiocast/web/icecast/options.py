"""`OPTIONS *`: what the server as a whole can do (RFC 9110 section 9.3.7).

libshout, the library of many source clients, begins with it, to ask for TLS inside HTTP (RFC 2817). There is
none of that here: an answer without `Upgrade` makes it go on as it is.
"""

from audiocast.web.http.handlers import PublicHandler

METHODS = "GET, HEAD, POST, PUT, DELETE, SOURCE, OPTIONS"


class ServerOptionsHandler(PublicHandler):
    """The server as a whole; it has no other method."""

    metric_label = "ServerOptions"

    def options(self, *_: str) -> None:
        """Say which methods there are."""
        self.set_header("Allow", METHODS)
        self.set_status(204)
