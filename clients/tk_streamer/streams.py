"""The calls that begin and end a stream on the server. They send no audio."""

from dataclasses import dataclass, field

import requests

from tk_streamer.answers import ask
from tk_streamer.errors import BadAnswer


@dataclass(frozen=True, slots=True)
class Ticket:
    """What `POST /api/start` gives: the stream's addresses, and the key that opens its ingest."""

    server_url: str
    stream_id: str
    ingest_url: str
    listen_url: str
    ingest_key: str = field(repr=False)


def start_stream(
    session: requests.Session, server_url: str, *, title: str = "", token: str | None = None
) -> Ticket:
    """Create a stream. Blocks.

    Args:
        session: From `open_session`.
        server_url: Where the server's public port is, like http://localhost:8000.
        title: The stream's title, for listeners.
        token: API token, for servers that ask for one.

    Raises:
        ClientError: See `ask`.
        ValueError: `server_url` is not an HTTP address.
    """
    server_url = server_url.rstrip("/")
    answer = ask(
        session,
        "POST",
        f"{server_url}/api/start",
        secret=token,
        json_body={"title": title} if title else {},
    )
    texts = {}
    for name in ("stream_id", "ingest_url", "listen_url", "ingest_key"):
        value = answer.get(name)
        if not isinstance(value, str) or not value:
            raise BadAnswer(f"expected {name!r} as text in the server's answer, got {type(value).__name__}")
        texts[name] = value
    return Ticket(server_url=server_url, **texts)


def end_stream(session: requests.Session, ticket: Ticket) -> None:
    """End the stream: its listeners get a proper end. Blocks.

    Raises:
        ClientError: See `ask`.
    """
    ask(
        session,
        "DELETE",
        f"{ticket.server_url}/api/streams/{ticket.stream_id}",
        secret=ticket.ingest_key,
    )
