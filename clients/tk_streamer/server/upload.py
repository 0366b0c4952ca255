"""One source connection: Ogg pages as they come, to an ingest address, in one endless request.

An upload neither paces nor retries: its pages come at the speed of their source, and its caller opens the
next connection.
"""

from collections.abc import Iterable

import requests

from tk_streamer.server.http_request import send_request


def upload(session: requests.Session, ingest_url: str, *, key: str, pages: Iterable[bytes]) -> None:
    """Send the pages, one HTTP chunk each, until they end and the server has confirmed. Blocks until then.

    A response with 2xx before the last page ends the upload too.

    Args:
        session: A `LiveSession`; used by this thread only.
        ingest_url: The stream's ingest address. Its query is not sent, because it may hold a key.
        key: The stream's ingest key.
        pages: Ogg bytes; the first are read when the head of the request is sent. An OSError of this iterable
            would count as one of the connection.

    Raises:
        RequestRefused: The server takes no more pages; `code` and `message` tell why.
        ConnectionLost: The connection broke or could not be opened.
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
    """Return the pages without empty ones: an empty chunk ends the body (RFC 9112 section 7.1)."""
    return (page for page in pages if page)
