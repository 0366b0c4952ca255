"""`GET /stream/{id}.m3u` and `.pls`: the stream's address in a file that players open with a click.

`/stream/{id}.mp3.m3u` has the address of the stream as MP3, and so on.
"""

from audiocast.formats.encoding.stream_format import FRAME_FORMATS
from audiocast.formats.errors import FormatsMissing
from audiocast.web.http.access.listen_gate import listen_token
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.public.streams import cluster_state

CONTENT_TYPES = {"m3u": "audio/x-mpegurl", "pls": "audio/x-scpls"}


class PlaylistHandler(PublicHandler):
    """A playlist of one entry, named by the stream's title. A stream that is not on has one too."""

    metric_label = "Playlist"

    async def get(self, stream_id: str, extension: str) -> None:
        stream_id, suffix = _without_format(stream_id)
        if suffix and self.services.encodings.workers.missing:
            raise FormatsMissing(self.services.encodings.workers.missing)
        state = await cluster_state(self.services, self.checked_id(stream_id), self.request)
        title = str(state["title"]) if state is not None else ""
        write = {"m3u": _m3u, "pls": _pls}[extension]
        self.set_header("Content-Type", CONTENT_TYPES[extension])
        self.set_header("Cache-Control", "no-store")
        self.allow_any_origin()
        address = f"{self.services.urls.base(self.request)}/stream/{stream_id}{suffix}"
        token = listen_token(self.request, stream_id)
        if token and self.services.listen_gate.check(stream_id, token) is not None:
            # Players have no cookie of the browser's.
            address += f"?token={token}"
        self.write(write(address, title or stream_id))


def _without_format(name: str) -> tuple[str, str]:
    """Return a stream's id, and the end of its address in another format; empty: it is Ogg Opus."""
    stream_id, dot, extension = name.rpartition(".")
    return (stream_id, dot + extension) if extension in FRAME_FORMATS and dot else (name, "")


def _m3u(address: str, title: str) -> str:
    """Return an extended M3U playlist; a length of -1 means live."""
    return f"#EXTM3U\n#EXTINF:-1,{title}\n{address}\n"


def _pls(address: str, title: str) -> str:
    """Return a version 2 PLS playlist; a length of -1 means live."""
    return f"[playlist]\nNumberOfEntries=1\nFile1={address}\nTitle1={title}\nLength1=-1\nVersion=2\n"
