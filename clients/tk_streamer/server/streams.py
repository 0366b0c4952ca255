"""The calls about a stream that send no audio: begin it, ask for its state, title what plays, end it."""

from dataclasses import dataclass, field

import requests

from tk_streamer.errors import BadAnswer
from tk_streamer.server.answers import ask

# These answers are short and quick: what takes longer is as good as no answer.
ASK_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """What `POST /api/start` gives: the stream's addresses, and the key that opens its ingest."""

    server_url: str
    stream_id: str
    ingest_url: str
    listen_url: str
    ingest_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StreamState:
    """What `GET /api/streams/{id}` gives, as far as a broadcaster needs it.

    Attributes:
        is_live: The server takes audio for the stream.
        is_draining: The server will close its connections soon.
        listeners: How many listen; None when it does not say.
    """

    is_live: bool
    is_draining: bool = False
    listeners: int | None = None


def start_stream(
    session: requests.Session,
    server_url: str,
    *,
    title: str = "",
    stream_id: str | None = None,
    token: str | None = None,
) -> Ticket:
    """Create a stream. Blocks.

    Args:
        session: From `open_session`.
        server_url: Where the server's public port is, like http://localhost:8000.
        title: The stream's title, for listeners.
        stream_id: The id to have; None for one of the server's choice.
        token: API token, for servers that ask for one.

    Raises:
        ClientError: See `ask`.
    """
    server_url = server_url.rstrip("/")
    wishes = {"title": title, "id": stream_id}
    answer = ask(
        session,
        "POST",
        f"{server_url}/api/start",
        secret=token,
        json_body={name: value for name, value in wishes.items() if value},
        seconds=ASK_SECONDS,
    )
    texts = {}
    for name in ("stream_id", "ingest_url", "listen_url", "ingest_key"):
        value = answer.get(name)
        if not isinstance(value, str) or not value:
            raise BadAnswer(f"expected {name!r} as text in the server's answer, got {type(value).__name__}")
        texts[name] = value
    return Ticket(server_url=server_url, **texts)


def stream_state(session: requests.Session, ticket: Ticket) -> StreamState:
    """Ask how the stream stands. Blocks.

    Raises:
        ClientError: See `ask`.
    """
    answer = ask(session, "GET", _stream_url(ticket), seconds=ASK_SECONDS)
    listeners = answer.get("listeners")
    return StreamState(
        is_live=answer.get("live") is True and answer.get("state", "live") == "live",
        is_draining=answer.get("draining") is True,
        listeners=listeners if isinstance(listeners, int) else None,
    )


def tell_playing(session: requests.Session, ticket: Ticket, *, title: str, artist: str) -> None:
    """Tell the stream's listeners what is playing. Blocks.

    Raises:
        ClientError: See `ask`.
    """
    ask(
        session,
        "PUT",
        f"{_stream_url(ticket)}/metadata",
        secret=ticket.ingest_key,
        json_body={"title": title, "artist": artist},
        seconds=ASK_SECONDS,
    )


def end_stream(session: requests.Session, ticket: Ticket) -> None:
    """End the stream: its listeners get a proper end. Blocks.

    Raises:
        ClientError: See `ask`.
    """
    ask(session, "DELETE", _stream_url(ticket), secret=ticket.ingest_key, seconds=ASK_SECONDS)


def _stream_url(ticket: Ticket) -> str:
    return f"{ticket.server_url}/api/streams/{ticket.stream_id}"
