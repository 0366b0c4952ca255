"""`GET /listen/{id}/cover.svg`, `/cover.png` and `/cover-square.png`: the picture of a stream.

A stream that nobody knows has a cover too, as it has a page, drawn from the id alone: what comes says nothing
of who is there.
"""

from audiocast.web.http.clients import Rate
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.pages.drawings import Drawings
from audiocast.web.public.covers.art import CoverArt, draw_square, draw_svg, draw_wide
from audiocast.web.public.covers.urls import art_of, cover_version
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
        is_svg = extension == "svg"
        art = art_of(stream_id, state)
        picture = draw_svg(art) if is_svg else await self._png(art, is_square=square is not None)
        is_asked_for = self.get_query_argument("v", "") == cover_version(stream_id, state)
        seconds = KEPT_SECONDS if is_asked_for else KEPT_UNVERSIONED_SECONDS
        self.set_header("Content-Type", "image/svg+xml" if is_svg else "image/png")
        self.set_header("Cache-Control", f"public, max-age={seconds}")
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
