"""What is on now: from our own API, and from Icecast source clients."""

from pydantic import BaseModel, ConfigDict, Field

from audiocast.stream.hub import Hub
from audiocast.stream.now_playing import MAX_CHARACTERS, NowPlaying
from audiocast.web.http.context import Context
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_body import parse_body

INGEST_MOUNT = "/ingest/"


class MetadataRequest(BaseModel):
    """The JSON body of `PUT /api/streams/{id}/metadata`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(default="", max_length=MAX_CHARACTERS)
    artist: str = Field(default="", max_length=MAX_CHARACTERS)


async def play_everywhere(context: Context, hub: Hub, playing: NowPlaying) -> None:
    """Show what is on here and, in a cluster, at every member that has the stream."""
    hub.set_now_playing(playing)
    said = {"title": playing.title, "artist": playing.artist}
    await context.node.tell_all("POST", f"/internal/streams/{hub.stream_id}/playing", said)


class MetadataHandler(PublicHandler):
    """`PUT /api/streams/{id}/metadata`."""

    async def put(self, stream_id: str) -> None:
        """Show title and artist to all listeners."""
        claims = self.claims_for(self.checked_id(stream_id))
        example = '{"title": "...", "artist": "..."}'
        said = parse_body(self.request.body, MetadataRequest, example=example)
        hub = self.context.streams.open(stream_id, claims.title)
        await play_everywhere(self.context, hub, NowPlaying(title=said.title, artist=said.artist))
        self.set_status(204)


class IcecastMetadataHandler(PublicHandler):
    """`GET /admin/metadata?mode=updinfo&mount=&song=`, as Icecast source clients call it."""

    async def get(self) -> None:
        """Show the song (or artist and title) to all listeners."""
        mount = self.get_query_argument("mount")
        if not mount.startswith(INGEST_MOUNT):
            raise ApiError(400, "bad_mount", f"expected a mount like {INGEST_MOUNT}ID, got {mount[:50]!r}")
        if self.get_query_argument("mode", "updinfo") != "updinfo":
            raise ApiError(400, "bad_mode", "expected mode=updinfo, the only one there is")
        stream_id = self.checked_id(mount.removeprefix(INGEST_MOUNT))
        claims = self.claims_for(stream_id)
        title = self._text("title") or self._text("song")
        hub = self.context.streams.open(stream_id, claims.title)
        await play_everywhere(self.context, hub, NowPlaying(title=title, artist=self._text("artist")))
        self.set_header("Content-Type", "text/xml; charset=UTF-8")
        self.write(
            '<?xml version="1.0"?>\n'
            "<iceresponse><message>Metadata update successful</message><return>1</return></iceresponse>\n"
        )

    def _text(self, name: str) -> str:
        """Give an argument in the character set it says, else UTF-8, else Latin-1, which fits all bytes."""
        values = self.request.query_arguments.get(name, [])
        data = values[-1] if values else b""
        charset = self.get_query_argument("charset", "utf-8")
        try:
            text = data.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            text = data.decode("latin-1")
        return " ".join(text.split())[:MAX_CHARACTERS]
