"""Which handler a request for an alias gets: the one that it would have at the stream's own paths.

Nobody is redirected there, since old players and encoders do not go where they are sent. Only an alias that
is a redirect itself leads away.
"""

from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from audiocast.web.http.aliases import Aliases
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.public.ingest import SOURCE_METHODS, IngestHandler
from audiocast.web.public.listen import ListenHandler
from audiocast.web.public.playlists import CONTENT_TYPES, PlaylistHandler

Found = tuple[type[RequestHandler], list[bytes]]


class AliasRedirectHandler(PublicHandler):
    """`GET` of an alias that leads to another server."""

    metric_label = "AliasRedirect"

    def get(self, url: str) -> None:
        self.set_header("Cache-Control", "no-store")
        # Old players know it; and no browser keeps it when the file says something else.
        self.redirect(url, status=302)


def find_handler(aliases: Aliases, request: HTTPServerRequest) -> Found | None:
    """Return the handler of a request's alias with the arguments of its path; None: it is for no alias.

    Icecast has playlists of a mount at its path with `.m3u` behind it, and so has an alias.
    """
    alias = aliases.find(request.path)
    if alias is None:
        return _find_playlist(aliases, request.path)
    if alias.redirect:
        return AliasRedirectHandler, [alias.redirect.encode()]
    handler: Any = IngestHandler if request.method in SOURCE_METHODS else ListenHandler
    return handler, [alias.stream_id.encode()]


def _find_playlist(aliases: Aliases, path: str) -> Found | None:
    mount, dot, extension = path.rpartition(".")
    alias = aliases.find(mount) if dot and extension in CONTENT_TYPES else None
    if alias is None or alias.redirect:
        return None
    return PlaylistHandler, [alias.stream_id.encode(), extension.encode()]
