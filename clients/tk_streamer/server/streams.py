"""The requests about a stream that send no audio: start, ask for its state, send what is playing, end."""

from dataclasses import dataclass, field

import requests

from tk_streamer.errors import BadResponse, bounded
from tk_streamer.server.http_request import send_request

# These responses are short and quick; one that takes longer counts as none.
REQUEST_TIMEOUT_SECONDS = 4.0

# A day.
MAX_CURVE_MINUTES = 1_440

# Why a server refuses what is no Ogg Opus (docs/api.md). This program sends nothing else, so the source that
# was refused for it is another program's.
FORMAT_REFUSALS = frozenset({"not_ogg_opus", "multiplexed"})


@dataclass(frozen=True, slots=True)
class StreamCredentials:
    """The response of `POST /api/start`: the stream's addresses, and the key of its ingest.

    Attributes:
        server_url: Address of the server, as the user has given it.
        stream_id: The id of the stream.
        ingest_url: Where audio is sent.
        listen_url: The listeners' page, at the address that the server was asked at.
        ingest_key: The key of the ingest.
        local_url: The listeners' page for other devices, where `listen_url` is for this one; "" for none.
        is_for_this_computer: No other device can open any of these.
        access_code: Opens a private stream to those who type it; "" for none.
    """

    server_url: str
    stream_id: str
    ingest_url: str
    listen_url: str
    ingest_key: str = field(repr=False)
    local_url: str = ""
    is_for_this_computer: bool = False
    access_code: str = field(default="", repr=False)

    @property
    def shared_url(self) -> str:
        """The link to give to listeners."""
        return self.local_url or self.listen_url


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """The response of `GET /api/streams/{id}`, as far as a broadcaster needs it.

    Attributes:
        is_live: The server receives audio for the stream.
        is_draining: The server will close its connections soon.
        listeners: How many people listen; None if the response does not tell.
        listener_peak: How many listened at most; None if the response does not tell.
        is_muted: The server shows listeners that the sound is muted.
        format_refusal: What the server has said within the last minute to another program with the stream's
            key that sent no Ogg Opus; "" when there was none.
    """

    is_live: bool
    is_draining: bool = False
    listeners: int | None = None
    listener_peak: int | None = None
    is_muted: bool = False
    format_refusal: str = ""


@dataclass(frozen=True, slots=True)
class AudienceCurve:
    """The response of `GET /api/streams/{id}/audience`, as far as it is drawn.

    Attributes:
        minutes: Unix seconds / 60 of each mean, rising.
        means: Of the listeners in each minute of the last day.
        listening_hours: Of all listeners together in that day.
    """

    minutes: tuple[int, ...] = ()
    means: tuple[float, ...] = ()
    listening_hours: float = 0.0


def start_stream(
    session: requests.Session,
    server_url: str,
    *,
    title: str = "",
    stream_id: str | None = None,
    token: str | None = None,
    visibility: str = "",
    access_code: str = "",
    description: str = "",
    link: str = "",
    accent: str = "",
    starts_at: str = "",
    max_listeners: int = 0,
) -> StreamCredentials:
    """Create a stream. Blocks.

    Args:
        session: A `LiveSession`; used by this thread only.
        server_url: Address of the server's public port, like http://localhost:8000.
        title: Title of the stream, for listeners.
        stream_id: The id of the stream; None for one of the server's choice.
        token: API token, if the server needs one.
        visibility: Who finds the stream: public, unlisted or private; "" for what the server does by itself.
            Servers of version 0.1 show it on their start page unasked, and refuse to be asked.
        access_code: Of a private stream, for those who type it; "auto" for one that the server makes.
        description: What it is about, for listeners. Servers of version 0.1 refuse it, and what follows.
        link: An address for listeners.
        accent: Colour of the listener's page, as #rrggbb.
        starts_at: When it is to begin, a time of RFC 3339.
        max_listeners: At a time; 0 for no bound.

    Raises:
        ClientError: See `send_request`.
    """
    server_url = server_url.rstrip("/")
    wanted: dict[str, str | int | None] = {
        "title": title,
        "id": stream_id,
        "visibility": visibility,
        "access_code": access_code,
        "description": description,
        "link": link,
        "accent": accent,
        "starts_at": starts_at,
        "max_listeners": max_listeners,
    }
    response = send_request(
        session,
        "POST",
        f"{server_url}/api/start",
        secret=token,
        json_body={name: value for name, value in wanted.items() if value},
        seconds=REQUEST_TIMEOUT_SECONDS,
    )
    texts = {}
    for name in ("stream_id", "ingest_url", "listen_url", "ingest_key"):
        value = response.get(name)
        if not isinstance(value, str) or not value:
            raise BadResponse(f"expected {name!r} as text in the server's answer, got {type(value).__name__}")
        texts[name] = value
    # Only an answer to a loopback host has the field; null: the server has no other address.
    local_url = response.get("local_url")
    code = response.get("access_code")
    return StreamCredentials(
        server_url=server_url,
        **texts,
        local_url=local_url if isinstance(local_url, str) else "",
        is_for_this_computer="local_url" in response and not local_url,
        access_code=code if isinstance(code, str) else "",
    )


