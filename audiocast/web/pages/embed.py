"""A stream on other people's pages: the player in a frame, and oEmbed (oembed.com, version 1.0)."""

import re
from collections.abc import Sequence

from audiocast.web.contract.responses import OEmbed, Thumbnail
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.pages.embed_code import FRAME_HEIGHT, FRAME_WIDTH, UNTITLED, frame_code
from audiocast.web.pages.icon import SIZES
from audiocast.web.pages.let_in import LetInHandler
from audiocast.web.pages.listen import StreamPageHandler
from audiocast.web.public.covers.art import SQUARE
from audiocast.web.public.covers.urls import card_size, cover_path, cover_version
from audiocast.web.public.streams import cluster_state

# Host and stream of a listen link. The scheme may be another one than ours, since people type links.
LINK = re.compile(r"https?://([^/?#]+)/(?:listen|embed)/([^/?#]*)(?:[?#].*)?")


class EmbedPageHandler(LetInHandler, StreamPageHandler):
    """`GET /embed/{id}`: the one page that others may frame."""

    metric_label = "EmbedPage"
    framed_by = "*"

    async def get(self, stream_id: str) -> None:
        await self.let_in_by_token(stream_id)
        self.render("embed.html", **await self.stream(stream_id))


class OEmbedHandler(PublicHandler):
    """`GET /oembed?url=&maxwidth=&maxheight=&format=`: what programs need to embed a listen link, as JSON."""

    metric_label = "OEmbed"

    async def get(self) -> None:
        if self.get_query_argument("format", "json") != "json":
            raise ApiError(501, "format_not_there", "expected format=json, the only one there is")
        base = self.services.urls.base(self.request)
        width, height = self._max_pixels("maxwidth"), self._max_pixels("maxheight")
        stream_id = self._stream_id(base)
        state = await cluster_state(self.services, stream_id, self.request)
        if state is None:
            raise ApiError(404, "stream_not_found", "no such stream here; it may come when its source does")
        self.allow_any_origin()
        cover = cover_path(stream_id, "cover-square.png", cover_version(stream_id, state))
        size = card_size(state) if state.get("cover") else SQUARE
        pictures = [*((f"/icon-{side}.png", side, side) for side in SIZES), (cover, *size)]
        answer = _answer(base, stream_id, state["title"], width=width, height=height)
        self.write_json(answer | _thumbnail(base, pictures, width=width, height=height))

    def _max_pixels(self, name: str) -> int | None:
        given = self.get_query_argument(name, "")
        if not given:
            return None
        if not (given.isascii() and given.isdigit() and 0 < len(given) < 7 and int(given)):
            raise ApiError(400, f"bad_{name}", f"expected {name} in pixels, 1 or more, got {given[:20]!r}")
        return int(given)

    def _stream_id(self, base: str) -> str:
        """Return the id of the stream that the link is to.

        Raises:
            ApiError: 404, it is no listen link of this server.
        """
        link = LINK.fullmatch(self.get_query_argument("url"))
        if link is None or link[1] != base.partition("://")[2]:
            raise ApiError(404, "not_a_listen_link", f"expected a link of the form {base}/listen/ID")
        return self.checked_id(link[2])


def _answer(base: str, stream_id: str, title: str, *, width: int | None, height: int | None) -> OEmbed:
    """Return the response (section 2.3.4 of the specification), nothing in it larger than was asked for."""
    frame_width = min(FRAME_WIDTH, width or FRAME_WIDTH)
    frame_height = min(FRAME_HEIGHT, height or FRAME_HEIGHT)
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": "audiocast",
        "provider_url": f"{base}/",
        "title": title or UNTITLED,
        "html": frame_code(f"{base}/embed/{stream_id}", title, width=str(frame_width), height=frame_height),
        "width": frame_width,
        "height": frame_height,
    }


def _thumbnail(
    base: str, pictures: Sequence[tuple[str, int, int]], *, width: int | None, height: int | None
) -> Thumbnail:
    """Return the last of these pictures that is no larger than was asked for, as the response has it."""
    fitting = [each for each in pictures if each[1] <= (width or each[1]) and each[2] <= (height or each[2])]
    if not fitting:
        return {}
    path, *size = fitting[-1]
    return {"thumbnail_url": base + path, "thumbnail_width": size[0], "thumbnail_height": size[1]}
