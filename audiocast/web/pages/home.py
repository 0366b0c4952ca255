"""`GET /`: the start page, with a tile for each stream that is on and listed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audiocast.web.pages.first_words import STATUS, listeners_words, track_words
from audiocast.web.pages.page import PageHandler
from audiocast.web.public.covers.urls import cover_path, cover_version
from audiocast.web.public.streams import listed_streams

# What is more is counted; static/home/live_list.js shows as many.
MOST_TILES = 48


@dataclass(frozen=True, slots=True)
class LiveTile:
    """A stream that is on, as the start page shows it; the texts as in `FirstWords`.

    Attributes:
        stream_id: Its id.
        state: `live` or `held`.
        status: The same in words.
        title: May be empty.
        track: What is on, as far as the broadcaster names it.
        listeners: How many listen. Nobody is told that nobody does.
        cover_url: Where its cover is, on this server.
    """

    stream_id: str
    state: str
    status: str
    title: str
    track: str
    listeners: str
    cover_url: str

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "LiveTile":
        """Return the tile of a stream.

        Args:
            state: Its state, merged from all members.
        """
        stream_id = str(state["stream_id"])
        return cls(
            stream_id=stream_id,
            state=str(state["state"]),
            status=STATUS[str(state["state"])],
            title=str(state["title"]),
            track=track_words(state),
            listeners=listeners_words(state),
            cover_url=cover_path(stream_id, "cover.svg", cover_version(stream_id, state)),
        )


# What the page's script makes a tile of.
EMPTY_TILE = LiveTile("", "", "", "", "", "", "")


def live_tiles(states: Iterable[Mapping[str, Any]]) -> list[LiveTile]:
    """Return the tiles of streams, those first that began last; no more than `MOST_TILES`."""
    newest_first = sorted(states, key=lambda state: (-(state["started_at"] or 0), str(state["stream_id"])))
    return [LiveTile.of(state) for state in newest_first[:MOST_TILES]]


class HomeHandler(PageHandler):
    """The start page."""

    metric_label = "Home"

    async def get(self) -> None:
        states = await listed_streams(self.services, self.request)
        tiles = live_tiles(states)
        self.render(
            "home.html",
            version=self.services.version,
            tiles=tiles,
            more=len(states) - len(tiles),
            empty_tile=EMPTY_TILE,
        )
