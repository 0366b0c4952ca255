"""`GET /admin/metadata`: what is on now, as Icecast's source clients send it."""

from audiocast.stream.now_playing import MAX_CHARACTERS, NowPlaying
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.public.metadata import show_everywhere

INGEST_MOUNT = "/ingest/"


class IcecastMetadataHandler(PublicHandler):
    """`GET /admin/metadata?mode=updinfo&mount=&song=`: shows song, or artist and title, to listeners."""

    metric_label = "IcecastMetadata"

    async def get(self) -> None:
        mount = self.get_query_argument("mount")
        if not mount.startswith(INGEST_MOUNT):
            raise ApiError(400, "bad_mount", f"expected a mount like {INGEST_MOUNT}ID, got {mount[:50]!r}")
        if self.get_query_argument("mode", "updinfo") != "updinfo":
            raise ApiError(400, "bad_mode", "expected mode=updinfo, the only one there is")
        stream_id = self.checked_id(mount.removeprefix(INGEST_MOUNT))
        claims = self.claims_for(stream_id)
        title = self._text("title") or self._text("song")
        hub = self.services.streams.open(stream_id, claims.title)
        await show_everywhere(self.services, hub, NowPlaying(title=title, artist=self._text("artist")))
        self.set_header("Content-Type", "text/xml; charset=UTF-8")
        self.write(
            '<?xml version="1.0"?>\n'
            "<iceresponse><message>Metadata update successful</message><return>1</return></iceresponse>\n"
        )

    def _text(self, name: str) -> str:
        """Return an argument in the character set that `charset` names, else UTF-8, else Latin-1."""
        values = self.request.query_arguments.get(name, [])
        data = values[-1] if values else b""
        charset = self.get_query_argument("charset", "utf-8")
        try:
            text = data.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            text = data.decode("latin-1")
        return " ".join(text.split())[:MAX_CHARACTERS]
