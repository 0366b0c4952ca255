"""`GET` and `POST /admin/metadata`: what is on now, as Icecast's source clients send it."""

from collections.abc import Awaitable

from audiocast.stream.keys import Claims
from audiocast.stream.now_playing import NowPlaying
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.icecast.charsets import UTF_8, codec_of, decode
from audiocast.web.icecast.mounts import stream_of
from audiocast.web.icecast.xml import XML, iceresponse
from audiocast.web.public.access.source_claims import source_claims
from audiocast.web.public.metadata import show_everywhere


class IcecastMetadataHandler(PublicHandler):
    """`GET /admin/metadata?mode=updinfo&mount=&song=`: shows song, or artist and title, to listeners.

    By `POST` the same are the fields of a form.
    """

    metric_label = "IcecastMetadata"
    answers_plain_http = True

    async def get(self) -> None:
        stream_id, claims, playing = await self._checked()
        hub = self.services.streams.open(stream_id, claims.title)
        await show_everywhere(self.services, hub, claims, playing)
        self._write_success()

    async def head(self) -> None:
        """Answer as GET, and show nothing: no HEAD changes what listeners see."""
        stream_id, claims, _ = await self._checked()
        self.services.streams.admit(stream_id, claims.generation)
        self._write_success()

    def post(self) -> Awaitable[None]:
        return self.get()

    async def _checked(self) -> tuple[str, Claims, NowPlaying]:
        """Return the request's stream, the claims of its key, and the track.

        Raises:
            ApiError: 400, 401 or 404.
            audiocast.stream.errors.BadKey: The key is not of this stream, or has expired.
        """
        mount = self.get_argument("mount")
        stream_id = stream_of(mount, self.services.aliases)
        if self.get_argument("mode", "updinfo") != "updinfo":
            raise ApiError(400, "bad_mode", "expected mode=updinfo, the only one there is")
        self.checked_id(stream_id)
        claims = await source_claims(self, stream_id, mount=mount if mount.startswith("/") else f"/{mount}")
        codec = self._codec()
        title = self._text("title", codec) or self._text("song", codec)
        return stream_id, claims, NowPlaying(title=title, artist=self._text("artist", codec))

    def _write_success(self) -> None:
        self.set_header("Content-Type", XML)
        self.write(iceresponse("Metadata update successful"))

    def _codec(self) -> str:
        """Return the codec of the character set that the request names; UTF-8 when it names none.

        Raises:
            ApiError: 400, there is no such character set.
        """
        label = self.get_argument("charset", "") or UTF_8
        codec = codec_of(label)
        if codec is None:
            message = f"expected a character set that browsers know, like utf-8, got {label[:50]!r}"
            raise ApiError(400, "bad_charset", message)
        return codec

    def _text(self, name: str, codec: str) -> str:
        values = self.request.arguments.get(name, [])
        return decode(values[-1], codec) if values else ""
