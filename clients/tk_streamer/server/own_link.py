"""The broadcaster's own way to the listeners' page of a private stream."""

import re

import requests

from tk_streamer.errors import BadResponse, bounded
from tk_streamer.server.http_request import send_request
from tk_streamer.server.streams import REQUEST_TIMEOUT_SECONDS, StreamCredentials

# A link that opens a browser stands in its command line for a moment, where others on the computer may read
# it: it can be joined at once and not later. What it has opened lasts longer than any show.
OWN_LINK_SECONDS = 300
OWN_SESSION_SECONDS = 604_800

# What needs no escaping in a query.
TOKEN = re.compile(r"[A-Za-z0-9._-]+")


def own_listen_url(session: requests.Session, credentials: StreamCredentials) -> str:
    """Return a link to the listeners' page that lets its broadcaster in. Blocks.

    Of a stream that is open to all it is the usual one.

    Raises:
        ClientError: See `send_request`; or the response has no token.
    """
    if not credentials.access_code:
        return credentials.shared_url
    wanted = {
        "expires_in_seconds": OWN_LINK_SECONDS,
        "session_seconds": OWN_SESSION_SECONDS,
        "label": "broadcaster",
    }
    response = send_request(
        session,
        "POST",
        f"{credentials.server_url}/api/streams/{credentials.stream_id}/listen-links",
        secret=credentials.ingest_key,
        json_body=wanted,
        seconds=REQUEST_TIMEOUT_SECONDS,
    )
    match response:
        case {"links": [{"token": str(token)}]} if TOKEN.fullmatch(token):
            # Not the address that it comes with: no answer opens another one.
            return f"{credentials.listen_url}?token={token}"
    raise BadResponse(f"expected a listen link, got {bounded(str(sorted(response)))}")
