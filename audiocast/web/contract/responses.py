"""The JSON of answers, as types: dictionaries with these keys, so that they cost nothing at run time.

mypy holds the handlers to them, and `document` reads their schemas off them.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import Field

# Before Python 3.12 pydantic reads no other one.
from typing_extensions import TypedDict

from audiocast.stream.hub_state import HubState
from audiocast.stream.keys import Visibility

UnixSeconds = Annotated[float, Field(description="Unix seconds.")]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Error(TypedDict):
    """Why a request was refused."""

    error: Annotated[str, Field(description="A code by which programs tell refusals apart.")]
    message: Annotated[str, Field(description="What was expected and what came, in English.")]


class Song(TypedDict):
    """A track, as its broadcaster names it."""

    title: str
    artist: str


class PastTrack(Song):
    """A track of the past, or the one that is on."""

    started_at: UnixSeconds


class TrackList(TypedDict):
    """The last 20 tracks of a stream."""

    tracks: Annotated[list[PastTrack], Field(description="The newest first.")]


class ListenLink(TypedDict):
    """A link that opens a private stream."""

    url: Url
    token: Annotated[str, Field(description="The same for players: `?token=` or a Bearer token.")]
    expires_at: Annotated[int | None, Field(description="Until it can be joined, Unix seconds.")]


class ListenLinks(TypedDict):
    """New links, which nobody keeps."""

    links: list[ListenLink]


class FurtherKey(TypedDict):
    """Another key of a stream; nobody keeps it."""

    ingest_key: str
    ingest_url: Url
    priority: int


class LastRefusal(TypedDict):
    """Why a source with a good key was refused."""

    code: str
    message: str
    at: UnixSeconds


class PastBroadcast(TypedDict):
    """A broadcast that is over."""

    started_at: UnixSeconds
    ended_at: UnixSeconds
    listener_peak: Annotated[int, Field(description="The most that listened at once.")]


class StreamState(TypedDict):
    """What everybody may know of a stream."""

    stream_id: str
    title: str
    state: Annotated[HubState, Field(description="`held`: the source is lost, listeners hear silence.")]
    live: Annotated[bool, Field(description="Whether the state is `live`.")]
    started_at: Annotated[float | None, Field(description="When it went on the air, Unix seconds.")]
    listeners: Annotated[int, Field(description="At all members of a cluster.")]
    listener_peak: Annotated[
        int, Field(description="The most that listened at once since it went on the air.")
    ]
    muted: Annotated[bool, Field(description="The broadcaster has muted the sound: listeners get silence.")]
    recorded: Annotated[bool, Field(description="What is on is recorded.")]
    last_broadcast: Annotated[
        PastBroadcast | None, Field(description="While nothing is on: the broadcast before, if one is known.")
    ]
    bitrate_bps: Annotated[int | None, Field(description="Of the source, mean of the last seconds.")]
    page_ms: Annotated[int | None, Field(description="Audio on a page of the source.")]
    burst_ms: Annotated[int | None, Field(description="Audio that the source sends at once.")]
    source_priority: Annotated[
        int | None, Field(description="Of the source that is heard, 0 is the best; null without a source.")
    ]
    standby: Annotated[int, Field(description="Sources that are connected and not heard.")]
    source_faults: Annotated[
        dict[str, int],
        Field(description="Damaged pages and packets of the source that were dropped, by code."),
    ]
    channels: Annotated[int | None, Field(description="1 or 2; null while nothing is on.")]
    owner: Annotated[str, Field(description="The member of a cluster that has the source.")]
    now_playing: Song | None
    draining: Annotated[
        bool,
        Field(description="The encoder's member leaves: an encoder that connects anew now loses nothing."),
    ]
    visibility: Visibility
    accent: Annotated[str, Field(description="The stream's colour, as #rrggbb; empty: none was chosen.")]
    starts_at: Annotated[
        int | None, Field(description="When it is to begin, as its broadcaster has told, Unix seconds.")
    ]
    cover_version: Annotated[str, Field(description="Changes with the stream's cover.")]


class StreamWithCover(StreamState):
    """A stream's state, with where its cover is, by the host that the request came to."""

    cover_url: Annotated[Url, Field(description="Of its present version.")]


class LocalUrl(TypedDict):
    """A link for devices nearby, where the request's host is a loopback name."""

    local_url: NotRequired[
        Annotated[
            str | None, Field(description="The listen link, if there is one; missing with other hosts.")
        ]
    ]


class StreamDetails(StreamWithCover, LocalUrl):
    """A stream's state, with what is long, and what depends on who asks."""

    description: Annotated[str, Field(description="One line; may be empty.")]
    link: Annotated[str, Field(description="Where to learn more, an http or https URL; may be empty.")]
    last_refusal: NotRequired[
        Annotated[
            LastRefusal | None,
            Field(description="With the stream's key or an API token: the last one within a minute."),
        ]
    ]


class MemberAudienceReport(TypedDict):
    """The listeners of a stream at one member, and in its last day."""

    name: str
    now: int
    peak: int
    listening_hours: float


class AudienceReport(TypedDict):
    """The listeners of a stream at all members, and in its last day."""

    now: Annotated[int, Field(description="Who listens now.")]
    peak: Annotated[
        int, Field(description="The most at once, as far as it is known of all members together.")
    ]
    listening_hours: Annotated[float, Field(description="Of all listeners together.")]
    average: Annotated[float, Field(description="Mean of listeners since the first of that day.")]
    curve: Annotated[
        list[list[float]],
        Field(
            description="Pairs of a minute, Unix seconds / 60, and its mean of listeners; the oldest first."
        ),
    ]
    members: list[MemberAudienceReport]


class StreamList(TypedDict):
    """The streams that are on and that the request may find."""

    streams: list[StreamWithCover]


class Started(LocalUrl):
    """A stream for a broadcaster: its key, which is shown once, and its links."""

    stream_id: str
    ingest_key: str
    ingest_url: Annotated[Url, Field(description="Without the key.")]
    listen_url: Url
    stream_url: Url
    qr_url: Url
    access_code: Annotated[str | None, Field(description="Of a private stream, where one was asked for.")]


class Received(TypedDict):
    """What came of a source that has ended by itself."""

    stream_id: str
    received_bytes: int


class Thumbnail(TypedDict):
    """The picture of an embedded page (oembed.com, version 1.0)."""

    thumbnail_url: NotRequired[Url]
    thumbnail_width: NotRequired[int]
    thumbnail_height: NotRequired[int]


class OEmbed(Thumbnail):
    """The player for other pages (oembed.com, version 1.0)."""

    version: Literal["1.0"]
    type: Literal["rich"]
    provider_name: str
    provider_url: Url
    title: str
    html: str
    width: int
    height: int


class IcecastSource(TypedDict):
    """A live stream in Icecast's words."""

    bitrate: Annotated[int, Field(description="kbit/s")]
    channels: int | None
    listener_peak: int
    listeners: int
    listenurl: Url
    samplerate: int
    server_name: str
    server_type: str
    subtype: str
    stream_start: str
    stream_start_iso8601: str
    artist: NotRequired[str]
    title: NotRequired[str]
    dummy: NotRequired[None]


class IcecastStats(TypedDict):
    """The server in Icecast's words; `source` is missing without a stream, and an object with one."""

    admin: str
    host: str | None
    location: str
    server_id: str
    server_start: str
    server_start_iso8601: str
    source: NotRequired[IcecastSource | list[IcecastSource]]


class IcecastStatus(TypedDict):
    """Icecast's `/status-json.xsl`."""

    icestats: IcecastStats
