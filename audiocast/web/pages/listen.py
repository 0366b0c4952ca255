"""`GET /listen/{id}`: the listener's page, and what all pages of one stream show."""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from audiocast.web.http.access.listen_gate import COOKIE_PREFIX
from audiocast.web.pages.embed_code import frame_code, plain_code
from audiocast.web.pages.first_words import FirstWords
from audiocast.web.pages.let_in import LetInHandler
from audiocast.web.pages.page import PageHandler
from audiocast.web.public.covers.colours import (
    DARK_GROUND,
    LIGHT_GROUND,
    format_colour,
    parse_colour,
    readable_on,
)
from audiocast.web.public.covers.urls import card_size, cover_path, cover_version
from audiocast.web.public.streams import (
    cluster_state,
    long_stream_state,
    public_state_with_cover,
)


class StreamPageHandler(PageHandler):
    """A page of one stream. An id that no member knows yet has a page too: its source may come."""

    async def stream(self, stream_id: str) -> dict[str, Any]:
        """Return what templates need to know of the stream.

        Raises:
            ApiError: 404, it cannot be an id.
        """
        services = self.services
        gate = services.listen_gate
        state = await cluster_state(services, self.checked_id(stream_id), self.request)
        is_known = state is not None
        if state is None:
            seen_id = gate.seen_id(stream_id, self.request)
            hub = services.streams.get_or_waiting(seen_id)
            state = long_stream_state(hub, services.node) | {"stream_id": stream_id}
        base = services.urls.base(self.request)
        version = cover_version(stream_id, state)
        return {
            "stream_id": stream_id,
            "title": state["title"],
            # Of what is not there for the visitor nothing is told.
            "is_private": gate.is_private(stream_id) and not gate.is_hidden(stream_id, self.request),
            "state": public_state_with_cover(state, base) | {"is_known": is_known},
            "words": FirstWords.of(state, is_known=is_known, now=time.time()),
            "history": state["history"],
            "cover_url": cover_path(stream_id, "cover.svg", version),
            "artwork_url": cover_path(stream_id, "cover-square.png", version),
            "card_picture": (base + cover_path(stream_id, "cover.png", version), *card_size(state)),
            "accents": _accents(str(state.get("accent") or "")),
            "has_wasm_decoder": self.has_wasm_decoder,
            "base_url": base,
            "shared_url": f"{services.urls.local_base(self.request) or base}/listen/{stream_id}",
            "embed_url": f"{base}/embed/{stream_id}",
            "listen_url": f"{base}/listen/{stream_id}",
            "stream_url": f"{base}/stream/{stream_id}",
            "has_formats": not services.encodings.workers.missing,
        }


def _accents(accent: str) -> tuple[str, str] | None:
    """Return a stream's colour as text may have it on light and on dark pages; None: ours stays."""
    if not accent:
        return None
    light, dark = (
        format_colour(readable_on(parse_colour(accent), ground)) for ground in (LIGHT_GROUND, DARK_GROUND)
    )
    return light, dark


class ListenPageHandler(LetInHandler, StreamPageHandler):
    """The listener's page; of a private stream, for those who are let in."""

    metric_label = "ListenPage"

    async def get(self, stream_id: str) -> None:
        token = self.get_query_argument("token", "")
        if await self.let_in_by_token(stream_id) and token:
            # Neither the browser's history nor what the visitor passes on has the token.
            self.redirect(f"/listen/{stream_id}", status=303)
            return
        if self.services.listen_gate.is_hidden(stream_id, self.request):
            was_let_in = COOKIE_PREFIX + stream_id in self.request.cookies
            self.ask_for_code(stream_id, "link_over" if token or was_let_in else "")
            return
        stream = await self.stream(stream_id)
        listen_url, title = stream["listen_url"], stream["title"]
        self.render(
            "listen.html",
            **stream,
            frame_code=frame_code(stream["embed_url"], title),
            plain_code=plain_code(stream["stream_url"], listen_url, title),
            oembed_url=f"{stream['base_url']}/oembed?{urlencode({'url': listen_url, 'format': 'json'})}",
            moment=_moment,
            qr_svg_url=f"/listen/{stream_id}/qr.svg",
            qr_png_url=f"/listen/{stream_id}/qr.png",
        )


def _moment(unix_seconds: float) -> datetime:
    """Return a time as templates write it, until the page's script puts it into the visitor's zone."""
    return datetime.fromtimestamp(unix_seconds, UTC)
