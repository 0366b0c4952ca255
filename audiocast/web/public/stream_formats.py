"""Which format of a stream a request asks for, and what the response's head says of it."""

from tornado.httputil import HTTPServerRequest

from audiocast.formats.encoding.stream_format import RATES_KBPS, USUAL_KBPS, StreamFormat
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Visibility
from audiocast.web.http.errors import ApiError
from audiocast.web.http.services import Services

# What players send that want titles inside the audio, and what the answer says then.
WANTS_TITLES = "Icy-MetaData"

MAX_GENRE_CHARACTERS = 100
GENRE = "GENRE="


def asked_format(extension: str, kbps: str | None) -> StreamFormat | None:
    """Return the format that is asked for; None: the stream as it is.

    Args:
        extension: Of the path: "mp3", "aac", or another one, which means Ogg Opus.
        kbps: Of the query; None: it has none.

    Raises:
        ApiError: 400, the format is not made at that rate.
    """
    codec = extension if extension in RATES_KBPS else "opus"
    if kbps is None:
        return None if codec == "opus" else StreamFormat(codec, USUAL_KBPS)
    rates = {str(rate): rate for rate in RATES_KBPS[codec]}
    if kbps not in rates:
        raise ApiError(400, "bad_kbps", f"expected kbps of {', '.join(rates)}, got {kbps[:20]!r}")
    return StreamFormat(codec, rates[kbps])


def wants_titles(form: StreamFormat, request: HTTPServerRequest) -> bool:
    """Return whether titles go inside the audio. Ogg has its own place for them."""
    return not form.has_pages and request.headers.get(WANTS_TITLES, "").strip() == "1"


def format_headers(
    services: Services, stream_id: str, hub: Hub | None, form: StreamFormat, request: HTTPServerRequest
) -> dict[str, str]:
    """Return the fields of a response in a format: its media type, and what radios show.

    Args:
        services: The parts of this member.
        stream_id: The stream.
        hub: The stream at this member; None: it is at another one.
        form: See above.
        request: What asks.
    """
    title = hub.title if hub is not None else ""
    is_public = hub is not None and hub.claims.visibility is Visibility.PUBLIC
    headers = {
        "Content-Type": form.content_type,
        "icy-name": _latin(title or stream_id),
        "icy-br": str(form.kbps),
        "icy-pub": str(int(is_public)),
        "icy-url": f"{services.urls.base(request)}/listen/{stream_id}",
    }
    genre = _genre(hub) if hub is not None else ""
    if genre:
        headers["icy-genre"] = _latin(genre)
    if wants_titles(form, request):
        headers["icy-metaint"] = str(form.title_interval_bytes)
    return headers


def _genre(hub: Hub) -> str:
    comments = hub.titles.tags.comments
    found = next((text for text in comments if text.upper().startswith(GENRE)), GENRE)
    text = "".join(filter(str.isprintable, found[len(GENRE) :]))
    return text[:MAX_GENRE_CHARACTERS].strip()


def _latin(text: str) -> str:
    """Return UTF-8 as a head of Latin-1 carries it: radios and Icecast read it so."""
    return text.encode().decode("latin-1")
