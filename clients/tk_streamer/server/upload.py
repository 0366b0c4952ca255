"""One source connection: Ogg pages as they come, to an ingest address, in one endless request.

It neither paces nor retries: its pages come at the speed of their source, and `control` opens the next one.
"""

from collections.abc import Iterable

import requests

from tk_streamer.server.http_request import send_request


def upload(session: requests.Session, ingest_url: str, *, key: str, pages: Iterable[bytes]) -> None:
    """Send the pages, one HTTP chunk each, until they end and the server has confirmed. Blocks all the while.

    It returns early, with pages left, when the server says 2xx before their end.

    Args:
        session: From `LiveSession`.
        ingest_url: The stream's ingest address. What follows a `?` in it is not sent: that is a place for
            keys.
        key: The stream's ingest key.
        pages: Ogg bytes, first asked for when the head of the request is out. An OSError that it raises would
            be taken for one of the connection.

    Raises:
        RequestRefused: The server wants no more of it; `code` and `message` say why.
        ConnectionLost: The connection broke or could not be made.
    """
    send_request(
        session,
        "POST",
        ingest_url.partition("?")[0],
        secret=key,
        body=_chunks(pages),
        content_type="audio/ogg",
    )


def _chunks(pages: Iterable[bytes]) -> Iterable[bytes]:
    """Give the pages without empty ones: an empty chunk is the end of the body (RFC 9112 section 7.1)."""
    return (page for page in pages if page)
