"""Who listens, as the request says it: for the audience log, and to tell sessions of HLS apart."""

import sys

from tornado.httputil import HTTPServerRequest

from audiocast.stream.audience.listen import MAX_TEXT_CHARACTERS, Who
from audiocast.web.http.clients import Clients


def who_listens(request: HTTPServerRequest, clients: Clients) -> Who:
    """Return what a request says of its listener. Agents are few, so each text is kept once.

    Args:
        request: Of the listener.
        clients: Knows whom a proxy forwards for.
    """
    agent = sys.intern(request.headers.get("User-Agent", "")[:MAX_TEXT_CHARACTERS])
    referrer = request.headers.get("Referer", "").partition("?")[0].partition("#")[0]
    return Who(clients.address_of(request), agent, sys.intern(referrer[:MAX_TEXT_CHARACTERS]))
