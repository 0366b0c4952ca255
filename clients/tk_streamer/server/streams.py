"""The calls about a stream that send no audio: begin it, ask for its state, title what plays, end it."""

from dataclasses import dataclass, field

import requests

from tk_streamer.errors import BadResponse
from tk_streamer.server.http_request import send_request

# These answers are short and quick: what takes longer is as good as no answer.
REQUEST_TIMEOUT_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class StreamCredentials:
    """What `POST /api/start` gives: the stream's addresses, and the key that opens its ingest."""

    server_url: str
    stream_id: str
    ingest_url: str
    listen_url: str
    ingest_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StreamInfo:
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
) -> StreamCredentials:
    """Create a stream. Blocks.

    Args:
        session: From `LiveSession`.
        server_url: Where the server's public port is, like http://localhost:8000.
        title: The stream's title, for listeners.
        stream_id: The id to have; None for one of the server's choice.
        token: API token, for servers that ask for one.

    Raises:
        ClientError: See `send_request`.
    """
    server_url = server_url.rstrip("/")
    wishes = {"title": title, "id": stream_id}
    answer = send_request(
        session,
        "POST",
        f"{server_url}/api/start",
        secret=token,
        json_body={name: value for name, value in wishes.items() if value},
        seconds=REQUEST_TIMEOUT_SECONDS,
    )
    texts = {}
    for name in ("stream_id", "ingest_url", "listen_url", "ingest_key"):
        value = answer.get(name)
        if not isinstance(value, str) or not value:
            raise BadResponse(f"expected {name!r} as text in the server's answer, got {type(value).__name__}")
        texts[name] = value
    return StreamCredentials(server_url=server_url, **texts)


def fetch_stream_info(session: requests.Session, credentials: StreamCredentials) -> StreamInfo:
    """Ask how the stream stands. Blocks.

    Raises:
        ClientError: See `send_request`.
    """
    answer = send_request(session, "GET", _stream_url(credentials), seconds=REQUEST_TIMEOUT_SECONDS)
    listeners = answer.get("listeners")
    return StreamInfo(
        is_live=answer.get("live") is True and answer.get("state", "live") == "live",
        is_draining=answer.get("draining") is True,
        listeners=listeners if isinstance(listeners, int) else None,
    )


def send_now_playing(
    session: requests.Session, credentials: StreamCredentials, *, title: str, artist: str
) -> None:
    """Tell the stream's listeners what is playing. Blocks.

    Raises:
        ClientError: See `send_request`.
    """
    send_request(
        session,
        "PUT",
        f"{_stream_url(credentials)}/metadata",
        secret=credentials.ingest_key,
        json_body={"title": title, "artist": artist},
        seconds=REQUEST_TIMEOUT_SECONDS,
    )


def end_stream(session: requests.Session, credentials: StreamCredentials) -> None:
    """End the stream: its listeners get a proper end. Blocks.

    Raises:
        ClientError: See `send_request`.
    """
    send_request(
        session,
        "DELETE",
        _stream_url(credentials),
        secret=credentials.ingest_key,
        seconds=REQUEST_TIMEOUT_SECONDS,
    )


def _stream_url(credentials: StreamCredentials) -> str:
    return f"{credentials.server_url}/api/streams/{credentials.stream_id}"
