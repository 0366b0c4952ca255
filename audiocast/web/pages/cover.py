"""`GET /listen/{id}/cover.svg`, `/cover.png` and `/cover-square.png`: the picture of a stream.

It is the picture that the broadcaster has given, of that one's own type, or else it is drawn. A stream that
nobody knows has a cover too, as it has a page, drawn from the id alone: so it tells nobody who is there.
"""

from audiocast.cluster.covers.cover_messages import CoverInfo
from audiocast.web.http.clients import Rate
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.pages.drawings import Drawings
from audiocast.web.public.covers.art import CoverArt, draw_square, draw_svg, draw_wide
from audiocast.web.public.covers.urls import art_of
from audiocast.web.public.streams import cluster_state

# Seconds. A cover that was asked for by its version is another one's under another address.
KEPT_SECONDS, KEPT_UNVERSIONED_SECONDS = 86_400, 60

# For who opens the address of an SVG: it is a picture, and loads and runs nothing.
POLICY = "default-src 'none'; sandbox"


class CoverHandler(PublicHandler):
    """A stream's cover: square as SVG, 1200 by 630 pixels as PNG for cards, or square as PNG."""

    metric_label = "Cover"

    async def get(self, stream_id: str, extension: str | None, square: str | None) -> None:
        state = await cluster_state(self.services, self.checked_id(stream_id), self.request) or {}
        asked_for = self.get_query_argument("v", "")
        info = CoverInfo.parse(state.get("cover"))
        given = await self.services.node.covers.get(stream_id, info) if info is not None else None
        if given is not None:
            media_type, picture, version = given.media_type, given.data, given.version
        else:
            art = art_of(stream_id, state)
            version = art.version
            if extension == "svg":
                media_type, picture = "image/svg+xml", draw_svg(art)
            else:
                media_type, picture = "image/png", await self._png(art, is_square=square is not None)
        seconds = KEPT_SECONDS if asked_for == version else KEPT_UNVERSIONED_SECONDS
        self.set_header("Content-Type", media_type)
        scope = "private" if self.services.listen_gate.is_private(stream_id) else "public"
        self.set_header("Cache-Control", f"{scope}, max-age={seconds}")
        self.set_header("Content-Security-Policy", POLICY)
        self.allow_any_origin()
        self.write(picture)

    async def _png(self, art: CoverArt, *, is_square: bool) -> bytes:
        """Return the drawing as PNG, which takes some 50 ms; as SVG it takes less than one.

        Raises:
            ApiError: 429, the client has asked for too many; 503, too many wait to be drawn.
        """
        draw = draw_square if is_square else draw_wide
        drawings: Drawings = self.settings["cover_drawings"]
        if not drawings.has(draw, art):
            self.services.clients.charge(self.request, Rate.COVERS)
        return await drawings.draw(draw, art)