def give_picture(session: requests.Session, credentials: StreamCredentials, picture: bytes) -> None:
    """Give the stream's cover. Blocks.

    Args:
        session: A `LiveSession`; used by this thread only.
        credentials: Of the stream.
        picture: A JPEG, PNG or WebP.

    Raises:
        ClientError: See `send_request`.
    """
    send_request(
        session,
        "PUT",
        f"{_stream_url(credentials)}/cover",
        secret=credentials.ingest_key,
        body=iter([picture]),
        seconds=REQUEST_TIMEOUT_SECONDS,
    )


def fetch_stream_info(session: requests.Session, credentials: StreamCredentials) -> StreamInfo:
    """Ask for the state of the stream. Blocks.

    Raises:
        ClientError: See `send_request`.
    """
    response = send_request(
        session,
        "GET",
        _stream_url(credentials),
        # Only who has the key is told of refusals.
        secret=credentials.ingest_key,
        seconds=REQUEST_TIMEOUT_SECONDS,
    )
    listeners, peak = response.get("listeners"), response.get("listener_peak")
    match response.get("last_refusal"):
        case {"code": str(code), "message": str(message)} if code in FORMAT_REFUSALS:
            format_refusal = bounded(message)
        case _:
            format_refusal = ""
    return StreamInfo(
        is_live=response.get("live") is True and response.get("state", "live") == "live",
        is_draining=response.get("draining") is True,
        listeners=listeners if isinstance(listeners, int) else None,
        listener_peak=peak if isinstance(peak, int) else None,
        is_muted=response.get("muted") is True,
        format_refusal=format_refusal,
    )


def fetch_audience(session: requests.Session, credentials: StreamCredentials) -> AudienceCurve:
    """Ask who has listened in the last day. Blocks.

    Args:
        session: A `LiveSession`; used by this thread only.
        credentials: The stream.

    Raises:
        ClientError: See `send_request`; or the response is none of an audience.
    """
    response = send_request(
        session,
        "GET",
        f"{credentials.server_url.rstrip('/')}/api/streams/{credentials.stream_id}/audience",
        secret=credentials.ingest_key,
        seconds=REQUEST_TIMEOUT_SECONDS,
    )
    match response:
        case {"curve": list(curve), "listening_hours": int() | float() as hours}:
            try:
                points = [(int(minute), float(mean)) for minute, mean in curve[-MAX_CURVE_MINUTES:]]
            except (TypeError, ValueError) as error:
                raise BadResponse(f"expected a curve of listeners, got {bounded(str(curve))}") from error
            minutes, means = zip(*points, strict=True) if points else ((), ())
            return AudienceCurve(minutes, means, float(hours))
    raise BadResponse(f"expected an audience, got {bounded(str(response))}")


def send_now_playing(
    session: requests.Session, credentials: StreamCredentials, *, title: str, artist: str
) -> None:
    """Send what is playing to the stream's listeners. Blocks.

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


def edit_stream(
    session: requests.Session,
    credentials: StreamCredentials,
    *,
    title: str | None = None,
    is_muted: bool | None = None,
) -> None:
    """Change the stream's title, or whether listeners are told that it is muted. Blocks.

    Args:
        session: A `LiveSession`; used by this thread only.
        credentials: Of the stream.
        title: None: it stays.
        is_muted: None: it stays as it is.

    Raises:
        ClientError: See `send_request`. Servers of version 0.1 know no such request.
    """
    edit = {"title": title, "muted": is_muted}
    send_request(
        session,
        "PATCH",
        _stream_url(credentials),
        secret=credentials.ingest_key,
        json_body={name: value for name, value in edit.items() if value is not None},
        seconds=REQUEST_TIMEOUT_SECONDS,
    )


def end_stream(session: requests.Session, credentials: StreamCredentials) -> None:
    """End the stream properly for its listeners. Blocks.

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
